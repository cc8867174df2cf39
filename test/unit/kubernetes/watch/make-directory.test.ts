import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeDirectory } from '../../../../src/kubernetes/watch/make-directory.ts';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'make-directory-'));
});

afterAll(() => rmSync(root, { recursive: true }));

describe('makeDirectory', () => {
  it('makes the directory and its parents for their owner alone', async () => {
    await makeDirectory(join(root, 'a/b/c'));
    for (const path of ['a', 'a/b', 'a/b/c']) expect(statSync(join(root, path)).mode & 0o777).toBe(0o700);
  });

  it('is content with one that is there', async () => {
    await makeDirectory(join(root, 'there'));
    await expect(makeDirectory(join(root, 'there'))).resolves.toBeUndefined();
  });

  it('ends where no directory can be made', async () => {
    await expect(makeDirectory('/proc/nowhere/at/all')).rejects.toThrow('ENOENT');
  });
});
