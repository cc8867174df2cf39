import type { RuleSet } from '../../../src/model/rule-set.ts';

/** The rules as flat lines: `rule FAMILY TABLE CHAIN NUMBER: RULE`. */
export function rulesWithoutComments({ family, chains }: RuleSet): readonly string[] {
  return chains.flatMap(({ table, name, rules }) =>
    rules.map((rule, index) => `rule ${family} ${table} ${name} ${index + 1}: ${withoutComment(rule)}`),
  );
}

/** The rule without `-m comment --comment "..."`. */
export function withoutComment(rule: string): string {
  return rule.replace(/-m comment --comment (?:"(?:[^"\\]|\\.)*"|\S+) ?/, '').trim();
}
