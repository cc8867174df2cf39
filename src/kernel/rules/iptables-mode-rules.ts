import type { IpFamily } from '../../model/ip.ts';
import type { SavedRules } from './parse-save.ts';
import type { CommandRunner } from './run-command.ts';
import type { IptablesFlavour } from './iptables-version.ts';
import { findIptables } from './find-iptables.ts';
import { restoreRules, saveRules } from './iptables-runs.ts';
import { targetOf } from './normalize.ts';

/** A chain of a table, e.g. `nat KUBE-NODEPORTS`. */
type ChainName = string;

/** Chains that mode iptables of kube-proxy has and mode ipvs has not, by table: those of its Services by prefix. */
const chainsOfMode: Readonly<Record<string, RegExp>> = {
  nat: /^KUBE-(?:(?:SVC|SVL|SEP|EXT|FW|XLB)-.+|NODEPORTS|PROXY-CANARY)$/,
  filter: /^KUBE-(?:SERVICES|EXTERNAL-SERVICES|NODEPORTS|PROXY-CANARY)$/,
  mangle: /^KUBE-PROXY-CANARY$/,
};

/** Whether a chain is one that mode iptables of kube-proxy has and mode ipvs has not. */
export function isOfIptablesMode(table: string, chain: string): boolean {
  return chainsOfMode[table]?.test(chain) === true;
}

/** Chains that both modes have. Where mode ipvs is at work they are its own; elsewhere they were left behind, too. */
const sharedChains: Readonly<Record<string, RegExp>> = {
  nat: /^KUBE-(?:SERVICES|POSTROUTING|MARK-MASQ)$/,
  filter: /^KUBE-(?:FORWARD|PROXY-FIREWALL)$/,
};
/** Others may send packets there to be masqueraded. */
const masqueradeMark = 'KUBE-MARK-MASQ';
const masqueradeChains: ReadonlySet<string> = new Set([masqueradeMark, 'KUBE-POSTROUTING']);

/** Whether mode ipvs uses this flavour of iptables on this node. */
export type FlavourUse = 'inUse' | 'notInUse';

/** Chains were left alone because rules that are in force still send packets there. */
export class LeftoversInUseError extends Error {
  readonly code = 'RULES_LEFTOVERS_IN_USE';

  constructor(user: string) {
    super(`chains that kube-proxy left in mode iptables are still used by ${user}`);
  }
}

/**
 * Removes the chains that mode iptables of kube-proxy has and nobody uses now, with the jumps to them, in one
 * transaction per table. Returns their names, none where there are none or no iptables. Throws `LeftoversInUseError`
 * before anything is changed, and `DriverError`.
 */
export async function removeIptablesMode(
  run: CommandRunner,
  target: { readonly family: IpFamily; readonly flavour: IptablesFlavour; readonly use: FlavourUse },
): Promise<readonly ChainName[]> {
  const iptables = await findIptables(run, target.family, target.flavour);
  if (iptables === undefined) return [];
  const { input, chains } = renderIptablesModeRemoval(await saveRules(run, iptables), target.use);
  if (input !== '') await restoreRules(run, iptables, input);
  return chains;
}

/** The input of the restore that removes them, and what it removes. Throws `LeftoversInUseError`. Pure. */
export function renderIptablesModeRemoval(
  saved: SavedRules,
  use: FlavourUse,
): { readonly input: string; readonly chains: readonly ChainName[] } {
  const chains: ChainName[] = [];
  let input = '';
  const isThere = Object.entries(chainsOfMode).some(([table, pattern]) => matching(saved, table, pattern).length > 0);
  for (const [table, pattern] of isThere ? Object.entries(chainsOfMode) : []) {
    const shared = use === 'inUse' ? [] : matching(saved, table, sharedChains[table]);
    const leaving = withoutThoseOfOthers(saved, table, [...matching(saved, table, pattern), ...shared]);
    if (leaving.length === 0) continue;
    chains.push(...leaving.map((name) => `${table} ${name}`));
    input += `${[`*${table}`, ...removalLines(saved, table, leaving), 'COMMIT'].join('\n')}\n`;
  }
  return { input, chains };
}

function matching(saved: SavedRules, table: string, pattern: RegExp | undefined): string[] {
  return [...(saved.tables.get(table)?.keys() ?? [])].filter((name) => pattern?.test(name) === true);
}

/** Masquerading stays where a chain of somebody else uses it. */
function withoutThoseOfOthers(saved: SavedRules, table: string, leaving: readonly string[]): readonly string[] {
  const isUsed = jumpsTo(saved, table, leaving).some(({ builtIn, to }) => !builtIn && to === masqueradeMark);
  return isUsed ? leaving.filter((name) => !masqueradeChains.has(name)) : leaving;
}

function removalLines(saved: SavedRules, table: string, leaving: readonly string[]): readonly string[] {
  const jumps = jumpsTo(saved, table, leaving);
  const inForce = jumps.find(({ builtIn }) => !builtIn);
  if (inForce !== undefined) throw new LeftoversInUseError(`chain ${inForce.from} of table ${table}`);
  return [
    ...leaving.map((name) => `:${name} - [0:0]`),
    ...jumps.map(({ from, rule }) => `-D ${from} ${rule}`),
    ...leaving.map((name) => `-X ${name}`),
  ];
}

interface Jump {
  readonly from: string;
  readonly builtIn: boolean;
  readonly rule: string;
  readonly to: string;
}

/** Rules outside of these chains that send packets to one of them. */
function jumpsTo(saved: SavedRules, table: string, chains: readonly string[]): readonly Jump[] {
  const targets = new Set(chains);
  return [...(saved.tables.get(table) ?? [])].flatMap(([from, { builtIn, rules }]) => {
    if (targets.has(from)) return [];
    return rules.flatMap((rule) => {
      const to = targetOf(rule) ?? '';
      return targets.has(to) ? [{ from, builtIn, rule, to }] : [];
    });
  });
}
