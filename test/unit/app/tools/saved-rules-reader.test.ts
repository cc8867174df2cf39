import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { savedRulesReader } from '../../../../src/app/tools/saved-rules-reader.ts';
import { CommandError, type CommandRunner } from '../../../../src/kernel/rules/run-command.ts';

let proc = '';
let started: string[];

beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'proc-'));
  mkdirSync(join(proc, 'net'));
  writeFileSync(join(proc, 'net/if_inet6'), '');
  started = [];
});
afterEach(() => rmSync(proc, { recursive: true, force: true }));

const filled = '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j ACCEPT\nCOMMIT\n';
const empty = '*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n';

/** Programs of both flavours; what each saves. */
function reader(saves: Readonly<Record<string, string>>, flavour: 'auto' | 'nft' | 'legacy' = 'auto') {
  const problems: string[] = [];
  const run: CommandRunner = async ({ file, parameters }) => {
    started.push(file);
    const version = /^(ip6?tables)-(nft|legacy)$/.exec(file);
    if (parameters[0] === '--version' && version?.[2] !== undefined && saves[`${file}-save`] !== undefined) {
      const shown = version[2] === 'nft' ? 'nf_tables' : 'legacy';
      return { exitCode: 0, stdout: `${version[1]} v1.8.9 (${shown})`, stderr: '' };
    }
    const stdout = saves[file];
    if (stdout === undefined) throw new CommandError('COMMAND_NOT_FOUND', `${file} is not there`);
    return { exitCode: stdout === 'refused' ? 1 : 0, stdout, stderr: '' };
  };
  const onProblem = (problem: string) => problems.push(problem);
  return Object.assign(savedRulesReader({ flavour, onProblem, run, procDirectory: proc }), { problems });
}

describe('the reader of saved rules', () => {
  it('starts one program for one family where only nft holds rules', async () => {
    const rules = reader({
      'iptables-nft-save': filled,
      'ip6tables-nft-save': filled,
      'iptables-legacy-save': empty,
    });
    expect((await rules.saved('IPv4'))?.tables.get('nat')?.get('PREROUTING')?.rules).toEqual(['-j ACCEPT']);
    await rules.saved('IPv4');
    expect(started).toEqual(['iptables-nft-save']);
    expect(rules.flavour).toBe('nft');
  });

  it('asks plain programs for their flavour, where there are no others', async () => {
    const rules = reader({ iptables: 'iptables v1.6.2', 'iptables-save': filled });
    expect((await rules.saved('IPv4'))?.tables.get('nat')?.get('PREROUTING')?.rules).toEqual(['-j ACCEPT']);
    expect(rules.flavour).toBe('legacy');
    const old = reader({ iptables: 'iptables v1.6.1', 'iptables-save': filled });
    expect(await old.saved('IPv4')).toBeUndefined();
  });

  it('takes the flavour that holds rules where the kernel has legacy tables', async () => {
    writeFileSync(join(proc, 'net/ip_tables_names'), 'nat\n');
    const rules = reader({ 'iptables-nft-save': empty, 'iptables-legacy-save': filled });
    expect((await rules.saved('IPv4'))?.tables.get('nat')?.get('PREROUTING')?.rules).toEqual(['-j ACCEPT']);
  });

  it('reads the flavour that it is told', async () => {
    const rules = reader({ 'iptables-nft-save': filled, 'iptables-legacy-save': empty }, 'legacy');
    expect((await rules.saved('IPv4'))?.tables.get('nat')?.get('PREROUTING')?.rules).toEqual([]);
    expect(started).not.toContain('iptables-nft-save');
  });

  it('has the families that can be read', async () => {
    const saves = { 'iptables-nft-save': filled, 'ip6tables-nft-save': filled };
    expect(await reader(saves).families()).toEqual(['IPv4', 'IPv6']);
    rmSync(join(proc, 'net/if_inet6'));
    expect(await reader(saves).families()).toEqual(['IPv4']);
  });

  it('tells what cannot be read', async () => {
    const rules = reader({ 'iptables-nft-save': 'refused' }, 'nft');
    expect(await rules.saved('IPv4')).toBeUndefined();
    expect(rules.problems).toEqual([expect.stringMatching(/^packet filter rules: .*exit code 1/)]);
    expect(await rules.families()).toEqual(['IPv4', 'IPv6']);
    expect(reader({}).problems).toEqual([]);
  });

  it('tells what the rules of the flavour in use show of the node', async () => {
    writeFileSync(join(proc, 'net/ip_tables_names'), 'nat\n');
    const rules = reader({
      'iptables-nft-save': empty,
      'iptables-legacy-save': filled,
      'ip6tables-legacy-save': empty,
    });
    expect(rules.seen).toEqual([]);
    await rules.families();
    expect(rules.seen?.map(({ iptables, hasNat }) => `${iptables.save} ${hasNat}`)).toEqual([
      'iptables-legacy-save true',
      'ip6tables-legacy-save true',
    ]);
  });
});
