import { describe, expect, it } from '@jest/globals';
import { rulesToRemove } from '../../../../src/app/cleanup/cleanup-rules.ts';
import { parseSave } from '../../../../src/kernel/rules/parse-save.ts';
import { planRules } from '../../../../src/plan/plan-rules.ts';
import { fullInput } from '../../../support/rule-plans.ts';

/** A save that holds these chains, each with its rules. */
function saved(nat: Record<string, string[]>, filter: Record<string, string[]> = {}) {
  const table = (name: string, chains: Record<string, string[]>) => [
    `*${name}`,
    ...Object.keys(chains).map((chain) => `:${chain} - [0:0]`),
    ...Object.entries(chains).flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
    'COMMIT',
  ];
  return parseSave([...table('nat', nat), ...table('filter', filter), ''].join('\n'));
}

/** All chains of ours, full. */
function ours() {
  const { chains } = planRules(fullInput('IPv4'));
  const of = (table: string) =>
    Object.fromEntries(chains.filter((chain) => chain.table === table).map(({ name, rules }) => [name, [...rules]]));
  return { nat: of('nat'), filter: of('filter') };
}

const names = ({ rules }: ReturnType<typeof rulesToRemove>) => rules.chains.map(({ name }) => name).sort();

describe('rulesToRemove', () => {
  it('is every chain of ours that is there, and every jump with and without its comment', () => {
    const { nat, filter } = ours();
    const removal = rulesToRemove('IPv4', saved(nat, filter));
    expect(names(removal)).toEqual([...Object.keys(nat), ...Object.keys(filter)].sort());
    expect(removal.rules.jumps.filter(({ from }) => from === 'FORWARD')).toHaveLength(4);
    expect(removal.kept).toEqual([]);
  });

  it('is no chain that is not there', () => {
    expect(names(rulesToRemove('IPv4', saved({ 'KUBE-SERVICES': [], OTHER: [] })))).toEqual(['KUBE-SERVICES']);
  });

  it('leaves what mode iptables uses under the same names', () => {
    const { nat, filter } = ours();
    const removal = rulesToRemove('IPv4', saved({ ...nat, 'KUBE-SVC-X': [] }, filter));
    expect(names(removal)).toEqual([
      'KUBE-IPVS-FILTER',
      'KUBE-IPVS-OUT-FILTER',
      'KUBE-LOAD-BALANCER',
      'KUBE-NODE-PORT',
      'KUBE-NODE-PORT',
      'KUBE-SOURCE-RANGES-FIREWALL',
    ]);
    expect(removal.rules.jumps.map(({ to }) => to)).not.toContain('KUBE-SERVICES');
    expect(removal.kept).toContain('KUBE-FORWARD: kube-proxy in mode iptables uses it');
  });

  it('leaves what rules of others need to masquerade', () => {
    const { nat, filter } = ours();
    const hostPorts = { 'CNI-HOSTPORT-SETMARK': ['-j KUBE-MARK-MASQ'] };
    const removal = rulesToRemove('IPv4', saved({ ...nat, ...hostPorts }, filter));
    expect(removal.kept).toEqual([
      'KUBE-POSTROUTING: rules in CNI-HOSTPORT-SETMARK use it to masquerade',
      'KUBE-MARK-MASQ: rules in CNI-HOSTPORT-SETMARK use it to masquerade',
    ]);
    expect(names(removal)).not.toContain('KUBE-MARK-MASQ');
  });
});
