import { describe, expect, it } from '@jest/globals';
import { SharedKeys } from '../../../src/reconcile/shared-keys.ts';

describe('SharedKeys', () => {
  it('tells who comes first and who leaves last', () => {
    const keys = new SharedKeys<string>();
    expect([keys.add('a'), keys.add('a'), keys.add('b')]).toEqual([true, false, true]);
    expect([keys.remove('a'), keys.remove('a'), keys.remove('b')]).toEqual([false, true, true]);
    expect(keys.add('a')).toBe(true);
  });

  it('does not take what was never added for the last', () => {
    const keys = new SharedKeys<string>();
    expect(keys.remove('a')).toBe(false);
    expect(keys.add('a')).toBe(true);
  });
});
