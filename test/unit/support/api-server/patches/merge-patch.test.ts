import { describe, expect, it } from '@jest/globals';
import { applyMergePatch } from '../../../../support/api-server/patches/merge-patch.ts';

describe('applyMergePatch', () => {
  it.each([
    ['merges objects', { a: { b: 1, c: 2 } }, { a: { b: 3 } }, { a: { b: 3, c: 2 } }],
    ['removes with null', { a: 1, b: 2 }, { a: null }, { b: 2 }],
    ['replaces lists', { a: [1, 2] }, { a: [3] }, { a: [3] }],
    ['makes objects of other values', { a: 1 }, { a: { b: 1 } }, { a: { b: 1 } }],
    ['drops nulls in new objects', {}, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
  ])('%s', (_name, target, patch, expected) => {
    const before = structuredClone(target);
    expect(applyMergePatch(target, patch)).toEqual(expected);
    expect(target).toEqual(before);
  });
});
