import type { Clock } from '../model/clock.ts';

const intervalMs = 100;

/**
 * Measures how late a timer runs, ten times a second, and hands the lateness to `observe`, in seconds. Returns a
 * function that stops it.
 */
export function watchEventLoopLag(clock: Clock, observe: (seconds: number) => void): () => void {
  let cancel = (): void => {};
  const arm = (): void => {
    const due = clock.monotonicMs() + intervalMs;
    cancel = clock.schedule(intervalMs, () => {
      observe(Math.max(0, clock.monotonicMs() - due) / 1000);
      arm();
    });
  };
  arm();
  return () => cancel();
}
