import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { compareRules } from '../../../../src/kernel/rules/compare-rules.ts';
import { parseSave } from '../../../../src/kernel/rules/parse-save.ts';
import { planRules } from '../../../../src/plan/plan-rules.ts';
import { emptyInput, fullInput } from '../../../support/rule-plans.ts';

function golden(flavour: string, family: string): string {
  return readFileSync(join(__dirname, 'golden', `${flavour}-${family.toLowerCase()}.txt`), 'utf8');
}

const wanted = planRules(fullInput('IPv4'));

function problemsAfter(...edits: readonly (readonly [string | RegExp, string])[]): readonly string[] {
  let text = golden('legacy', 'IPv4');
  for (const [from, to] of edits) text = text.replace(from, to);
  const { differences } = compareRules(wanted, parseSave(text));
  return differences.map(({ table, chain, problem }) => `${table} ${chain}: ${problem}`);
}

describe('compareRules', () => {
  it.each([
    ['legacy', 'IPv4'],
    ['legacy', 'IPv6'],
    ['nft', 'IPv4'],
    ['nft', 'IPv6'],
  ] as const)('finds what iptables-%s saved for %s equal', (flavour, family) => {
    const comparison = compareRules(planRules(fullInput(family)), parseSave(golden(flavour, family)));
    expect(comparison).toEqual({ differences: [], changes: [] });
  });

  it('finds everything missing on a clean node', () => {
    const { differences, changes } = compareRules(wanted, parseSave(''));
    expect(differences.filter(({ problem }) => problem === 'the chain is missing')).toHaveLength(11);
    expect(differences.filter(({ problem }) => problem.endsWith('is missing'))).toHaveLength(20);
    expect(changes.map(({ table, chains, jumps }) => [table, chains.length, jumps.length])).toEqual([
      ['nat', 5, 3],
      ['filter', 6, 3],
    ]);
  });

  it('names the rule that is missing', () => {
    expect(problemsAfter(['-A KUBE-LOAD-BALANCER -j KUBE-MARK-MASQ\n', ''])).toEqual([
      'nat KUBE-LOAD-BALANCER: rule 2 is missing: -j KUBE-MARK-MASQ',
    ]);
  });

  it('names the rule that is not ours', () => {
    const drop = '-A KUBE-FORWARD -j DROP\n';
    expect(problemsAfter(['-A KUBE-FORWARD', `${drop}-A KUBE-FORWARD`])).toEqual([
      'filter KUBE-FORWARD: rule 1 is not ours: -j DROP',
    ]);
  });

  it('sees a rule that stands twice', () => {
    const rule = '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n';
    expect(problemsAfter([rule, rule + rule])).toEqual([
      'nat KUBE-MARK-MASQ: rule 2 is not ours: -j MARK --set-xmark 0x4000/0x4000',
    ]);
  });

  it('sees rules out of order, where the order counts', () => {
    const swapped = /(-A KUBE-POSTROUTING -m mark.*\n)(-A KUBE-POSTROUTING -j MARK.*\n)/;
    expect(problemsAfter([swapped, '$2$1'])).toEqual(['nat KUBE-POSTROUTING: the rules are out of order']);
    expect(problemsAfter([/(-A KUBE-IPVS-OUT-FILTER.*\n)(-A KUBE-IPVS-OUT-FILTER.*\n)/, '$2$1'])).toEqual([]);
  });

  it('sees another mark', () => {
    expect(problemsAfter(['-j MARK --set-xmark 0x4000/0x4000', '-j MARK --set-xmark 0x8000/0x8000'])).toHaveLength(2);
  });

  it('tells the first five problems of a chain and counts the others', () => {
    const { differences } = compareRules(planRules(emptyInput('IPv4')), parseSave(golden('legacy', 'IPv4')));
    const own = differences.filter(({ chain }) => chain === 'KUBE-SERVICES');
    expect(own).toHaveLength(6);
    expect(own.at(-1)?.problem).toBe('and 4 more');
  });

  it('does not look at chains of others', () => {
    expect(problemsAfter(['*nat\n', '*nat\n:CNI-HOSTPORT-DNAT - [0:0]\n:KUBE-KUBELET-CANARY - [0:0]\n'])).toEqual([]);
  });
});
