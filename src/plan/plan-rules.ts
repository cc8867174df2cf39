import type { RuleChain, RuleExtension, RuleJump, RuleSet, RuleTable } from '../model/rule-set.ts';
import type { RuleDraft, RuleNeed, RulePlanInput } from './rules-parts.ts';
import { filterChains, filterRules, outputFilterChain } from './rules-filter.ts';
import { natChains, natRules } from './rules-nat.ts';

/** An extension or a set that this node does not have, and what was left out for it. */
export interface RuleNote {
  readonly missing: RuleNeed;
  /** Rules left out, each as `CHAIN: rule`. Empty for `comment`: the rules then stand without their comments. */
  readonly rulesLeftOut: readonly string[];
}

/** The rules of one family and what had to be left out of them. */
export interface RulePlan extends RuleSet {
  readonly notes: readonly RuleNote[];
}

/** Jumps in the order in which they are to stand in their built-in chain; the order of a clean upstream node. */
const jumps: readonly RuleJump[] = [
  { table: 'nat', from: 'PREROUTING', to: 'KUBE-SERVICES', comment: 'kubernetes service portals' },
  { table: 'nat', from: 'OUTPUT', to: 'KUBE-SERVICES', comment: 'kubernetes service portals' },
  { table: 'nat', from: 'POSTROUTING', to: 'KUBE-POSTROUTING', comment: 'kubernetes postrouting rules' },
  { table: 'filter', from: 'INPUT', to: 'KUBE-IPVS-FILTER', comment: 'kubernetes ipvs access filter' },
  { table: 'filter', from: 'INPUT', to: 'KUBE-PROXY-FIREWALL', comment: 'kube-proxy firewall rules' },
  { table: 'filter', from: 'INPUT', to: 'KUBE-NODE-PORT', comment: 'kubernetes health check rules' },
  { table: 'filter', from: 'FORWARD', to: 'KUBE-PROXY-FIREWALL', comment: 'kube-proxy firewall rules' },
  { table: 'filter', from: 'FORWARD', to: 'KUBE-FORWARD', comment: 'kubernetes forwarding rules' },
  { table: 'filter', from: 'OUTPUT', to: 'KUBE-IPVS-OUT-FILTER', comment: 'kubernetes ipvs access filter' },
];

/**
 * The rules of one family, chain for chain and comment for comment as upstream's ipvs mode writes them, so that either
 * can take over from the other. A rule that needs a missing extension or set is left out and noted; the others stand.
 * Pure; the result does not depend on the order of sets or output filters.
 */
export function planRules(input: RulePlanInput): RulePlan {
  const missing: ReadonlySet<RuleNeed> = new Set([...input.capabilities.missing, ...input.missingSets]);
  const drafts = [...natRules(input), ...filterRules(input)];
  const possible = drafts.filter((draft) => neededBy(draft).every((need) => !missing.has(need)));
  return {
    family: input.family,
    chains: [...chainsOf('nat', natChains, possible, missing), ...chainsOf('filter', filterChains, possible, missing)],
    jumps: missing.has('comment') ? jumps.map((jump) => ({ ...jump, comment: '' })) : jumps,
    notes: [...missing].sort().map((need) => noteFor(need, drafts, missing)),
  };
}

/** Extensions that the rules need, comments included. Pure. */
export function neededExtensions(input: RulePlanInput): ReadonlySet<RuleExtension> {
  const parts = [...natRules(input), ...filterRules(input)].flatMap((draft) => draft.parts);
  return new Set(parts.flatMap(({ needs }) => needs ?? []));
}

function chainsOf(
  table: RuleTable,
  names: readonly string[],
  drafts: readonly RuleDraft[],
  missing: ReadonlySet<RuleNeed>,
): readonly RuleChain[] {
  return names.map((name) => {
    const own = drafts.filter((draft) => draft.table === table && draft.chain === name);
    const chain = { table, name, rules: own.map((draft) => render(draft, missing)) };
    return name === outputFilterChain ? { ...chain, anyOrder: true } : chain;
  });
}

function noteFor(need: RuleNeed, drafts: readonly RuleDraft[], missing: ReadonlySet<RuleNeed>): RuleNote {
  const without = drafts.filter((draft) => neededBy(draft).includes(need));
  return { missing: need, rulesLeftOut: without.map((draft) => `${draft.chain}: ${render(draft, missing)}`) };
}

/** A comment is never needed: the rule does the same without it. */
function neededBy(draft: RuleDraft): readonly RuleNeed[] {
  const own = draft.parts.flatMap(({ needs, set }) => [needs, set].filter((need) => need !== undefined));
  return [...own, ...(draft.dependsOn ?? [])].filter((need) => need !== 'comment');
}

function render(draft: RuleDraft, missing: ReadonlySet<RuleNeed>): string {
  const parts = draft.parts.filter((part) => part.needs !== 'comment' || !missing.has('comment'));
  return parts.map((part) => part.text).join(' ');
}
