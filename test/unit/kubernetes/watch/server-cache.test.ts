import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ServerCache } from '../../../../src/kubernetes/watch/server-cache.ts';
import { recordingLog } from './recording-log.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'server-cache-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const found = { urls: ['https://192.0.2.1:6443', 'https://[fd00::1]:6443'], virtualHosts: ['10.96.0.1', 'kubernetes'] };
const others = { urls: ['https://192.0.2.2:6443'], virtualHosts: [] };

function cache(changes: Partial<ConstructorParameters<typeof ServerCache>[0]> = {}) {
  const { log, lines } = recordingLog();
  const path = join(directory, 'deeper', 'servers.json');
  const options = { path, configuredServer: 'https://10.96.0.1:443', log, ...changes };
  return { path, lines, cache: new ServerCache(options) };
}

describe('ServerCache', () => {
  it('reads what was written, in a file of its owner alone', async () => {
    const first = cache();
    await first.cache.write(found);
    expect((await stat(first.path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'deeper'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(directory, 'deeper'))).toEqual(['servers.json']);
    const second = cache();
    expect(await second.cache.read()).toMatchObject(found);
    expect([...first.lines, ...second.lines]).toEqual([]);
  });

  it('replaces the file as a whole, whatever rights it and a forgotten draft have', async () => {
    const { cache: written, path } = cache();
    await written.write(found);
    await chmod(path, 0o666);
    await writeFile(`${path}.new`, 'half', { mode: 0o666 });
    await Promise.all([written.write(found), written.write(others)]);
    expect(await written.read()).toMatchObject(others);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('has nothing before the first write, and says nothing', async () => {
    const { cache: empty, lines } = cache();
    expect(await empty.read()).toBeUndefined();
    expect(lines).toEqual([]);
  });

  it('does not use what was learned of another cluster', async () => {
    await cache().cache.write(found);
    const { cache: other, lines } = cache({ configuredServer: 'https://192.0.2.99:6443' });
    expect(await other.read()).toBeUndefined();
    expect(lines).toEqual([expect.stringMatching(/^info: .*those of another cluster.*10\.96\.0\.1/)]);
  });

  const valid = { version: 1, configuredServer: 'https://10.96.0.1:443', ...found };
  it.each<[string, string, string]>([
    ['half written', JSON.stringify(valid).slice(0, 40), 'SyntaxError'],
    ['empty', '', 'SyntaxError'],
    ['null', 'null', 'is not a list of this version'],
    ['of a later version', JSON.stringify({ ...valid, version: 2 }), 'is not a list of this version'],
    ['without servers', JSON.stringify({ ...valid, urls: [] }), 'urls is no list of https URLs'],
    ['with http', JSON.stringify({ ...valid, urls: ['http://192.0.2.1'] }), 'urls is no list of https URLs'],
    ['with a path', JSON.stringify({ ...valid, urls: ['https://192.0.2.1/x'] }), 'urls is no list of https URLs'],
    ['with numbers', JSON.stringify({ ...valid, urls: [1] }), 'urls is no list of https URLs'],
    ['with a text for a list', JSON.stringify({ ...valid, virtualHosts: 'x' }), 'virtualHosts is no list'],
    ['without its cluster', JSON.stringify({ ...valid, configuredServer: 1 }), 'configuredServer is no text'],
    ['much too large', ' '.repeat(70_000), 'larger than'],
  ])('warns of a file that is %s, and goes on without', async (_name, text, reason) => {
    const { cache: damaged, path, lines } = cache();
    await mkdir(join(directory, 'deeper'));
    await writeFile(path, text);
    expect(await damaged.read()).toBeUndefined();
    expect(lines).toEqual([expect.stringContaining(reason)]);
    expect(lines[0]).toMatch(/^warning: The cached addresses of API servers cannot be used/);
    await damaged.write(found);
    expect(await damaged.read()).toMatchObject(found);
  });

  it.each([
    ['ENOSPC', 'the disk is full'],
    ['EROFS', 'the file system is read-only: mount a directory'],
    ['EACCES', 'may not be written by this user: see apiServer.cacheFile'],
  ])('warns once of %s, and again only when it had worked in between', async (code, words) => {
    let isBroken = true;
    const replace = () =>
      isBroken ? Promise.reject(Object.assign(new Error(`${code}: refused`), { code })) : Promise.resolve();
    const { cache: broken, lines } = cache({ replace });
    await broken.write(found);
    await broken.write(others);
    expect(lines).toEqual([expect.stringContaining(words)]);
    isBroken = false;
    await broken.write(found);
    isBroken = true;
    await broken.write(others);
    expect(lines).toHaveLength(2);
  });

  it('gives up where no directory can be made', async () => {
    const { cache: nowhere, lines } = cache({ path: '/proc/none/deeper/servers.json' });
    await nowhere.write(found);
    expect(lines).toEqual([expect.stringMatching(/^warning: The addresses of API servers cannot be cached.*ENOENT/)]);
  });

  it('makes the directories on the way', async () => {
    const path = join(directory, 'a', 'b', 'c', 'servers.json');
    const { cache: deep, lines } = cache({ path });
    await deep.write(found);
    expect([await deep.read(), lines]).toEqual([expect.objectContaining(found), []]);
  });

  it('leaves the old file, and no draft, when the new one cannot be put in place', async () => {
    const { cache: blocked, path, lines } = cache();
    await mkdir(join(path, 'in-the-way'), { recursive: true });
    await blocked.write(found);
    expect(await readdir(join(directory, 'deeper'))).toEqual(['servers.json']);
    expect(lines).toEqual([
      expect.stringMatching(/^warning: The addresses of API servers cannot be cached; a restart/),
    ]);
  });
});
