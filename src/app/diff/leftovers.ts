import type { OtherObject } from '../../cli/diff/diff-report.ts';
import type { SavedRules } from '../../kernel/rules/parse-save.ts';
import type { IpFamily } from '../../model/ip.ts';

/** Chains that kube-proxy makes in mode iptables, one per Service, endpoint or purpose; none of them is ours. */
const iptablesModeChains = /^KUBE-(?:SVC|SVL|SEP|EXT|FW|XLB)-|^KUBE-(?:NODEPORTS|EXTERNAL-SERVICES|PROXY-CANARY)$/;

/** What is left of kube-proxy's mode iptables in the tables of a family. Pure. */
export function leftoverChains(family: IpFamily, saved: SavedRules | undefined): readonly OtherObject[] {
  return [...(saved?.tables ?? [])].flatMap(([table, chains]) =>
    [...chains.keys()]
      .filter((name) => iptablesModeChains.test(name))
      .map((name) => ({ kind: 'chain', object: `${family} ${table} ${name}` })),
  );
}
