import { expect, it } from '@jest/globals';
import { fileVerbosity } from '../../../src/observe/file-verbosity.ts';

it.each([
  ['run-loop', 1],
  ['run-*', 1],
  ['run?loop', 1],
  ['*', 1],
  ['loop', undefined],
  ['run.loop', undefined],
  ['reconcile/run-loop', 1],
  ['src/reconcile/run-loop', undefined],
  ['*/run-loop', 1],
])('the pattern %s gives %s for reconcile/run-loop.ts', (filePattern, expected) => {
  expect(fileVerbosity('reconcile/run-loop.ts', [{ filePattern, verbosity: 1 }])).toBe(expected);
});

it('takes the first pattern that matches', () => {
  const patterns = [
    { filePattern: 'other', verbosity: 1 },
    { filePattern: 'a', verbosity: 2 },
    { filePattern: '*', verbosity: 3 },
  ];
  expect(fileVerbosity('a.ts', patterns)).toBe(2);
});
