import type { IpFamily } from '../../model/ip.ts';
import type { RuleCapabilities, RuleExtension, RuleTable } from '../../model/rule-set.ts';
import type { SavedRules } from './parse-save.ts';
import { ruleExtensions } from '../../model/rule-set.ts';
import { tokenize } from './tokenize.ts';

/** A chain that exists only while a probe runs. Nothing leads to it. */
const probeChain = 'IPVS-PROXIER-PROBE';

/** What can be probed: an extension, or the one option that not every MASQUERADE has. */
export type Probe = RuleExtension | 'random-fully';

export const probes: readonly Probe[] = [...ruleExtensions, 'random-fully'];

/** Rules that a node can hold only if it has the extension. */
function probeRule(probe: Probe, family: IpFamily, existingSet: string): { table: RuleTable; rule: string } {
  switch (probe) {
    case 'comment':
      return { table: 'filter', rule: '-m comment --comment probe' };
    case 'mark':
      return { table: 'filter', rule: '-m mark --mark 0x1/0x1' };
    case 'addrtype':
      return { table: 'filter', rule: '-m addrtype --dst-type LOCAL' };
    case 'conntrack':
      return { table: 'filter', rule: '-m conntrack --ctstate NEW' };
    case 'set':
      return { table: 'filter', rule: `-m set --match-set ${existingSet} dst` };
    case 'physdev':
      return { table: 'filter', rule: '-m physdev ! --physdev-is-in' };
    case 'ipvs': {
      const address = family === 'IPv4' ? '192.0.2.1' : '2001:db8::1';
      return { table: 'filter', rule: `-m ipvs --vaddr ${address} --vproto tcp --vport 1` };
    }
    case 'REJECT':
      return { table: 'filter', rule: '-j REJECT' };
    case 'MARK':
      return { table: 'nat', rule: '-j MARK --set-xmark 0x1/0x1' };
    case 'MASQUERADE':
      return { table: 'nat', rule: '-j MASQUERADE' };
    case 'random-fully':
      return { table: 'nat', rule: '-j MASQUERADE --random-fully' };
  }
}

/**
 * The input of a restore that succeeds only if the node can hold all the rules of the probes. They are committed in
 * a chain that nothing leads to and that the next transaction removes: a module that is missing shows for certain
 * only when the kernel takes the rule. Pure.
 */
export function renderProbe(wanted: readonly Probe[], family: IpFamily, existingSet: string): string {
  const rules = wanted.map((probe) => probeRule(probe, family, existingSet));
  const tables = [...new Set(rules.map(({ table }) => table))];
  return tables
    .map((table) =>
      renderScratchChain(
        table,
        rules.filter((rule) => rule.table === table).map(({ rule }) => rule),
      ),
    )
    .join('');
}

/** Makes the probe chain with these rules in one transaction and removes it in the next. */
export function renderScratchChain(table: RuleTable, rules: readonly string[]): string {
  const declared = `:${probeChain} - [0:0]`;
  const first = [`*${table}`, declared, ...rules.map((rule) => `-A ${probeChain} ${rule}`), 'COMMIT'];
  const second = [`*${table}`, declared, `-X ${probeChain}`, 'COMMIT'];
  return `${[...first, ...second].join('\n')}\n`;
}

/** Probes that need not run, because rules with the extension are in place already. Pure. */
export function probesAnswered(saved: SavedRules): ReadonlySet<Probe> {
  const answered = new Set<Probe>();
  const rules = [...saved.tables.values()].flatMap((chains) => [...chains.values()].flatMap((chain) => chain.rules));
  for (const rule of rules) {
    const words = tokenize(rule).map(({ text, quoted }) => (quoted ? '' : text));
    const used = words.filter((_, index) => ['-m', '-j'].includes(words[index - 1] ?? ''));
    for (const probe of ruleExtensions) if (used.includes(probe)) answered.add(probe);
    if (used.includes('MASQUERADE') && words.includes('--random-fully')) answered.add('random-fully');
  }
  return answered;
}

/** What the node can do, given the probes that failed. */
export function capabilitiesFrom(failed: ReadonlySet<Probe>): RuleCapabilities {
  return {
    randomFully: !failed.has('random-fully'),
    missing: new Set(ruleExtensions.filter((extension) => failed.has(extension))),
  };
}
