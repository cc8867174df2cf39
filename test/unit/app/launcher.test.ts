import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const template = readFileSync(join(__dirname, '../../../.build/launcher.sh'), 'utf8');
let directory = '';

/** A directory as dist/ is, with a Node that prints how it was started. */
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'launcher-'));
  const node =
    '#!/bin/sh\necho "malloc ${MALLOC_ARENA_MAX-} ${MALLOC_MMAP_THRESHOLD_-} ${MALLOC_TRIM_THRESHOLD_-}"\nprintf "%s\\n" "$@"\n';
  program('node', node);
  for (const name of ['ipvs-proxier', 'ipvs-status']) program(name, template.replaceAll('PROGRAM', name));
  writeFileSync(join(directory, 'ipvs-proxier-tools.cjs'), '');
  symlinkSync('ipvs-status', join(directory, 'ipvsadm'));
});

afterAll(() => rmSync(directory, { recursive: true }));

function program(name: string, text: string): void {
  writeFileSync(join(directory, name), text);
  chmodSync(join(directory, name), 0o755);
}

function started(name: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}): string[] {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  const { stdout } = spawnSync(join(directory, name), words, { encoding: 'utf8', env });
  return stdout.replaceAll(directory, 'dist').trim().split('\n');
}

describe('the launcher', () => {
  it('starts the daemon with little memory', () => {
    const words = ['--max-semi-space-size=2', 'dist/ipvs-proxier.cjs', '--v=2', 'a b'];
    expect(started('ipvs-proxier', ['--v=2', 'a b'])).toEqual(['malloc 1 65536 65536', ...words]);
  });

  it('starts tools on their own bundle', () => {
    const words = ['--max-semi-space-size=32', 'dist/ipvs-proxier-tools.cjs', 'explain', 'svc/a/b'];
    expect(started('ipvs-proxier', ['explain', 'svc/a/b']).slice(1)).toEqual(words);
  });

  it('starts a listing with what makes it fast, also over a link of another name', () => {
    const words = [
      '--max-semi-space-size=1',
      '--no-opt',
      '--no-concurrent-recompilation',
      'dist/ipvs-status.cjs',
      '-Ln',
    ];
    expect(started('ipvs-status', ['-Ln']).map((word) => word.trim())).toEqual(['malloc 1', ...words]);
    expect(started('ipvsadm', ['-Ln']).slice(1)).toEqual(words);
  });

  it('uses flags that Node has', () => {
    const flags = new Set(template.match(/ --[a-z]\S+(?= )/g)?.filter((flag) => flag !== ' --version'));
    expect(flags.size).toBeGreaterThan(2);
    const { status, stderr } = spawnSync(process.execPath, [...flags].map((flag) => flag.trim()).concat('-e', '0'));
    expect([status, String(stderr)]).toEqual([0, '']);
  });

  it('leaves alone what the environment says of memory', () => {
    const environment = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '4096', MALLOC_TRIM_THRESHOLD_: '8192' };
    expect(started('ipvs-proxier', [], environment)[0]).toBe('malloc 2 4096 8192');
  });
});
