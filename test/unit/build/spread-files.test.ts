import { globSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { spreadFiles, usualSeconds } from '../../../.build/spread-files.ts';

const seconds: Readonly<Record<string, number>> = { a: 90, b: 50, c: 40, d: 30, e: 10, f: 10 };
const spread = (files: readonly string[], labs: number) => spreadFiles(files, labs, (file) => seconds[file] ?? 0);

describe('spreadFiles', () => {
  it('gives every lab about as much to do', () => {
    const groups = spread(['f', 'e', 'd', 'c', 'b', 'a'], 2);
    expect(groups.map((files) => files.reduce((sum, file) => sum + (seconds[file] ?? 0), 0))).toEqual([120, 110]);
    expect(groups.flat().sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('is the same whatever the order of the files', () => {
    expect(spread(['e', 'f', 'a'], 2)).toEqual(spread(['f', 'a', 'e'], 2));
  });

  it('leaves no lab without files', () => {
    expect(spread(['a', 'b'], 5)).toEqual([['a'], ['b']]);
    expect(spread([], 3)).toEqual([]);
  });

  it('knows files that exist', () => {
    const files = globSync('test/{kernel,parity}/**/*.test.ts', { cwd: `${__dirname}/../../..` });
    expect(files).toEqual(expect.arrayContaining([...usualSeconds.keys()]));
  });
});
