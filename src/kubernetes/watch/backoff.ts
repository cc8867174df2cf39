import type { Clock } from '../../model/clock.ts';

const shortestMs = 800;
const longestMs = 30_000;
/** After this long without a failure the next one counts as the first. */
const forgetAfterMs = 120_000;

/**
 * How long to wait after a failure: a random time between 0.8 s and a limit that doubles with each failure, from 1.6 s
 * up to 30 s. Random over the whole range, so that the nodes of a cluster do not come back at the same moment.
 */
export class Backoff {
  readonly #clock: Clock;
  readonly #random: () => number;
  #failures = 0;
  #lastFailureMs = 0;

  /** `random` gives numbers from 0 to 1, 1 excluded. */
  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Records a failure and gives the wait in milliseconds. */
  nextDelayMs(): number {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lastFailureMs > forgetAfterMs) this.#failures = 0;
    this.#lastFailureMs = nowMs;
    this.#failures += 1;
    const limitMs = Math.min(longestMs, shortestMs * 2 ** Math.min(this.#failures, 10));
    return shortestMs + this.#random() * (limitMs - shortestMs);
  }
}
