import { describe, expect, it } from '@jest/globals';
import type { Bar, Row } from '../../bench/row.ts';
import { atLeast, atMost, exactly, passes, tableOf } from '../../bench/row.ts';

const row = (value: number, bar?: Bar): Row => ({
  part: 1,
  what: 'w',
  value,
  unit: 'x',
  note: 'n',
  ...(bar && { bar }),
});

describe('passes', () => {
  it.each<[string, number, Bar | undefined, boolean]>([
    ['at the limit', 2, atMost(2), true],
    ['above the limit', 2.001, atMost(2), false],
    ['below the least', 49.9, atLeast(50), false],
    ['at the least', 50, atLeast(50), true],
    ['another count', 1, exactly(0), false],
    ['the same count', 0, exactly(0), true],
    ['no number', Number.NaN, atMost(2), false],
    ['no bar', 99, undefined, true],
  ])('%s', (_, value, bar, expected) => {
    expect(passes(row(value, bar))).toBe(expected);
  });
});

describe('tableOf', () => {
  it('says which rows miss their bar', () => {
    const lines = tableOf([row(3, atMost(2)), row(1, atMost(2)), row(7)])
      .split('\n')
      .slice(2);
    expect(lines.map((line) => /FAIL|pass/.exec(line)?.[0])).toEqual(['FAIL', 'pass', undefined]);
  });
});
