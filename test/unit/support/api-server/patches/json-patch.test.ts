import { describe, expect, it } from '@jest/globals';
import { applyJsonPatch } from '../../../../support/api-server/patches/json-patch.ts';

const DOCUMENT = { list: ['a', 'b'], map: { 'x/y': 1, 'm~n': 2 } };

describe('applyJsonPatch', () => {
  it.each([
    ['adds a field', [{ op: 'add', path: '/map/z', value: 3 }], { ...DOCUMENT, map: { ...DOCUMENT.map, z: 3 } }],
    ['inserts into a list', [{ op: 'add', path: '/list/1', value: 'x' }], { ...DOCUMENT, list: ['a', 'x', 'b'] }],
    ['appends to a list', [{ op: 'add', path: '/list/-', value: 'x' }], { ...DOCUMENT, list: ['a', 'b', 'x'] }],
    ['removes from a list', [{ op: 'remove', path: '/list/0' }], { ...DOCUMENT, list: ['b'] }],
    [
      'replaces escaped names',
      [{ op: 'replace', path: '/map/x~1y', value: 9 }],
      { ...DOCUMENT, map: { 'x/y': 9, 'm~n': 2 } },
    ],
    ['removes escaped names', [{ op: 'remove', path: '/map/m~0n' }], { ...DOCUMENT, map: { 'x/y': 1 } }],
    ['moves', [{ op: 'move', from: '/list', path: '/map/list' }], { map: { ...DOCUMENT.map, list: ['a', 'b'] } }],
    ['copies', [{ op: 'copy', from: '/list/0', path: '/first' }], { ...DOCUMENT, first: 'a' }],
    ['tests', [{ op: 'test', path: '/list', value: ['a', 'b'] }], DOCUMENT],
    ['replaces the document', [{ op: 'replace', path: '', value: 1 }], 1],
  ])('%s', (_name, patch, expected) => {
    const before = structuredClone(DOCUMENT);
    expect(applyJsonPatch(DOCUMENT, patch)).toEqual(expected);
    expect(DOCUMENT).toEqual(before);
  });

  it.each([
    ['a missing field', [{ op: 'remove', path: '/nope' }], 422],
    ['a missing parent', [{ op: 'add', path: '/nope/x', value: 1 }], 422],
    ['an index out of bounds', [{ op: 'add', path: '/list/3', value: 1 }], 422],
    ['a failed test', [{ op: 'test', path: '/list/0', value: 'z' }], 422],
    ['an unknown operation', [{ op: 'increment', path: '/list' }], 400],
    ['a patch that is no list', { op: 'add' }, 400],
  ])('refuses %s', (_name, patch, code) => {
    expect(() => applyJsonPatch(DOCUMENT, patch)).toThrow(expect.objectContaining({ code }));
  });
});
