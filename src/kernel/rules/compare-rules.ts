import type { RuleChain, RuleSet, RuleTable } from '../../model/rule-set.ts';
import type { RuleDifference } from '../drivers.ts';
import type { SavedRules } from './parse-save.ts';
import { type JumpChange, compareJumps } from './compare-jumps.ts';
import { normalizeRule } from './normalize.ts';

/** What has to be written to one table. */
export interface TableChange {
  readonly table: RuleTable;
  /** Chains to be made or emptied, and filled. */
  readonly chains: readonly RuleChain[];
  readonly jumps: readonly JumpChange[];
}

/** How the kernel's rules differ from those wanted, in words and as what to write. Both are empty when all is in place. */
export interface RuleComparison {
  readonly differences: readonly RuleDifference[];
  readonly changes: readonly TableChange[];
}

const tables: readonly RuleTable[] = ['nat', 'filter'];

/** Most problems that are told of one chain; the number of the others is told instead. */
const maxProblemsPerChain = 5;

/** Compares the rules wanted with those saved from the kernel. Only our chains and our jumps are looked at. Pure. */
export function compareRules(wanted: RuleSet, saved: SavedRules): RuleComparison {
  const differences: RuleDifference[] = [];
  const changes = tables.map((table): TableChange => {
    const chains = wanted.chains.filter((chain) => {
      const problems = chain.table === table ? chainProblems(chain, saved) : [];
      differences.push(...describe(wanted, table, chain.name, problems));
      return problems.length > 0;
    });
    const builtIns = [...new Set(wanted.jumps.filter((jump) => jump.table === table).map((jump) => jump.from))];
    const jumps = builtIns.map((from) => {
      const own = wanted.jumps.filter((jump) => jump.table === table && jump.from === from);
      const change = compareJumps(own, saved.tables.get(table)?.get(from)?.rules ?? []);
      differences.push(...describe(wanted, table, from, change.problems));
      return change;
    });
    return { table, chains, jumps: jumps.filter((change) => change.problems.length > 0) };
  });
  return { differences, changes: changes.filter(({ chains, jumps }) => chains.length + jumps.length > 0) };
}

function describe(
  { family }: RuleSet,
  table: RuleTable,
  chain: string,
  problems: readonly string[],
): readonly RuleDifference[] {
  const told = problems.slice(0, maxProblemsPerChain);
  const rest = problems.length - told.length;
  return [...told, ...(rest > 0 ? [`and ${rest} more`] : [])].map((problem) => ({ family, table, chain, problem }));
}

function chainProblems(chain: RuleChain, saved: SavedRules): readonly string[] {
  const existing = saved.tables.get(chain.table)?.get(chain.name);
  if (existing === undefined) return ['the chain is missing'];
  const wanted = chain.rules.map(normalizeRule);
  const observed = existing.rules.map(normalizeRule);
  const missing = surplus(wanted, observed).map((index) => `rule ${index + 1} is missing: ${chain.rules[index]}`);
  const foreign = surplus(observed, wanted).map((index) => `rule ${index + 1} is not ours: ${existing.rules[index]}`);
  if (missing.length + foreign.length > 0) return [...missing, ...foreign];
  const inOrder = chain.anyOrder === true || wanted.every((rule, index) => rule === observed[index]);
  return inOrder ? [] : ['the rules are out of order'];
}

/** Indexes of the rules that `of` has more often than `than`; of equal ones the last. */
function surplus(of: readonly string[], than: readonly string[]): readonly number[] {
  const left = new Map<string, number>();
  for (const rule of than) left.set(rule, (left.get(rule) ?? 0) + 1);
  return [...of.keys()].filter((index) => {
    const rule = of[index] as string;
    const count = left.get(rule) ?? 0;
    left.set(rule, count - 1);
    return count <= 0;
  });
}
