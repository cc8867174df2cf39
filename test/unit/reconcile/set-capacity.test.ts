import { describe, expect, it } from '@jest/globals';
import { setCapacity } from '../../../src/reconcile/set-capacity.ts';

describe('setCapacity', () => {
  it.each([
    ['upstream size while it suffices', 0, undefined, 65_536],
    ['upstream size to its last entry', 65_536, 65_536, 65_536],
    ['the next step beyond', 65_537, 65_536, 131_072],
    ['as many steps as needed', 500_000, undefined, 524_288],
    ['what is there, while a good part is used', 40_000, 131_072, 131_072],
    ['less, when three quarters are unused', 30_000, 131_072, 65_536],
    ['a usual size instead of an odd one', 10, 100_000, 65_536],
    ['more than a set that is too small', 10, 1_024, 65_536],
  ])('gives %s', (_, wanted, present, expected) => {
    expect(setCapacity(wanted, present)).toBe(expected);
  });
});
