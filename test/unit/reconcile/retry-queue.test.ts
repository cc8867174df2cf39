import { beforeEach, describe, expect, it } from '@jest/globals';
import { RetryQueue } from '../../../src/reconcile/retry-queue.ts';

let queue: RetryQueue<string>;

beforeEach(() => {
  queue = new RetryQueue({ firstDelayMs: 500, maxDelayMs: 3_000 });
});

describe('RetryQueue', () => {
  it('lets an object that never failed be tried', () => {
    expect(queue.isDue('a', 0)).toBe(true);
    expect(queue.nextDueMs()).toBeUndefined();
  });

  it('lets one that failed be tried when its delay is over, to the millisecond', () => {
    queue.failed('a', 1_000);
    expect(queue.isDue('a', 1_499)).toBe(false);
    expect(queue.isDue('a', 1_500)).toBe(true);
  });

  it('doubles the delay with every failure, up to the longest', () => {
    const delays = [];
    for (let now = 0, count = 0; count < 5; count++) {
      queue.failed('a', now);
      delays.push((queue.nextDueMs() as number) - now);
      now = queue.nextDueMs() as number;
    }
    expect(delays).toEqual([500, 1_000, 2_000, 3_000, 3_000]);
  });

  it('begins with the first delay again after a success', () => {
    queue.failed('a', 0);
    queue.failed('a', 500);
    queue.succeeded('a');
    expect(queue.isDue('a', 500)).toBe(true);
    queue.failed('a', 1_000);
    expect(queue.nextDueMs()).toBe(1_500);
  });

  it('keeps each object by itself, and names the earliest', () => {
    queue.failed('slow', 0);
    queue.failed('slow', 0);
    queue.failed('quick', 100);
    expect(queue.nextDueMs()).toBe(600);
    expect([queue.isDue('quick', 600), queue.isDue('slow', 600)]).toEqual([true, false]);
    queue.succeeded('quick');
    expect(queue.nextDueMs()).toBe(1_000);
  });
});
