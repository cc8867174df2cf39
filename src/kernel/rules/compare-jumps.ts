import type { RuleJump } from '../../model/rule-set.ts';
import { normalizeRule, targetOf } from './normalize.ts';
import { quote } from './tokenize.ts';

/** What has to be done to the jumps of one built-in chain. All of ours are taken out and put in at the head, at once. */
export interface JumpChange {
  readonly from: string;
  /** Rules to delete, as the kernel prints them. */
  readonly remove: readonly string[];
  /** Rules to stand at the head, in this order. */
  readonly insert: readonly string[];
  readonly problems: readonly string[];
}

interface Place {
  readonly jump: RuleJump;
  /** Positions in the built-in chain at which the jump stands. */
  readonly positions: readonly number[];
}

/** Chains of host ports, by the programs that make them: they take what goes to any local address, service addresses too. */
const hostPortChains = new Set([
  'CNI-HOSTPORT-DNAT',
  'CRIO-HOSTPORTS-DNAT',
  'DOCKER',
  'KUBE-HOSTPORTS',
  'NETAVARK-HOSTPORT-DNAT',
]);

/**
 * Compares the jumps wanted in one built-in chain with its rules. A jump is ours when it is exactly what we would
 * write. All must be there once, in order, and in the nat table before the host ports of others. Other rules may
 * stand before or between them: programs that insist on the first place would otherwise fight with us for ever. Pure.
 */
export function compareJumps(wanted: readonly RuleJump[], rules: readonly string[]): JumpChange {
  const canonical = rules.map(normalizeRule);
  const places = wanted.map((jump): Place => {
    const own = normalizeRule(jumpRule(jump));
    return { jump, positions: [...canonical.keys()].filter((position) => canonical[position] === own) };
  });
  const problems = [...countProblems(places), ...orderProblems(places), ...hostPortProblems(places, rules, canonical)];
  return {
    from: wanted[0]?.from ?? '',
    remove: places.flatMap((place) => place.positions.map((position) => rules[position] as string)),
    insert: wanted.map(jumpRule),
    problems,
  };
}

/** The rule of a jump as iptables-restore takes it, without the built-in chain. */
function jumpRule(jump: RuleJump): string {
  const comment = jump.comment === '' ? '' : `-m comment --comment ${quote(jump.comment)} `;
  return `${comment}-j ${jump.to}`;
}

function countProblems(places: readonly Place[]): readonly string[] {
  return places.flatMap(({ jump, positions }) => {
    if (positions.length === 1) return [];
    const found = positions.length === 0 ? 'is missing' : `stands there ${positions.length} times`;
    return [`the jump to ${jump.to} ${found}`];
  });
}

function orderProblems(places: readonly Place[]): readonly string[] {
  const present = places.filter(({ positions }) => positions.length === 1);
  return present.slice(1).flatMap(({ jump, positions }, index) => {
    const before = present[index] as Place;
    const inOrder = (before.positions[0] as number) < (positions[0] as number);
    return inOrder ? [] : [`the jump to ${jump.to} stands before that to ${before.jump.to}`];
  });
}

function hostPortProblems(
  places: readonly Place[],
  rules: readonly string[],
  canonical: readonly string[],
): readonly string[] {
  const hostPorts = canonical.findIndex(isHostPortRule);
  if (hostPorts < 0) return [];
  return places
    .filter(({ jump, positions }) => jump.table === 'nat' && positions.some((position) => position > hostPorts))
    .map(({ jump }) => `the jump to ${jump.to} stands behind host ports: ${rules[hostPorts]}`);
}

/** A rule that takes packets to local addresses out of the way of ours. */
function isHostPortRule(canonical: string): boolean {
  const target = targetOf(canonical);
  if (target === undefined || ['ACCEPT', 'RETURN', 'LOG', 'NFLOG', 'MARK'].includes(target)) return false;
  return hostPortChains.has(target) || /-m addrtype --dst-type LOCAL(?: |$)/.test(canonical);
}
