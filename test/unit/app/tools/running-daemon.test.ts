import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findRunningDaemon } from '../../../../src/app/tools/running-daemon.ts';

let proc = '';

beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'proc-'));
});
afterEach(() => rmSync(proc, { recursive: true, force: true }));

function process(id: number, words: readonly string[], mountNamespace = readlinkSync('/proc/self/ns/mnt')): void {
  mkdirSync(join(proc, String(id), 'ns'), { recursive: true });
  writeFileSync(join(proc, String(id), 'cmdline'), words.map((word) => `${word}\0`).join(''));
  symlinkSync('/var/work', join(proc, String(id), 'cwd'));
  symlinkSync(mountNamespace, join(proc, String(id), 'ns', 'mnt'));
}

const daemon = ['/opt/node', '--max-semi-space-size=2', '/opt/ipvs-proxier.cjs'];

describe('the running daemon', () => {
  it('is found by its program, with the flags it was started with', () => {
    process(7, ['vi', 'ipvs-proxier.cjs']);
    process(20, [...daemon, '--cluster-cidr=10.0.0.0/8', '--v', '2']);
    process(100, [...daemon, '--cluster-cidr=10.1.0.0/16']);
    expect(findRunningDaemon(proc)).toEqual({ processId: 20, flags: ['--cluster-cidr=10.0.0.0/8', '--v', '2'] });
  });

  it('is found in a container too, where Node runs the command itself', () => {
    process(1, ['/usr/local/bin/node', '--max-semi-space-size=2', '/usr/local/bin/ipvs-proxier', '--v=2']);
    process(30, ['/usr/local/bin/node', '--max-semi-space-size=2', '/usr/local/bin/ipvs-proxier', 'explain', 'a/b']);
    expect(findRunningDaemon(proc)).toEqual({ processId: 1, flags: ['--v=2'] });
  });

  it.each([['--cleanup'], ['--version'], ['--init-only'], ['plan']])('is none that was started with %s', (word) => {
    process(7, [...daemon, word]);
    process(8, ['/opt/node', '/opt/ipvs-status.cjs']);
    process(9, []);
    expect(findRunningDaemon(proc)).toBeUndefined();
  });

  it('has its files where they are seen from here', () => {
    process(7, [...daemon, '--config=a.yaml', '--kubeconfig', '/k', '--proxier-config='], 'mnt:[1]');
    const root = join(proc, '7', 'root');
    expect(findRunningDaemon(proc)?.flags).toEqual([
      `--config=${root}/var/work/a.yaml`,
      '--kubeconfig',
      `${root}/k`,
      '--proxier-config=',
    ]);
    rmSync(join(proc, '7'), { recursive: true });
    process(8, [...daemon, '--manifests', 'objects']);
    expect(findRunningDaemon(proc)?.flags).toEqual(['--manifests', '/var/work/objects']);
  });
});
