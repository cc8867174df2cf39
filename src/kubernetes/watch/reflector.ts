import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';
import type { Decoded } from '../objects/decoded.ts';
import { Backoff } from './backoff.ts';
import { ApiError, ProtocolError } from './errors.ts';
import type { ApiClient } from './kube-client.ts';
import { type FaultyObject, ObjectIntake } from './object-intake.ts';
import { listPages } from './paged-list.ts';
import type { ReflectorCounters } from './reflector-counters.ts';
import { newCounters } from './reflector-counters.ts';
import { sleep } from './sleep.ts';
import { needsRelist, watchErrorOf } from './status.ts';
import { InitialEvents, isStreamingRefused } from './streaming-list.ts';
import type { WatchEvent } from './watch-event.ts';
import { identityOf } from './watch-event.ts';
import type { WatchedResource } from './watched-resource.ts';
import { runWatch } from './watch-session.ts';

/** How long streamed lists are not tried after one did not come to its end. */
const streamingPauseMs = 600_000;
/** API servers send a bookmark about once a minute. Once one has come, a longer silence means a dead connection. */
const bookmarkSilenceMs = 180_000;

/** Receives the objects of one resource; iterables are read before the call returns. `key` is `namespace/name`, or `name` alone. */
interface ReflectorTarget<T> {
  replace(objects: Iterable<T>): void;
  update(object: T): void;
  /** The object may never have been there. */
  delete(key: string): void;
}

export interface ReflectorOptions<T> {
  readonly resource: WatchedResource;
  readonly client: ApiClient;
  readonly clock: Clock;
  /** Numbers from 0 to 1, 1 excluded. */
  readonly random: () => number;
  readonly log: Log;
  readonly decode: (value: unknown) => Decoded<T>;
  readonly target: ReflectorTarget<T>;
  /** False lists in pages only. Default true. */
  readonly streamsLists?: boolean;
  /** Told when faults of an object appear, change or end. */
  readonly onFaults?: (object: FaultyObject) => void;
}

/**
 * Keeps a target equal to one resource of the API server, for ever. Remembers the resource version and nothing else:
 *
 *     no version ──► streamed list, or pages ──► replace, version known
 *     version    ──► watch from it: update, delete ──► ended or cut: again
 *     410, nonsense ──► no version;  any failure ──► wait first
 */
export class Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #counters: ReflectorCounters;
  readonly #intake: ObjectIntake<T>;
  readonly #backoff: Backoff;
  readonly #abort = new AbortController();
  #resourceVersion = '';
  #streamingPausedUntilMs = Number.NEGATIVE_INFINITY;
  #bookmarkSeen = false;
  #running: Promise<void> | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#counters = newCounters(options.resource.name);
    const { decode, log, onFaults } = options;
    this.#intake = new ObjectIntake({ resource: options.resource.name, decode, log, ...(onFaults && { onFaults }) });
    this.#backoff = new Backoff(options.clock, options.random);
    if (options.streamsLists === false) this.#streamingPausedUntilMs = Number.POSITIVE_INFINITY;
  }

  /** What has happened so far; the same object, always up to date. */
  get counters(): Readonly<ReflectorCounters> {
    return this.#counters;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when nothing more will be given to the target. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === '') await this.#list();
        else await this.#watch();
      } catch (error) {
        if (!signal.aborted) await this.#recover(error);
      } finally {
        this.#counters.connected = false;
      }
    }
  }

  /** Streamed, and the same connection is then the watch; in pages if the server cannot do that. */
  async #list(): Promise<void> {
    this.#counters.lists += 1;
    if (this.#options.clock.monotonicMs() >= this.#streamingPausedUntilMs) {
      const initial = new InitialEvents(this.#options.resource.name, this.#intake);
      try {
        await this.#streamList(initial);
        return;
      } catch (error) {
        if (initial.isComplete || this.#abort.signal.aborted || !isStreamingRefused(error)) throw error;
        this.#pauseStreaming(error);
      }
    }
    await this.#pageList();
  }

  async #streamList(initial: InitialEvents<T>): Promise<void> {
    await this.#runWatch({
      parameters: { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', resourceVersion: '' },
      silenceLimitMs: () => (initial.isComplete ? this.#silenceLimitMs() : initial.silenceLimitMs),
      onEvent: (event) => {
        if (initial.isComplete) this.#apply(event);
        else if (initial.take(event)) this.#replace(initial.handOver(), initial.resourceVersion);
      },
      onEnd: () => initial.requireComplete(),
    });
  }

  async #pageList(): Promise<void> {
    const objects = new Map<string, T>();
    const { client, clock, random, resource } = this.#options;
    const resourceVersion = await listPages({
      client,
      clock,
      random,
      resource,
      signal: this.#abort.signal,
      onItem: (item) => {
        const { key, object } = this.#intake.take(item);
        if (object !== undefined) objects.set(key, object);
      },
    });
    this.#replace(objects.values(), resourceVersion);
  }

  async #watch(): Promise<void> {
    await this.#runWatch({
      parameters: { resourceVersion: this.#resourceVersion },
      silenceLimitMs: () => this.#silenceLimitMs(),
      onEvent: (event) => this.#apply(event),
    });
  }

  async #runWatch(session: {
    readonly parameters: Readonly<Record<string, string>>;
    readonly silenceLimitMs: () => number;
    readonly onEvent: (event: WatchEvent) => void;
    readonly onEnd?: () => void;
  }): Promise<void> {
    const { client, clock, random, resource } = this.#options;
    this.#counters.watches += 1;
    this.#bookmarkSeen = false;
    await runWatch({
      client,
      clock,
      random,
      resource,
      signal: this.#abort.signal,
      parameters: session.parameters,
      silenceLimitMs: session.silenceLimitMs,
      onOpen: () => {
        this.#counters.connected = true;
      },
      onEvent: (event) => {
        this.#abort.signal.throwIfAborted();
        this.#counters.events += 1;
        this.#counters.lastEventTimeMs = clock.nowMs();
        session.onEvent(event);
        this.#counters.rejectedObjects = this.#intake.rejected;
      },
      ...(session.onEnd && { onEnd: session.onEnd }),
    });
  }

  #replace(objects: Iterable<T>, resourceVersion: string): void {
    this.#abort.signal.throwIfAborted();
    this.#options.target.replace(objects);
    this.#resourceVersion = resourceVersion;
    this.#counters.rejectedObjects = this.#intake.rejected;
    this.#counters.inSync = true;
  }

  #apply(event: WatchEvent): void {
    if (event.type === 'ERROR') throw watchErrorOf(`watch ${this.#options.resource.name}`, event.object);
    if (event.type === 'BOOKMARK') this.#bookmarkSeen = true;
    else if (event.type === 'DELETED') this.#delete(identityOf(event.object).key);
    else if (event.type === 'ADDED' || event.type === 'MODIFIED') this.#update(event.object);
    const { resourceVersion } = identityOf(event.object);
    if (resourceVersion !== '') this.#resourceVersion = resourceVersion;
  }

  #update(value: unknown): void {
    const { key, object } = this.#intake.take(value);
    if (object !== undefined) this.#options.target.update(object);
    else if (key !== '') this.#options.target.delete(key);
  }

  #delete(key: string): void {
    if (key === '') throw new ProtocolError(`watch ${this.#options.resource.name}`, 'a deleted object has no name');
    this.#intake.forget(key);
    this.#options.target.delete(key);
  }

  #silenceLimitMs(): number {
    return this.#bookmarkSeen ? bookmarkSilenceMs : Number.POSITIVE_INFINITY;
  }

  #pauseStreaming(error: unknown): void {
    const { clock, log, resource } = this.#options;
    this.#streamingPausedUntilMs = clock.monotonicMs() + streamingPauseMs;
    const reason = error instanceof Error ? error.message : String(error);
    log.info('The API server does not stream lists, listing in pages', { resource: resource.name, reason });
  }

  async #recover(error: unknown): Promise<void> {
    this.#counters.errors += 1;
    if (needsRelist(error) || error instanceof ProtocolError) this.#resourceVersion = '';
    const { clock, log, random, resource } = this.#options;
    const askedMs = error instanceof ApiError ? error.retryAfterMs * (1 + random() / 5) : 0;
    const delayMs = Math.round(Math.max(this.#backoff.nextDelayMs(), askedMs));
    log.error('List or watch failed, trying again', error, { resource: resource.name, delayMs });
    await sleep(clock, delayMs, this.#abort.signal).catch(() => undefined); // stopped: the loop sees it
  }
}
