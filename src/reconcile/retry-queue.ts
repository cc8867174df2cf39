/** Back-off of objects whose last operation failed, each on its own. Pure: the caller brings the time. */
export class RetryQueue<Key> {
  readonly #waiting = new Map<Key, { readonly delayMs: number; readonly dueMs: number }>();
  readonly #firstDelayMs: number;
  readonly #maxDelayMs: number;

  constructor(options: { readonly firstDelayMs: number; readonly maxDelayMs: number }) {
    this.#firstDelayMs = options.firstDelayMs;
    this.#maxDelayMs = options.maxDelayMs;
  }

  /** Notes a failure: the next attempt waits twice as long as the last. */
  failed(key: Key, nowMs: number): void {
    const previous = this.#waiting.get(key);
    const delayMs = previous === undefined ? this.#firstDelayMs : Math.min(previous.delayMs * 2, this.#maxDelayMs);
    this.#waiting.set(key, { delayMs, dueMs: nowMs + delayMs });
  }

  succeeded(key: Key): void {
    this.#waiting.delete(key);
  }

  /** Whether the object may be tried now. */
  isDue(key: Key, nowMs: number): boolean {
    const waiting = this.#waiting.get(key);
    return waiting === undefined || waiting.dueMs <= nowMs;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** When the next object becomes due; undefined when none waits. */
  nextDueMs(): number | undefined {
    let next: number | undefined;
    for (const { dueMs } of this.#waiting.values()) if (next === undefined || dueMs < next) next = dueMs;
    return next;
  }
}
