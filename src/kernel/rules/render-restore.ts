import type { RuleSet } from '../../model/rule-set.ts';
import type { SavedRules } from './parse-save.ts';
import type { TableChange } from './compare-rules.ts';
import { compareJumps } from './compare-jumps.ts';
import { targetOf } from './normalize.ts';

/**
 * The input of one iptables-restore that makes the changes. Each table is one transaction in which chains are
 * declared (and thereby emptied), our jumps taken out and put in at the head, and the rules appended. Pure.
 */
export function renderRestore(changes: readonly TableChange[]): string {
  return changes.map((change) => block(change.table, changeLines(change))).join('');
}

function changeLines({ chains, jumps }: TableChange): readonly string[] {
  return [
    ...chains.map(({ name }) => `:${name} - [0:0]`),
    ...jumps.flatMap(({ from, remove }) => remove.map((rule) => `-D ${from} ${rule}`)),
    ...jumps.flatMap(({ from, insert }) => insert.toReversed().map((rule) => `-I ${from} ${rule}`)),
    ...chains.flatMap(({ name, rules }) => rules.map((rule) => `-A ${name} ${rule}`)),
  ];
}

/**
 * The input that removes the jumps and chains of a rule set as far as they exist; empty when none does. A chain that
 * rules of others refer to is emptied but stays, for it cannot be removed. Pure.
 */
export function renderRemoval(ruleSet: RuleSet, saved: SavedRules): string {
  const tables = [...new Set(ruleSet.chains.map(({ table }) => table))];
  return tables.map((table) => block(table, removalLines(ruleSet, table, saved))).join('');
}

function removalLines(ruleSet: RuleSet, tableName: string, saved: SavedRules): readonly string[] {
  const table = saved.tables.get(tableName) ?? new Map();
  const jumps = ruleSet.jumps
    .filter((jump) => jump.table === tableName)
    .map((jump) => compareJumps([jump], table.get(jump.from)?.rules ?? []));
  const chains = ruleSet.chains.filter(({ table: owner, name }) => owner === tableName && table.has(name));
  const ours = new Set(chains.map(({ name }) => name));
  const removed = new Set(jumps.flatMap(({ from, remove }) => remove.map((rule) => `${from} ${rule}`)));
  const referred = new Set<string | undefined>();
  for (const [name, chain] of saved.tables.get(tableName) ?? []) {
    if (ours.has(name)) continue;
    for (const rule of chain.rules) if (!removed.has(`${name} ${rule}`)) referred.add(targetOf(rule));
  }
  return [
    ...chains.map(({ name }) => `:${name} - [0:0]`),
    ...jumps.flatMap(({ from, remove }) => remove.map((rule) => `-D ${from} ${rule}`)),
    ...chains.filter(({ name }) => !referred.has(name)).map(({ name }) => `-X ${name}`),
  ];
}

function block(table: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${[`*${table}`, ...lines, 'COMMIT'].join('\n')}\n`;
}
