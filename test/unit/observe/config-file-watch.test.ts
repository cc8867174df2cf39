import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ConfigFileChange, watchConfigFile } from '../../../src/observe/config-file-watch.ts';

let folder = '';
let stop = (): void => {};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-file-watch-'));
});
afterEach(() => {
  stop();
  rmSync(folder, { recursive: true });
});

/** Watches a file, does something to it, and gives the changes that were reported before a later write was. */
async function changesAfter(path: string, act: () => void): Promise<readonly ConfigFileChange[]> {
  const changes: ConfigFileChange[] = [];
  const errors: unknown[] = [];
  stop = watchConfigFile({
    path,
    onChanged: (change) => changes.push(change),
    onError: (error) => errors.push(error),
  });
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
    const cancel = watchConfigFile({ path: marker, onChanged: () => resolve(), onError: () => {} });
    writeFileSync(marker, 'now');
    stop = ((before) => () => {
      before();
      cancel();
    })(stop);
  });
}

describe('watchConfigFile', () => {
  it.each<[string, (file: string) => void, readonly ConfigFileChange[]]>([
    ['a write in place', (file) => writeFileSync(file, 'mode: nftables'), ['written']],
    ['a write of the same length', (file) => writeFileSync(file, 'mode: xxxx'), ['written']],
    ['two writes', (file) => [1, 2].forEach((each) => writeFileSync(file, String(each))), ['written']],
    ['a move', (file) => renameSync(file, `${file}.old`), ['written']],
    [
      'a move for another one',
      (file) => {
        renameSync(file, `${file}.old`);
        writeFileSync(file, 'mode: ipvs');
      },
      ['written'],
    ],
    [
      'another file moved over it',
      (file) => {
        writeFileSync(`${file}.new`, 'mode: ipvs');
        renameSync(`${file}.new`, file);
      },
      ['replaced'],
    ],
    [
      'deletion, and another one in its place',
      (file) => {
        unlinkSync(file);
        writeFileSync(`${file}.keeps-the-number-in-use`, '');
        writeFileSync(file, 'mode: ipvs');
      },
      ['replaced'],
    ],
    ['changed permissions', (file) => chmodSync(file, 0o600), []],
    ['deletion', (file) => unlinkSync(file), []],
    ['other files beside it', (file) => writeFileSync(`${file}.swp`, ''), []],
    ['nothing', () => {}, []],
  ])('%s', async (_name, act, expected) => {
    const file = join(folder, 'config.conf');
    writeFileSync(file, 'mode: ipvs');
    expect(await changesAfter(file, () => act(file))).toEqual(expected);
  });

  it('follows a mounted ConfigMap, whose link is swapped', async () => {
    const [one, two, data, key] = ['..one', '..two', '..data', 'config.conf'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
      string,
    ];
    for (const version of [one, two]) {
      mkdirSync(version);
      writeFileSync(join(version, 'config.conf'), version);
    }
    symlinkSync('..one', data);
    symlinkSync('..data/config.conf', key);
    const swap = (): void => {
      symlinkSync('..two', `${data}_tmp`);
      renameSync(`${data}_tmp`, data);
      rmSync(one, { recursive: true });
    };
    expect(await changesAfter(key, swap)).toEqual(['replaced']);
  });

  it('throws when there is no file, or the way to it does not end', () => {
    const watchAt = (path: string) => () => watchConfigFile({ path, onChanged: () => {}, onError: () => {} });
    expect(watchAt(join(folder, 'missing'))).toThrow('ENOENT');
    symlinkSync('circle', join(folder, 'circle'));
    expect(watchAt(join(folder, 'circle'))).toThrow('symbolic links');
  });
});
