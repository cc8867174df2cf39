/** The tables of one family as iptables-save prints them. */
export interface SavedRules {
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, SavedChain>>;
  /** Tables that exist but hold what iptables cannot show: they were made by another program through nftables. */
  readonly incompatibleTables: readonly string[];
}

interface SavedChain {
  /** Whether the kernel made it; it then has a policy and cannot be removed. */
  readonly builtIn: boolean;
  /** What becomes of packets that no rule decides about, e.g. `DROP`; built-in chains only. */
  readonly policy?: string;
  /** Without the leading `-A CHAIN`, in order. */
  readonly rules: readonly string[];
}

/** Text that iptables-save would not print. */
export class SaveFormatError extends Error {
  readonly code = 'RULES_SAVE_FORMAT';

  constructor(line: number, text: string) {
    super(`line ${line} of the iptables-save output is not understood: ${text.slice(0, 200)}`);
  }
}

const tablePattern = /^\*(\S+)$/;
const chainPattern = /^:(\S+) (\S+)/;
const rulePattern = /^(?:\[\d+:\d+\] )?-A (\S+)(?: (.*))?$/;
const incompatiblePattern = /^# Table `([^']+)' is incompatible/;

interface GrowingChain {
  readonly builtIn: boolean;
  readonly policy?: string;
  readonly rules: string[];
}

/** Reads the output of iptables-save, with or without counters. Throws `SaveFormatError`. Pure. */
export function parseSave(text: string): SavedRules {
  const tables = new Map<string, Map<string, GrowingChain>>();
  const incompatibleTables: string[] = [];
  let current: Map<string, GrowingChain> | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line === 'COMMIT') continue;
    const table = tablePattern.exec(line)?.[1];
    const incompatible = incompatiblePattern.exec(line)?.[1];
    if (incompatible !== undefined) incompatibleTables.push(incompatible);
    else if (line.startsWith('#')) continue;
    else if (table !== undefined) {
      current = new Map();
      tables.set(table, current);
    } else if (current === undefined || !addLine(current, line)) throw new SaveFormatError(index + 1, line);
  }
  return { tables, incompatibleTables };
}

function addLine(table: Map<string, GrowingChain>, line: string): boolean {
  const [, chainName, policy] = chainPattern.exec(line) ?? [];
  if (chainName !== undefined) {
    const isBuiltIn = policy !== undefined && policy !== '-';
    table.set(chainName, isBuiltIn ? { builtIn: true, policy, rules: [] } : { builtIn: false, rules: [] });
    return true;
  }
  const [, owner, rule] = rulePattern.exec(line) ?? [];
  const chain = owner === undefined ? undefined : table.get(owner);
  chain?.rules.push(rule ?? '');
  return chain !== undefined;
}
