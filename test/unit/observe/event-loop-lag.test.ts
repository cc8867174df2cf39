import { expect, it } from '@jest/globals';
import type { Clock } from '../../../src/model/clock.ts';
import { watchEventLoopLag } from '../../../src/observe/event-loop-lag.ts';

it('observes how late the timer runs, until stopped', () => {
  let nowMs = 0;
  let pending: (() => void) | undefined;
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    schedule: (_delayMs, callback) => {
      pending = callback;
      return () => {
        pending = undefined;
      };
    },
  };
  const observed: number[] = [];
  const stop = watchEventLoopLag(clock, (seconds) => observed.push(seconds));
  for (const elapsedMs of [100, 150, 99]) {
    nowMs += elapsedMs;
    pending?.();
  }
  expect(observed).toEqual([0, 0.05, 0]);
  stop();
  expect(pending).toBeUndefined();
});
