import { describe, expect, it } from '@jest/globals';
import { Backoff } from '../../../../src/kubernetes/watch/backoff.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

describe('Backoff', () => {
  it.each([
    ['shortest', 0, [800, 800, 800, 800, 800, 800, 800, 800]],
    ['middle', 0.5, [1200, 2000, 3600, 6800, 13_200, 15_400, 15_400, 15_400]],
    ['longest', 1, [1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000]],
  ])('gives waits over the whole range: %s', (_name, random, expected) => {
    const backoff = new Backoff(new ManualClock(), () => random);
    expect(expected.map(() => backoff.nextDelayMs())).toEqual(expected);
  });

  it('forgets failures after two minutes without one', async () => {
    const clock = new ManualClock();
    const backoff = new Backoff(clock, () => 1);
    backoff.nextDelayMs();
    await clock.advance(120_000);
    expect(backoff.nextDelayMs()).toBe(3200);
    await clock.advance(120_001);
    expect(backoff.nextDelayMs()).toBe(1600);
  });
});
