import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Command, CommandResult } from '../../../../src/kernel/rules/run-command.ts';
import { IptablesRulesDriver } from '../../../../src/kernel/rules/driver.ts';
import { parseSave } from '../../../../src/kernel/rules/parse-save.ts';
import { seenIn } from '../../../../src/kernel/rules/seen-rules.ts';
import { type IpFamily, ipFamilies } from '../../../../src/model/ip.ts';
import type { RuleExtension } from '../../../../src/model/rule-set.ts';
import { planRules } from '../../../../src/plan/plan-rules.ts';
import { emptyInput } from '../../../support/rule-plans.ts';

/** What each save program prints. */
let saved: Record<string, string>;
/** Programs that were started. */
let started: string[];
/** What restores were given. */
let inputs: string[];

const emptyNat = '*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n';
const withKubeChain = '*nat\n:KUBE-SERVICES - [0:0]\nCOMMIT\n';

/** A proc file system of a node that has IPv6, as the one of this machine may not be. */
const procDirectory = mkdtempSync(join(tmpdir(), 'proc-'));

beforeAll(() => {
  mkdirSync(join(procDirectory, 'net'));
  writeFileSync(join(procDirectory, 'net/if_inet6'), '');
});

afterAll(() => rmSync(procDirectory, { recursive: true }));

beforeEach(() => {
  saved = {};
  started = [];
  inputs = [];
});

/** Debian's programs; a restore makes the tables that it names. */
async function run({ file, parameters, input = '' }: Command): Promise<CommandResult> {
  const isVersion = parameters[0] === '--version';
  started.push(isVersion ? `${file} --version` : file);
  const [, name = '', action] = /^(ip6?tables(?:-nft|-legacy)?)(?:-(save|restore))?$/.exec(file) ?? [];
  if (isVersion) return printed(`${name} v1.8.9 (${name.endsWith('legacy') ? 'legacy' : 'nf_tables'})`);
  if (action === 'restore') inputs.push(input);
  if (action === 'restore' && input.includes('*nat')) saved[`${name}-save`] ??= emptyNat;
  return printed(action === 'save' ? (saved[file] ?? '') : '');
}

function printed(stdout: string): CommandResult {
  return { exitCode: 0, stdout, stderr: '' };
}

function driver(flavour: 'auto' | 'nft'): IptablesRulesDriver {
  return new IptablesRulesDriver({ flavour, run, procDirectory });
}

const count = (ending: string) => started.filter((program) => program.endsWith(ending)).length;

describe('the start', () => {
  it('reads the rules of each family once, to find out what the node can do', async () => {
    saved = { 'iptables-nft-save': emptyNat, 'ip6tables-nft-save': emptyNat };
    const rules = driver('nft');
    expect(await rules.families()).toEqual(['IPv4', 'IPv6']);
    await rules.capabilities('IPv4', 'KUBE-CLUSTER-IP');
    await rules.capabilities('IPv6', 'KUBE-6-CLUSTER-IP');
    expect([count('-save'), count('-restore')]).toEqual([2, 2]);
    expect(count('--version')).toBe(2);
  });

  it('reads both flavours once where the flavour is to be found out', async () => {
    saved = { 'iptables-nft-save': emptyNat, 'ip6tables-nft-save': emptyNat, 'iptables-legacy-save': withKubeChain };
    const rules = driver('auto');
    expect(await rules.flavour()).toBe('legacy');
    expect(await rules.families()).toEqual(['IPv4', 'IPv6']);
    await rules.capabilities('IPv4', 'KUBE-CLUSTER-IP');
    await rules.capabilities('IPv6', 'KUBE-6-CLUSTER-IP');
    expect([count('-save'), count('--version')]).toEqual([4, 4]);
  });

  it('makes a table only once where there is none', async () => {
    const rules = driver('auto');
    expect(await rules.flavour()).toBe('nft');
    expect(await rules.families()).toEqual(['IPv4', 'IPv6']);
    expect(started.filter((program) => program.endsWith('restore'))).toEqual([
      'iptables-nft-restore',
      'ip6tables-nft-restore',
    ]);
  });

  it('writes nothing to find out what rules in place show, or what nobody asks for', async () => {
    const rule = '-A KUBE-POSTROUTING -m comment --comment "x" -j MASQUERADE --random-fully';
    saved = { 'iptables-nft-save': `*nat\n:KUBE-POSTROUTING - [0:0]\n${rule}\nCOMMIT\n` };
    const wanted = new Set<RuleExtension>(['comment', 'MASQUERADE']);
    const capabilities = await driver('nft').capabilities('IPv4', 'KUBE-CLUSTER-IP', wanted);
    expect(capabilities).toEqual({ randomFully: true, missing: new Set() });
    expect(count('-restore')).toBe(0);
  });

  it('tries what is asked for and not in place, and nothing else', async () => {
    saved = { 'iptables-nft-save': emptyNat };
    await driver('nft').capabilities('IPv4', 'KUBE-CLUSTER-IP', new Set<RuleExtension>(['ipvs']));
    expect(inputs).toHaveLength(1);
    expect(inputs[0]?.match(/-[mj] \w+/g)).toEqual(['-m ipvs']);
  });

  it('reads again for what is asked later', async () => {
    saved = { 'iptables-nft-save': emptyNat };
    const rules = driver('nft');
    await rules.families();
    await rules.capabilities('IPv4', 'KUBE-CLUSTER-IP');
    const before = count('-save');
    await rules.capabilities('IPv4', 'KUBE-CLUSTER-IP');
    await rules.compare(planRules(emptyInput('IPv4')));
    expect(count('-save')).toBe(before + 2);
  });
});

describe('what somebody has seen before', () => {
  const using = (...words: string[]) => `*nat\n:A - [0:0]\n-A A ${words.join(' ')}\nCOMMIT\n`;
  const seenBefore = (family: IpFamily, text: string) => {
    const name = family === 'IPv4' ? 'iptables-nft' : 'ip6tables-nft';
    const iptables = { family, flavour: 'nft', save: `${name}-save`, restore: `${name}-restore` } as const;
    return seenIn(iptables, parseSave(text));
  };

  it('is not found out again: writing rules starts a save and a restore for each family', async () => {
    saved = { 'iptables-nft-save': emptyNat, 'ip6tables-nft-save': emptyNat };
    const seen = ipFamilies.map((family) => seenBefore(family, using('-m comment --comment "x" -j MASQUERADE')));
    const rules = new IptablesRulesDriver({ flavour: 'nft', run, procDirectory, seen });
    expect(await rules.families()).toEqual(['IPv4', 'IPv6']);
    expect(await rules.flavour()).toBe('nft');
    for (const family of ipFamilies) {
      await rules.capabilities(family, 'KUBE-CLUSTER-IP', new Set<RuleExtension>(['comment']));
      await rules.apply(planRules(emptyInput(family)));
    }
    expect(started).toEqual(['iptables-nft', 'ip6tables-nft'].flatMap((name) => [`${name}-save`, `${name}-restore`]));
  });

  it('is tried where rules did not show it', async () => {
    saved = { 'iptables-nft-save': emptyNat };
    const rules = new IptablesRulesDriver({ flavour: 'nft', run, procDirectory, seen: [seenBefore('IPv4', emptyNat)] });
    await rules.capabilities('IPv4', 'KUBE-CLUSTER-IP', new Set<RuleExtension>(['physdev']));
    expect(started).toEqual(['iptables-nft-restore']);
    await rules.capabilities('IPv4', 'KUBE-CLUSTER-IP', new Set<RuleExtension>(['physdev']));
    expect(started.slice(1)).toEqual(['iptables-nft-save', 'iptables-nft-restore']);
  });

  it('counts for nothing where there was no nat table', async () => {
    const rules = new IptablesRulesDriver({
      flavour: 'nft',
      run,
      procDirectory,
      seen: [seenBefore('IPv4', '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n')],
    });
    expect(await rules.families()).toEqual(['IPv4', 'IPv6']);
    expect(count('-restore')).toBe(2);
  });
});

describe('apply', () => {
  it('reads once and writes once', async () => {
    saved = { 'iptables-nft-save': emptyNat };
    expect(await driver('nft').apply(planRules(emptyInput('IPv4')))).toBe(true);
    expect(started).toEqual(['iptables-nft --version', 'iptables-nft-save', 'iptables-nft-restore']);
  });

  it('writes nothing where nothing differs, and says so', async () => {
    const rules = { family: 'IPv4', chains: [], jumps: [] } as const;
    expect(await driver('nft').apply(rules)).toBe(false);
    expect(count('-restore')).toBe(0);
  });
});
