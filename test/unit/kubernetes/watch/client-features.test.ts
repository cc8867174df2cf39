import { expect, it } from '@jest/globals';
import { streamsLists } from '../../../../src/kubernetes/watch/client-features.ts';

it.each([
  [undefined, true],
  ['', true],
  ['true', true],
  ['1', true],
  ['no', true],
  ['false', false],
  ['F', false],
  ['0', false],
])('lists are streamed with KUBE_FEATURE_WatchListClient=%j: %j', (value, expected) => {
  expect(streamsLists({ KUBE_FEATURE_WatchListClient: value })).toBe(expected);
});
