import type { ResourceRequest, Verb } from './http/resource-request.ts';

/** Which requests a fault meets. Every given field must fit; an empty target fits all requests. */
export interface FaultTarget {
  /** Plural name, for instance `services`. */
  readonly resource?: string;
  readonly verb?: Verb;
  /** Whether the request asks for a watch that begins with the current objects. */
  readonly sendInitialEvents?: boolean;
}

/** How an open watch breaks. */
export type WatchBreak =
  /** The connection is closed in the middle of the answer. */
  | 'cut'
  /** The answer ends in order, as after its timeout. */
  | 'end'
  /** Nothing is sent any more, and the connection stays open. */
  | 'stall'
  /** An ERROR event with code 410, then the end. */
  | 'expire'
  /** A line that is no JSON; the watch goes on. */
  | 'corrupt';

export type Fault =
  /** Answered with this code instead of being served. */
  | { readonly kind: 'status'; readonly code: number; readonly message?: string; readonly retryAfterSeconds?: number }
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Never answered; the connection stays open. */
  | { readonly kind: 'hang' }
  /** The connection is closed without an answer. */
  | { readonly kind: 'disconnect' }
  /** The body comes in small pieces with pauses. */
  | { readonly kind: 'slowBody'; readonly chunkBytes: number; readonly pauseMs: number }
  /** The connection is closed after so many bytes of the body (after compression). */
  | { readonly kind: 'truncateBody'; readonly bytes: number }
  /** The body of an answer that is no watch ends in the middle of the JSON text. */
  | { readonly kind: 'badJson' }
  /** As a server that does not know the parameter: a plain watch from the asked version. */
  | { readonly kind: 'ignoreSendInitialEvents' }
  /** As a server that forbids the parameter: 400. */
  | { readonly kind: 'refuseSendInitialEvents' }
  /** The watch breaks after so many lines; 0 is right after the headers. */
  | { readonly kind: 'breakWatch'; readonly how: WatchBreak; readonly afterEvents: number };

/** A fault that waits for requests. */
export interface InjectedFault {
  /** How many requests it has met. */
  readonly hits: number;
  remove(): void;
}

/** A watch that is being served. */
export interface OpenWatch {
  readonly request: ResourceRequest;
  break(how: WatchBreak): void;
  /** Sends a line as it is; a line feed is added. */
  sendLine(text: string): void;
  sendBookmark(): void;
}

/** What faults need from the server. */
export interface FaultyServer {
  readonly openWatches: ReadonlySet<OpenWatch>;
  /** Forgets the history of changes, so that every older resource version is answered with 410. */
  expireHistory(): void;
  /** Closes all connections; returns how many. */
  killConnections(): number;
  /** New connections are refused by the kernel; open ones stay. */
  refuseConnections(): void;
  /** Listens again on the same port. */
  acceptConnections(): Promise<void>;
}

interface Rule {
  readonly target: FaultTarget;
  readonly fault: Fault;
  remaining: number;
  hits: number;
}

/** Things that go wrong on demand. Injected faults meet coming requests, the other methods act at once. */
export class Faults {
  readonly #server: FaultyServer;
  readonly #rules = new Set<Rule>();

  constructor(server: FaultyServer) {
    this.#server = server;
  }

  /** Lets the next `times` fitting requests fail (default: all until `remove` or `clear`). Several faults may meet one request. */
  inject(target: FaultTarget, fault: Fault, times = Number.POSITIVE_INFINITY): InjectedFault {
    const rule: Rule = { target, fault, remaining: times, hits: 0 };
    this.#rules.add(rule);
    return {
      get hits() {
        return rule.hits;
      },
      remove: () => void this.#rules.delete(rule),
    };
  }

  /** Removes all injected faults. Broken watches stay broken; refused connections stay refused. */
  clear(): void {
    this.#rules.clear();
  }

  /** The faults for a request; counts them. `request` is undefined for paths that are about no object. */
  take(request: ResourceRequest | undefined): readonly Fault[] {
    const rules = [...this.#rules].filter((rule) => rule.remaining > 0 && fits(rule.target, request));
    for (const rule of rules) {
      rule.remaining -= 1;
      rule.hits += 1;
      if (rule.remaining === 0) this.#rules.delete(rule);
    }
    return rules.map((rule) => rule.fault);
  }

  /** The watches being served, oldest first. */
  watches(target: FaultTarget = {}): readonly OpenWatch[] {
    return [...this.#server.openWatches].filter((watch) => fits(target, watch.request));
  }

  /** Breaks open watches; returns how many. */
  breakWatches(how: WatchBreak, target: FaultTarget = {}): number {
    const watches = this.watches(target);
    for (const watch of watches) watch.break(how);
    return watches.length;
  }

  /** Sends a bookmark with the current resource version to the watches that asked for bookmarks. */
  sendBookmarks(target: FaultTarget = {}): void {
    for (const watch of this.watches(target)) watch.sendBookmark();
  }

  expireHistory(): void {
    this.#server.expireHistory();
  }

  killConnections(): number {
    return this.#server.killConnections();
  }

  refuseConnections(): void {
    this.#server.refuseConnections();
  }

  acceptConnections(): Promise<void> {
    return this.#server.acceptConnections();
  }
}

function fits(target: FaultTarget, request: ResourceRequest | undefined): boolean {
  if (target.resource !== undefined && target.resource !== request?.resource.plural) return false;
  if (target.verb !== undefined && target.verb !== request?.verb) return false;
  const asked = request?.query.get('sendInitialEvents') === 'true';
  return target.sendInitialEvents === undefined || target.sendInitialEvents === asked;
}
