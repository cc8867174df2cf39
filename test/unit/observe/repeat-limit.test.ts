import { expect, it } from '@jest/globals';
import { RepeatLimit } from '../../../src/observe/repeat-limit.ts';

it('tells how many lines were held back when the message comes again', () => {
  const limit = new RepeatLimit();
  for (let count = 0; count < 23; count += 1) limit.judge('a', 0);
  expect(limit.judge('a', 9_999)).toEqual({ kind: 'hold' });
  expect(limit.judge('a', 10_000)).toEqual({ kind: 'writeAfterHeld', held: 4 });
  expect(limit.judge('a', 10_001)).toEqual({ kind: 'write' });
});

it('gives each number once', () => {
  const limit = new RepeatLimit();
  for (let count = 0; count < 21; count += 1) limit.judge('a', 0);
  expect(limit.takeHeld(9_999)).toEqual([]);
  expect(limit.takeHeld(10_000)).toEqual([{ key: 'a', held: 1 }]);
  expect(limit.takeHeld(10_000)).toEqual([]);
});

it('stays small however many messages there are', () => {
  const limit = new RepeatLimit();
  for (let key = 0; key < 5000; key += 1) limit.judge(String(key), 0);
  for (let count = 0; count < 21; count += 1) limit.judge('4999', 0);
  expect(limit.takeHeld(0, { evenIfOpen: true })).toEqual([{ key: '4999', held: 2 }]);
  expect(limit.judge('0', 0)).toEqual({ kind: 'write' });
});
