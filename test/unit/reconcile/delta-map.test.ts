import { beforeEach, describe, expect, it } from '@jest/globals';
import { DeltaMap } from '../../../src/reconcile/delta-map.ts';

let map: DeltaMap<string, string>;

beforeEach(() => {
  map = new DeltaMap((a, b) => a.toLowerCase() === b.toLowerCase());
});

const pending = () => [...map.pending()].map(({ key }) => key);

describe('DeltaMap', () => {
  it('has nothing pending at first', () => {
    expect(pending()).toEqual([]);
    expect(map.pendingCount).toBe(0);
  });

  it.each([
    ['wanted and absent', 'v', undefined, true],
    ['unwanted and present', undefined, 'v', true],
    ['wanted and present', 'v', 'v', false],
    ['the same in the sense given', 'v', 'V', false],
    ['wanted otherwise', 'v', 'w', true],
    ['unwanted and absent', undefined, undefined, false],
  ])('knows whether something is to be done: %s', (_name, desired, observed, expected) => {
    map.want('a', desired);
    map.observe('a', observed);
    expect(pending()).toEqual(expected ? ['a'] : []);
    expect(map.isPending('a')).toBe(expected);
  });

  it('tells what was wanted and seen of each, in the order in which they came to differ', () => {
    map.want('b', 'new');
    map.observe('a', 'there');
    map.observe('b', 'old');
    expect([...map.pending()]).toEqual([
      { key: 'b', desired: 'new', observed: 'old' },
      { key: 'a', desired: undefined, observed: 'there' },
    ]);
  });

  it('has nothing to do for what was wanted and is not any more, before it was made', () => {
    map.want('a', 'v');
    map.want('a', undefined);
    expect(map.pendingCount).toBe(0);
    expect([...map.allDesired()]).toEqual([]);
  });

  it('takes what a complete listing does not name for absent', () => {
    map.want('kept', 'v');
    map.want('lost', 'v');
    map.observe('kept', 'v');
    map.observe('lost', 'v');
    map.observe('gone', 'v');
    map.replaceObserved([
      ['kept', 'v'],
      ['foreign', 'v'],
    ]);
    expect(pending().sort()).toEqual(['foreign', 'lost']);
    expect([map.observed('gone'), map.observed('foreign'), map.desired('lost')]).toEqual([undefined, 'v', 'v']);
  });

  it('may be changed while what is pending is gone through', () => {
    for (const key of ['a', 'b', 'c']) map.want(key, 'v');
    for (const { key, desired } of map.pending()) map.observe(key, desired);
    expect(map.pendingCount).toBe(0);
  });
});
