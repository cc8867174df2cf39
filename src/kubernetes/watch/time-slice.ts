import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../model/clock.ts';

/** How long one reader works before it lets others run. Several may follow each other in one turn. */
const sliceMs = 10;

/** Keeps a long loop from blocking the event loop: after each step, `if (slice.isOver()) await slice.rest()`. */
export class TimeSlice {
  readonly #clock: Clock;
  #startMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
  }

  isOver(): boolean {
    return this.#clock.monotonicMs() - this.#startMs >= sliceMs;
  }

  async rest(): Promise<void> {
    await nextTurn();
    this.#startMs = this.#clock.monotonicMs();
  }
}
