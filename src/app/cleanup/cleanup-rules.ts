import type { SavedRules } from '../../kernel/rules/parse-save.ts';
import type { IpFamily } from '../../model/ip.ts';
import type { RuleChain, RuleSet } from '../../model/rule-set.ts';
import { targetOf } from '../../kernel/rules/normalize.ts';
import { planRules } from '../../plan/plan-rules.ts';

/** Chains of ours to remove, with the jumps to them, and why others stay. */
export interface RuleRemoval {
  readonly rules: RuleSet;
  /** Chains that somebody else uses, each with the reason. */
  readonly kept: readonly string[];
}

/** Chains that upstream's iptables mode has too, under the same names. */
const sharedWithIptablesMode = new Set([
  'KUBE-SERVICES',
  'KUBE-POSTROUTING',
  'KUBE-MARK-MASQ',
  'KUBE-FORWARD',
  'KUBE-PROXY-FIREWALL',
]);
/** Where packets that are marked in one are masqueraded in the other. */
const masqueradeChains = new Set(['KUBE-MARK-MASQ', 'KUBE-POSTROUTING']);

/**
 * What of the rules in the kernel is to be removed: chains of the ipvs mode that exist, and the jumps to them. Chains
 * stay as they are when another mode of kube-proxy fills them, or rules of others send packets there to be masqueraded.
 * Pure.
 */
export function rulesToRemove(family: IpFamily, saved: SavedRules): RuleRemoval {
  const planned = planRules({
    family,
    masqueradeBit: 14,
    masqueradeAll: false,
    notLocalMatch: undefined,
    nonEmptySets: new Set(),
    outputFilters: [],
    capabilities: { randomFully: true, missing: new Set() },
    missingSets: new Set(),
  });
  const present = planned.chains.filter(({ table, name }) => saved.tables.get(table)?.has(name) === true);
  const kept = new Map(present.flatMap((chain) => reasonToKeep(chain, present, saved)));
  const isRemoved = (chain: string) => !kept.has(chain);
  const jumps = planned.jumps.filter(({ to }) => isRemoved(to));
  return {
    rules: {
      family,
      chains: present.filter(({ name }) => isRemoved(name)),
      // Where the kernel has no comments, jumps are written without.
      jumps: [...jumps, ...jumps.map((jump) => ({ ...jump, comment: '' }))],
    },
    kept: [...kept].map(([chain, reason]) => `${chain}: ${reason}`),
  };
}

function reasonToKeep({ name }: RuleChain, ours: readonly RuleChain[], saved: SavedRules): readonly [string, string][] {
  if (sharedWithIptablesMode.has(name) && isIptablesModeIn(saved)) {
    return [[name, 'kube-proxy in mode iptables uses it']];
  }
  const user = masqueradeChains.has(name) ? foreignUserOf('KUBE-MARK-MASQ', ours, saved) : undefined;
  return user === undefined ? [] : [[name, `rules in ${user} use it to masquerade`]];
}

function isIptablesModeIn(saved: SavedRules): boolean {
  return [...(saved.tables.get('nat')?.keys() ?? [])].some((chain) => /^KUBE-(SVC|SEP|EXT)-/.test(chain));
}

/** A chain of somebody else from which packets go to a chain of ours in the nat table. */
function foreignUserOf(target: string, ours: readonly RuleChain[], saved: SavedRules): string | undefined {
  const own = new Set(ours.map(({ name }) => name));
  for (const [name, { rules }] of saved.tables.get('nat') ?? []) {
    if (!own.has(name) && rules.some((rule) => targetOf(rule) === target)) return name;
  }
  return undefined;
}
