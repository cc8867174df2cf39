import type { Clock } from '../model/clock.ts';
import type { ObjectKind, ReconcileObserver } from './observer.ts';
import { RetryQueue } from './retry-queue.ts';

/** Keeps the back-off of one kind of objects and tells the observer what failed and what recovered. */
export class Attempts<Key extends string> {
  readonly #retries = new RetryQueue<Key>({ firstDelayMs: 500, maxDelayMs: 30_000 });
  readonly #failed = new Set<Key>();
  readonly kind: ObjectKind;
  readonly #clock: Clock;
  readonly #observer: ReconcileObserver;

  constructor(kind: ObjectKind, clock: Clock, observer: ReconcileObserver) {
    this.kind = kind;
    this.#clock = clock;
    this.#observer = observer;
  }

  /** Whether the object may be tried now. Reads the clock only for what has failed before. */
  isDue(key: Key): boolean {
    return !this.#failed.has(key) || this.#retries.isDue(key, this.#clock.monotonicMs());
  }

  failed(key: Key, error: unknown): void {
    this.#retries.failed(key, this.#clock.monotonicMs());
    this.#failed.add(key);
    this.#observer.failed(this.kind, key, error);
  }

  /** The object is wanted otherwise than before: it may be tried at once, and its back-off begins anew. */
  startAfresh(key: Key): void {
    if (this.#failed.has(key)) this.#retries.succeeded(key);
  }

  succeeded(key: Key): void {
    if (!this.#failed.delete(key)) return;
    this.#retries.succeeded(key);
    this.#observer.recovered(this.kind, key);
  }

  /**
   * Forgets objects that are due and not pending any more: nobody wants the change, or something else has to come first.
   * They are not called recovered.
   */
  forgetUnless(isPending: (key: Key) => boolean): void {
    for (const key of this.#failed) {
      if (!this.isDue(key) || isPending(key)) continue;
      this.#failed.delete(key);
      this.#retries.succeeded(key);
    }
  }

  get failedCount(): number {
    return this.#failed.size;
  }

  /** When to try again, in monotonic milliseconds; undefined when nothing waits. */
  nextDueMs(): number | undefined {
    return this.#retries.nextDueMs();
  }
}
