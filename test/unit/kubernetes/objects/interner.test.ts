import { describe, expect, it } from '@jest/globals';
import { createInterner } from '../../../../src/kubernetes/objects/interner.ts';

describe('createInterner', () => {
  it('gives equal lists one copy', () => {
    const interner = createInterner();
    expect(interner.list(['a', 'b'])).toBe(interner.list(['a', 'b']));
    expect(interner.list(['a'])).not.toBe(interner.list(['a', 'b']));
  });

  it('stays correct when it is full', () => {
    const interner = createInterner(2);
    const texts = ['a', 'b', 'c', 'a', 'd', 'b'];
    expect(texts.map((text) => interner.text(text))).toEqual(texts);
    expect(texts.map((text) => interner.list([text, text]))).toEqual(texts.map((text) => [text, text]));
  });
});
