import type { Clock } from '../../model/clock.ts';

/** Calls `onSilence` once nothing was heard for as long as `limitMs` says at that time. Costs nothing per event. */
export class SilenceTimer {
  readonly #clock: Clock;
  readonly #limitMs: () => number;
  readonly #onSilence: (silentMs: number) => void;
  #heardAtMs: number;
  #cancel: () => void = () => {};

  /** `limitMs` may change while the timer runs; it is looked at once per `checkEveryMs`. */
  constructor(options: {
    readonly clock: Clock;
    readonly checkEveryMs: number;
    readonly limitMs: () => number;
    readonly onSilence: (silentMs: number) => void;
  }) {
    this.#clock = options.clock;
    this.#limitMs = options.limitMs;
    this.#onSilence = options.onSilence;
    this.#heardAtMs = options.clock.monotonicMs();
    this.#check(options.checkEveryMs);
  }

  heard(): void {
    this.#heardAtMs = this.#clock.monotonicMs();
  }

  stop(): void {
    this.#cancel();
  }

  #check(everyMs: number): void {
    this.#cancel = this.#clock.schedule(everyMs, () => {
      const silentMs = this.#clock.monotonicMs() - this.#heardAtMs;
      if (silentMs >= this.#limitMs()) this.#onSilence(silentMs);
      else this.#check(everyMs);
    });
  }
}
