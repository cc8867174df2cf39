import { describe, expect, it } from '@jest/globals';
import { parsePortRange } from '../../../src/model/port-range.ts';

describe('parsePortRange', () => {
  it.each([
    ['1024-29999', { first: 1_024, last: 29_999 }],
    ['1-65535', { first: 1, last: 65_535 }],
    ['80-80', { first: 80, last: 80 }],
  ])('reads %s', (text, range) => {
    expect(parsePortRange(text)).toEqual(range);
  });

  it.each(['', '1024', '0-80', '80-79', '1-65536', '1024:29999', ' 1-2', '1-2 ', '-1-2', '1e3-2000'])(
    'refuses %j',
    (text) => {
      expect(parsePortRange(text)).toBeUndefined();
    },
  );
});
