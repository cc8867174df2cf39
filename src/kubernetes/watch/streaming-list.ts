import { ApiError, ConnectionError, SilenceError } from './errors.ts';
import type { ObjectIntake } from './object-intake.ts';
import { watchErrorOf } from './status.ts';
import type { WatchEvent } from './watch-event.ts';
import { identityOf, isInitialEventsEnd } from './watch-event.ts';

/** Servers send the initial objects as fast as they can. A pause this long means that no end mark will come. */
const silenceLimitMs = 15_000;
/** Answers about who asks, how often, or the resource itself: a list in pages would fare no better. */
const unrelatedStatus: ReadonlySet<number> = new Set([401, 403, 404, 408, 410, 429]);

/** The server knows no streamed lists: it ignored the request for one. */
class NoEndMarkError extends ConnectionError {}

/** Collects the objects of a streamed list until the bookmark that ends it. */
export class InitialEvents<T> {
  readonly #objects = new Map<string, T>();
  readonly silenceLimitMs = silenceLimitMs;
  readonly #request: string;
  readonly #intake: ObjectIntake<T>;
  #resourceVersion = '';
  #isComplete = false;

  constructor(resource: string, intake: ObjectIntake<T>) {
    this.#request = `streamed list of ${resource}`;
    this.#intake = intake;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Where to watch from; empty before the end. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  /** Hands over the objects and forgets them: this collector lives as long as the watch that follows. */
  handOver(): Iterable<T> {
    const objects = [...this.#objects.values()];
    this.#objects.clear();
    return objects;
  }

  /** Takes one event and tells whether it was the last. Throws `ApiError`, or an error for which `isStreamingRefused`. */
  take(event: WatchEvent): boolean {
    if (event.type === 'ERROR') throw watchErrorOf(this.#request, event.object);
    if (event.type === 'BOOKMARK') this.#end(event.object);
    else if (event.type === 'DELETED') this.#objects.delete(identityOf(event.object).key);
    else if (event.type === 'ADDED' || event.type === 'MODIFIED') this.#add(event.object);
    return this.#isComplete;
  }

  /** Throws when the stream has ended before the list. */
  requireComplete(): void {
    if (!this.#isComplete) throw new NoEndMarkError(this.#request, 'it ended before the end mark');
  }

  #add(value: unknown): void {
    const { key, object } = this.#intake.take(value);
    if (object === undefined) this.#objects.delete(key);
    else this.#objects.set(key, object);
  }

  #end(bookmark: unknown): void {
    if (!isInitialEventsEnd(bookmark)) throw new NoEndMarkError(this.#request, 'a bookmark came before the end mark');
    this.#resourceVersion = identityOf(bookmark).resourceVersion;
    if (this.#resourceVersion === '') throw new NoEndMarkError(this.#request, 'the end mark has no resourceVersion');
    this.#isComplete = true;
  }
}

/** Whether a failure before the end of a streamed list says that the server cannot do it. */
export function isStreamingRefused(error: unknown): boolean {
  if (error instanceof NoEndMarkError || error instanceof SilenceError) return true;
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && !unrelatedStatus.has(error.status);
}
