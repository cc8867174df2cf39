import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { watchConfigFile } from '../../../src/observe/config-file-watch.ts';

let folder = '';
let stop = (): void => {};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-file-watch-'));
});
afterEach(() => {
  stop();
  rmSync(folder, { recursive: true });
});

/** Watches a file, does something to it, and gives how often a change was reported before a later write was. */
async function changesAfter(path: string, act: () => void): Promise<number> {
  let changes = 0;
  const errors: unknown[] = [];
  stop = watchConfigFile({ path, onChanged: () => (changes += 1), onError: (error) => errors.push(error) });
  act();
  await settled();
  expect(errors).toEqual([]);
  return changes;
}

/** Notifications of a watch in the same folder that was made later come later. */
async function settled(): Promise<void> {
  const marker = join(folder, 'marker');
  writeFileSync(marker, '');
  await new Promise<void>((resolve) => {
    const cancel = watchConfigFile({ path: marker, onChanged: resolve, onError: () => {} });
    writeFileSync(marker, 'now');
    stop = ((before) => () => {
      before();
      cancel();
    })(stop);
  });
}

describe('watchConfigFile', () => {
  it.each<[string, (file: string) => void, number]>([
    ['a write in place', (file) => writeFileSync(file, 'mode: nftables'), 1],
    ['a write of the same length', (file) => writeFileSync(file, 'mode: xxxx'), 1],
    ['two writes', (file) => [1, 2].forEach((each) => writeFileSync(file, String(each))), 1],
    ['a move', (file) => renameSync(file, `${file}.old`), 1],
    ['changed permissions', (file) => chmodSync(file, 0o600), 0],
    ['deletion', (file) => unlinkSync(file), 0],
    ['nothing', () => {}, 0],
  ])('%s', async (_name, act, expected) => {
    const file = join(folder, 'config.conf');
    writeFileSync(file, 'mode: ipvs');
    expect(await changesAfter(file, () => act(file))).toBe(expected);
  });

  it('does not follow a ConfigMap that is swapped', async () => {
    const [one, two, link] = ['one', 'two', 'data'].map((name) => join(folder, name)) as [string, string, string];
    for (const version of [one, two]) {
      mkdirSync(version);
      writeFileSync(join(version, 'config.conf'), version);
    }
    symlinkSync(one, link);
    const swap = (): void => {
      symlinkSync(two, `${link}.new`);
      renameSync(`${link}.new`, link);
      rmSync(one, { recursive: true });
    };
    expect(await changesAfter(join(link, 'config.conf'), swap)).toBe(0);
  });

  it('throws when there is no file', () => {
    const path = join(folder, 'missing');
    expect(() => watchConfigFile({ path, onChanged: () => {}, onError: () => {} })).toThrow('ENOENT');
  });
});
