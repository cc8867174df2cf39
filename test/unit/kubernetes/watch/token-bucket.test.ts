import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { TokenBucket } from '../../../../src/kubernetes/watch/token-bucket.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const never = new AbortController().signal;

async function timesOf(clock: ManualClock, bucket: TokenBucket, count: number): Promise<number[]> {
  const times: number[] = [];
  const all = Promise.all(
    Array.from({ length: count }, async () => {
      await bucket.take(never);
      times.push(clock.nowMs());
    }),
  );
  await nextTurn(); // those that need not wait go first
  await clock.advance(60_000);
  await all;
  return times;
}

describe('TokenBucket', () => {
  it('lets a burst through at once and the rest at the rate', async () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ clock, perSecond: 2, burst: 3 });
    expect(await timesOf(clock, bucket, 6)).toEqual([0, 0, 0, 500, 1000, 1500]);
  });

  it('fills up again, but not above the burst', async () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ clock, perSecond: 1, burst: 2 });
    await timesOf(clock, bucket, 5);
    expect(await timesOf(clock, bucket, 3)).toEqual([60_000, 60_000, 61_000]);
  });

  it('has no limit when the rate is negative', async () => {
    const clock = new ManualClock();
    expect(await timesOf(clock, new TokenBucket({ clock, perSecond: -1, burst: 0 }), 100)).toEqual(Array(100).fill(0));
  });

  it('refuses a rate without a burst', () => {
    expect(() => new TokenBucket({ clock: new ManualClock(), perSecond: 5, burst: 0 })).toThrow(RangeError);
  });

  it('rejects when the signal comes first', async () => {
    const bucket = new TokenBucket({ clock: new ManualClock(), perSecond: 1, burst: 1 });
    await bucket.take(never);
    const abort = new AbortController();
    const waiting = bucket.take(abort.signal);
    abort.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });
});
