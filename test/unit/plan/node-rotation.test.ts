import { describe, expect, it } from '@jest/globals';
import { placeOfNode, rotated } from '../../../src/plan/node-rotation.ts';

describe('placeOfNode', () => {
  it('is the same for the same name', () => {
    expect(placeOfNode('node-17.example.com')).toBe(placeOfNode('node-17.example.com'));
  });

  it.each([
    ['numbered', (index: number) => `node-${index}`],
    ['as cloud providers name them', (index: number) => `ip-10-0-${index >> 8}-${index & 255}.eu-west-1.internal`],
  ])('is spread evenly over names: %s', (_name, nameOf) => {
    const starts = Array.from({ length: 1_000 }, (_, index) => Math.floor(placeOfNode(nameOf(index)) * 10));
    const counts = Array.from({ length: 10 }, (_, start) => starts.filter((each) => each === start).length);
    expect(Math.min(...counts)).toBeGreaterThan(60);
    expect(Math.max(...counts)).toBeLessThan(140);
  });

  it('tells neighbours apart', () => {
    const places = ['node-1', 'node-2', 'node-3', 'node-4'].map((name) => Math.floor(placeOfNode(name) * 10));
    expect(new Set(places).size).toBeGreaterThan(2);
  });

  it('lies within the list for any name', () => {
    for (const name of ['', 'ü', 'x'.repeat(253)]) {
      expect(placeOfNode(name)).toBeGreaterThanOrEqual(0);
      expect(placeOfNode(name)).toBeLessThan(1);
    }
  });
});

describe('rotated', () => {
  it.each([
    [[], 0.9, []],
    [['a'], 0.9, ['a']],
    [['a', 'b', 'c', 'd'], 0, ['a', 'b', 'c', 'd']],
    [['a', 'b', 'c', 'd'], 0.5, ['c', 'd', 'a', 'b']],
    [['a', 'b', 'c', 'd'], 0.999, ['d', 'a', 'b', 'c']],
  ])('%j from %d on', (list, place, expected) => {
    expect(rotated(list, place)).toEqual(expected);
  });
});
