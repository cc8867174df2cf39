import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { usePrivileges } from '../../../../src/app/privileges/use-privileges.ts';
import { defaultProxierSettings } from '../../../../src/config/proxier-configuration.ts';
import type { ProxierSettings } from '../../../../src/config/config.ts';
import type { CommandRunner } from '../../../../src/kernel/rules/run-command.ts';

const directory = mkdtempSync(join(tmpdir(), 'privileges-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A proc file system with these files below `net`. */
function procWith(...names: readonly string[]): string {
  const proc = mkdtempSync(join(directory, 'proc-'));
  mkdirSync(join(proc, 'net'));
  for (const name of names) writeFileSync(join(proc, 'net', name), '');
  return proc;
}

const legacyNames = ['ip_tables_names', 'ip6_tables_names'];
const { operation } = defaultProxierSettings;

/** What is run, on a node whose plain programs are of the flavour. */
async function programsRun(options: {
  readonly systemFlavour: 'nft' | 'legacy';
  readonly proxier?: Partial<ProxierSettings>;
  readonly procDirectory: string;
  readonly run?: CommandRunner;
  readonly path?: string;
}): Promise<readonly string[]> {
  const started: string[] = [];
  const run: CommandRunner = ({ file, parameters }) => {
    started.push(file);
    const version = file.includes('legacy') ? 'legacy' : `${options.systemFlavour === 'nft' ? 'nf_tables' : 'legacy'}`;
    const stdout =
      parameters[0] === '--version' ? `iptables v1.8.9 (${version})\n` : '*nat\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n';
    return Promise.resolve({ exitCode: 0, stdout, stderr: '' });
  };
  await usePrivileges({
    config: { oomScoreAdjustment: -999, proxier: { ...defaultProxierSettings, ...options.proxier } },
    run: options.run ?? run,
    writeFile: () => {},
    procDirectory: options.procDirectory,
    path: options.path ?? '',
  });
  return started;
}

describe('what needs rights that are dropped then', () => {
  it('is the OOM score adjustment; a refusal is left to the daemon', async () => {
    const config = {
      oomScoreAdjustment: -500,
      proxier: { ...defaultProxierSettings, iptablesFlavour: 'nft' as const },
    };
    const written: string[] = [];
    await usePrivileges({ config, writeFile: (path, text) => written.push(`${path} ${text}`) });
    expect(written).toEqual(['/proc/self/oom_score_adj -500']);
    await usePrivileges({
      config,
      writeFile() {
        throw new Error('EACCES: permission denied');
      },
    });
  });

  it('is the modules of iptables-legacy, where the node uses it and they are not there', async () => {
    const ran = await programsRun({ systemFlavour: 'legacy', procDirectory: procWith('ip_tables_names') });
    expect(ran).toContain('iptables-legacy-save');
  });

  it.each<[string, Partial<ProxierSettings>, 'nft' | 'legacy', readonly string[], readonly string[]]>([
    ['they are there', {}, 'legacy', legacyNames, []],
    ['nft is set', { iptablesFlavour: 'nft' }, 'legacy', [], []],
    ['the node uses nft', {}, 'nft', [], ['iptables']],
    ['nothing is to be loaded', { operation: { ...operation, mode: 'observe' } }, 'legacy', [], []],
    ['another proxy has the node', { operation: { ...operation, mode: 'takeover' } }, 'legacy', [], []],
  ])('is not the modules where %s', async (_name, proxier, systemFlavour, names, ran) => {
    expect(await programsRun({ systemFlavour, proxier, procDirectory: procWith(...names) })).toEqual(ran);
  });

  it.each([
    ['nft', []],
    ['legacy', ['iptables']],
  ])('is not asked of a program that is a link to that of %s', async (flavour, ran) => {
    const path = mkdtempSync(join(directory, 'path-'));
    writeFileSync(join(path, `xtables-${flavour}-multi`), '');
    symlinkSync(`xtables-${flavour}-multi`, join(path, 'iptables'));
    const proc = procWith();
    expect(await programsRun({ systemFlavour: 'nft', procDirectory: proc, path: `/none:${path}` })).toEqual(ran);
  });

  it('fails nothing where programs cannot be started', async () => {
    const run: CommandRunner = () => Promise.reject(new Error('no more processes'));
    await expect(programsRun({ systemFlavour: 'legacy', procDirectory: procWith(), run })).resolves.toEqual([]);
  });
});
