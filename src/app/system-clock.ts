import type { Clock } from '../model/clock.ts';

/** The machine's clocks. A delay of 0 runs after the events of this turn of the event loop. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, callback) {
    if (delayMs <= 0) {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Lets the event loop do something else. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
