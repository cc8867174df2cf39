import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';
import { type ApiServer, hostOf } from './api-server.ts';

/** Why a server is left, or found not to work: nothing came, 401 or 403, 5xx, silence, nonsense. */
export type ServerFault = 'unreachable' | 'refused' | 'failing' | 'silent' | 'nonsense';

/** Why another server is used; `preferred` when a better one works again. */
export type SwitchReason = ServerFault | 'preferred';

/** What the cluster says about its API servers. */
export interface LearnedServers {
  readonly servers: readonly ApiServer[];
  /** Hosts that only Services lead to: addresses and names of `default/kubernetes`. */
  readonly virtualHosts: ReadonlySet<string>;
}

export interface ServerChoiceOptions {
  /** From the kubeconfig, `--master` or the pod's environment. */
  readonly first: ApiServer;
  /** Whether `first` works only where Services do, as long as nothing has been learned. */
  readonly isFirstVirtual: boolean;
  /** From apiServer.urls. */
  readonly listed: readonly ApiServer[];
  readonly clock: Clock;
  readonly log: Log;
  /** Another server is used from now on. */
  readonly onSwitch?: (to: ApiServer, reason: SwitchReason) => void;
}

/** How long a server that failed is not chosen while there are others; doubles with each failure in a row. */
const shortestPenaltyMs = 10_000;
const longestPenaltyMs = 300_000;

interface Penalty {
  readonly failures: number;
  readonly untilMs: number;
}

/**
 * Which of the API server's addresses new requests go to. In order of preference: the configured one, those listed, those
 * learned, and last what only Services lead to, which is of no use when they are what has to be repaired. The first
 * failure of the server in use moves requests to the best of those that have not failed lately; when all have, to the one
 * whose penalty ends first. Coming back is for whoever has found out that a better one works: see `ServerReturn`.
 */
export class ServerChoice {
  readonly #options: ServerChoiceOptions;
  readonly #penalties = new Map<string, Penalty>();
  #learned: LearnedServers | undefined;
  #order: readonly ApiServer[];
  #current: ApiServer;

  constructor(options: ServerChoiceOptions) {
    this.#options = options;
    this.#order = this.#orderOf();
    this.#current = this.#order[0] ?? options.first;
  }

  /** Where new requests go. */
  get current(): ApiServer {
    return this.#current;
  }

  /** All servers, the preferred one first. */
  get order(): readonly ApiServer[] {
    return this.#order;
  }

  /** Servers that would be preferred to the one in use and have no penalty; the best first. */
  get better(): readonly ApiServer[] {
    const nowMs = this.#options.clock.monotonicMs();
    const position = this.#order.findIndex(({ url }) => url === this.#current.url);
    const ahead = position < 0 ? this.#order : this.#order.slice(0, position);
    return ahead.filter((server) => this.#penaltyEndMs(server) <= nowMs);
  }

  /** Whether the best server is in use. */
  get isBest(): boolean {
    return this.#order[0]?.url === this.#current.url;
  }

  /** Replaces what is known from the cluster. The server in use stays in use until it fails or a better one works. */
  learn(learned: LearnedServers): void {
    this.#learned = learned;
    this.#order = this.#orderOf();
  }

  /** As `learn`, before the first request: the best server is used at once. */
  startWith(learned: LearnedServers): void {
    this.learn(learned);
    this.#current = this.#order[0] ?? this.#current;
  }

  /** A request has failed in a way that it might not at another server. Of a server that was left it says nothing new. */
  failed(server: ApiServer, fault: ServerFault): void {
    if (server.url !== this.#current.url) return;
    this.#penalize(server);
    this.#leave(fault);
  }

  /** A server that was left has been asked again, and still does not work. */
  stillAway(server: ApiServer): void {
    this.#penalize(server);
  }

  /** The server has answered as it should. */
  worked(server: ApiServer): void {
    this.#penalties.delete(server.url);
  }

  /** A better server works: requests go there from now on. */
  returnTo(server: ApiServer): void {
    this.worked(server);
    if (server.url !== this.#current.url) this.#use(server, 'preferred');
  }

  #penalize({ url }: ApiServer): void {
    const failures = (this.#penalties.get(url)?.failures ?? 0) + 1;
    const penaltyMs = Math.min(longestPenaltyMs, shortestPenaltyMs * 2 ** Math.min(failures - 1, 10));
    this.#penalties.set(url, { failures, untilMs: this.#options.clock.monotonicMs() + penaltyMs });
  }

  #leave(fault: ServerFault): void {
    const nowMs = this.#options.clock.monotonicMs();
    const ends = new Map(this.#order.map((server) => [server, Math.max(nowMs, this.#penaltyEndMs(server))]));
    const soonestMs = Math.min(...ends.values());
    const next = this.#order.find((server) => ends.get(server) === soonestMs);
    if (next !== undefined && next.url !== this.#current.url) this.#use(next, fault);
  }

  #use(server: ApiServer, reason: SwitchReason): void {
    const { log, onSwitch } = this.#options;
    const fields = { from: this.#current.url, to: server.url, origin: server.origin, reason };
    this.#current = server;
    if (reason === 'preferred') log.info('Back at a preferred API server', fields);
    else log.warning('Leaving an API server for another one', fields);
    onSwitch?.(server, reason);
  }

  #penaltyEndMs({ url }: ApiServer): number {
    return this.#penalties.get(url)?.untilMs ?? 0;
  }

  #orderOf(): readonly ApiServer[] {
    const { first, listed } = this.#options;
    const known = [first, ...listed, ...(this.#learned?.servers ?? [])];
    const unique = known.filter(({ url }, index) => known.findIndex((other) => other.url === url) === index);
    const virtual = unique.filter((server) => this.#isVirtual(server));
    return [...unique.filter((server) => !virtual.includes(server)), ...virtual];
  }

  #isVirtual(server: ApiServer): boolean {
    if (this.#learned !== undefined) return this.#learned.virtualHosts.has(hostOf(server.url));
    return server === this.#options.first && this.#options.isFirstVirtual;
  }
}
