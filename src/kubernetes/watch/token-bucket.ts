import type { Clock } from '../../model/clock.ts';
import { sleep } from './sleep.ts';

/** Lets `burst` requests through at once and `perSecond` after that, in the order they come. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  /** Below zero: that many requests are waiting. */
  #tokens: number;
  #filledAtMs: number;

  /** `perSecond` of zero or less means no limit; otherwise `burst` must be at least 1 (`RangeError`). */
  constructor(options: { readonly clock: Clock; readonly perSecond: number; readonly burst: number }) {
    if (options.perSecond > 0 && options.burst < 1) {
      throw new RangeError(`a rate limit of ${options.perSecond} requests per second needs a burst of at least 1`);
    }
    this.#clock = options.clock;
    this.#perSecond = options.perSecond;
    this.#burst = options.burst;
    this.#tokens = options.burst;
    this.#filledAtMs = options.clock.monotonicMs();
  }

  /** Resolves when the request may go. Rejects when the signal is aborted first; its turn is then lost. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#perSecond <= 0) return;
    const nowMs = this.#clock.monotonicMs();
    const gained = ((nowMs - this.#filledAtMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained) - 1;
    this.#filledAtMs = nowMs;
    if (this.#tokens < 0) await sleep(this.#clock, (-this.#tokens / this.#perSecond) * 1000, signal);
  }
}
