import { describe, expect, it } from '@jest/globals';
import { fastest, measurePairs, median, medianRatio, percentile } from '../../bench/statistics.ts';

describe('percentile', () => {
  it.each([
    [0.5, 50],
    [0.99, 99],
    [1, 100],
    [0, 1],
  ])('of 1 to 100: %d', (fraction, expected) => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(values, fraction)).toBe(expected);
  });

  it('throws without values', () => {
    expect(() => median([])).toThrow('no measurements');
  });
});

describe('pairs', () => {
  it('are measured in turns, and one bad moment does not count', async () => {
    const order: string[] = [];
    const oursMs = [20, 900, 20];
    const pairs = await measurePairs(
      3,
      async () => {
        order.push('ours');
        return oursMs.shift() ?? Number.NaN;
      },
      async () => {
        order.push('floor');
        return 10;
      },
    );
    expect(order).toEqual(['ours', 'floor', 'floor', 'ours', 'ours', 'floor']);
    expect(medianRatio(pairs)).toBe(2);
  });

  it('takes the fastest run of each side, whichever pair it is in', () => {
    const pairs = [
      { oursMs: 30, floorMs: 10 },
      { oursMs: 20, floorMs: 15 },
    ];
    expect(fastest(pairs)).toEqual({ oursMs: 20, floorMs: 10 });
  });
});
