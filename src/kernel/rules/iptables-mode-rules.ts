import type { IpFamily } from '../../model/ip.ts';
import type { SavedRules } from './parse-save.ts';
import type { CommandRunner } from './run-command.ts';
import type { IptablesFlavour } from './iptables-version.ts';
import { type Iptables, findIptables } from './find-iptables.ts';
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

/** What mode iptables has left behind in one table. */
interface Leftovers {
  readonly chains: readonly ChainName[];
  readonly lines: readonly string[];
}

/** Chains were left alone because rules that are in force still send packets there. */
export class LeftoversInUseError extends Error {
  readonly code = 'RULES_LEFTOVERS_IN_USE';

  constructor(user: string) {
    super(`chains that kube-proxy left in mode iptables are still used by ${user}`);
  }
}

/**
 * Removes the chains that only mode iptables of kube-proxy has, with the jumps to them, in one transaction per table;
 * to be called when nothing of ours sends packets there any more. Returns their names, none where there are none or no
 * iptables. Throws `LeftoversInUseError` before anything is changed, and `DriverError`.
 */
export async function removeIptablesMode(
  run: CommandRunner,
  family: IpFamily,
  flavour: IptablesFlavour,
): Promise<readonly ChainName[]> {
  const iptables = await findIptables(run, family, flavour);
  return iptables === undefined ? [] : await removeFrom(run, iptables);
}

async function removeFrom(run: CommandRunner, iptables: Iptables): Promise<readonly ChainName[]> {
  const { input, chains } = renderIptablesModeRemoval(await saveRules(run, iptables));
  if (input !== '') await restoreRules(run, iptables, input);
  return chains;
}

/** The input of the restore that removes them, and what it removes. Throws `LeftoversInUseError`. Pure. */
export function renderIptablesModeRemoval(saved: SavedRules): { readonly input: string; readonly chains: ChainName[] } {
  const chains: ChainName[] = [];
  let input = '';
  for (const [table, pattern] of Object.entries(chainsOfMode)) {
    const found = leftoversIn(saved, table, pattern);
    if (found.chains.length === 0) continue;
    chains.push(...found.chains.map((name) => `${table} ${name}`));
    input += `${[`*${table}`, ...found.lines, 'COMMIT'].join('\n')}\n`;
  }
  return { input, chains };
}

function leftoversIn(saved: SavedRules, table: string, pattern: RegExp): Leftovers {
  const all = saved.tables.get(table) ?? new Map();
  const chains = [...all.keys()].filter((name) => pattern.test(name));
  const leaving = new Set(chains);
  const jumps: string[] = [];
  for (const [name, { builtIn, rules }] of leaving.size === 0 ? [] : all) {
    if (leaving.has(name)) continue;
    const own = rules.filter((rule: string) => leaving.has(targetOf(rule) ?? ''));
    if (own.length > 0 && !builtIn) throw new LeftoversInUseError(`chain ${name} of table ${table}`);
    jumps.push(...own.map((rule: string) => `-D ${name} ${rule}`));
  }
  const lines = [...chains.map((name) => `:${name} - [0:0]`), ...jumps, ...chains.map((name) => `-X ${name}`)];
  return { chains, lines };
}
