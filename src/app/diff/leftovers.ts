import type { OtherObject } from '../../cli/diff/diff-report.ts';
import { isOfIptablesMode } from '../../kernel/rules/iptables-mode-rules.ts';
import type { SavedRules } from '../../kernel/rules/parse-save.ts';
import type { IpFamily } from '../../model/ip.ts';

/** What is left of kube-proxy's mode iptables in the tables of a family. Pure. */
export function leftoverChains(family: IpFamily, saved: SavedRules | undefined): readonly OtherObject[] {
  return [...(saved?.tables ?? [])].flatMap(([table, chains]) =>
    [...chains.keys()]
      .filter((name) => isOfIptablesMode(table, name))
      .map((name) => ({ kind: 'chain', object: `${family} ${table} ${name}` })),
  );
}
