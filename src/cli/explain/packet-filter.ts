import { type Cidr, type IpAddress, isInCidr, parseCidr, parseIp } from '../../model/ip.ts';

/** The filter table of a family as iptables-save prints it. */
export type FilterTable = Readonly<Record<string, { readonly policy?: string; readonly rules: readonly string[] }>>;

/** A packet as far as it is known; what is not known matches perhaps. */
export interface FilteredPacket {
  readonly source?: IpAddress;
  /** An address of this node, if it is known. */
  readonly destination?: IpAddress;
  readonly protocol: string;
  readonly destinationPort?: number;
  readonly state: 'NEW' | 'ESTABLISHED';
  /** Sets of ours that hold its destination. */
  readonly memberOf: readonly string[];
}

/** What becomes of a packet: `unsure` where that hangs on something that is not known. */
export interface FilterVerdict {
  readonly kind: 'passes' | 'dropped' | 'unsure';
  /** The rule or policy that decides. */
  readonly by: string;
}

type Match = 'yes' | 'no' | 'perhaps';

/** Chains within chains, at most. */
const deepest = 20;

/**
 * Follows a packet through a built-in chain. Matches that are not known here, such as interfaces and marks, match
 * perhaps: what comes of such a rule is unsure, unless the end is the same without it. Pure.
 */
export function filterPacket(table: FilterTable, chain: string, packet: FilteredPacket): FilterVerdict {
  const state: WalkState = { mayPass: false, mayDropBy: undefined };
  const decided = walk(table, chain, packet, state, deepest) ?? byPolicy(table, chain);
  if (decided.kind === 'dropped' && state.mayPass) return { ...decided, kind: 'unsure' };
  if (decided.kind === 'passes' && state.mayDropBy !== undefined) return { kind: 'unsure', by: state.mayDropBy };
  return decided;
}

function byPolicy(table: FilterTable, chain: string): FilterVerdict {
  const policy = table[chain]?.policy ?? 'ACCEPT';
  return { kind: policy === 'DROP' ? 'dropped' : 'passes', by: `policy ${policy} of ${chain}` };
}

/** What rules that match perhaps may have done with the packet. */
interface WalkState {
  mayPass: boolean;
  mayDropBy: string | undefined;
}

/** Undefined when the packet comes to the end of the chain, or returns from it. */
function walk(
  table: FilterTable,
  chain: string,
  packet: FilteredPacket,
  state: WalkState,
  depth: number,
): FilterVerdict | undefined {
  let mayHaveReturned = false;
  for (const rule of table[chain]?.rules ?? []) {
    const { match, target } = readRule(rule, packet);
    if (match === 'no' || target === '') continue;
    const verdict = verdictOf(table, { chain, rule, target }, packet, state, depth);
    if (verdict === undefined) continue;
    if (verdict === 'return') {
      if (match === 'yes') return undefined;
      mayHaveReturned = true;
      continue;
    }
    if (match === 'yes' && !mayHaveReturned) return verdict;
    if (verdict.kind === 'passes') state.mayPass = true;
    else state.mayDropBy ??= verdict.by;
    if (match === 'yes') return undefined; // it has come here only if it has not returned before
  }
  return undefined;
}

function verdictOf(
  table: FilterTable,
  { chain, rule, target }: { readonly chain: string; readonly rule: string; readonly target: string },
  packet: FilteredPacket,
  state: WalkState,
  depth: number,
): FilterVerdict | 'return' | undefined {
  const by = `${chain}: ${rule}`;
  if (target === 'ACCEPT') return { kind: 'passes', by };
  if (target === 'DROP' || target === 'REJECT') return { kind: 'dropped', by };
  if (target === 'RETURN') return 'return';
  if (table[target] === undefined || depth === 0) return undefined;
  return walk(table, target, packet, state, depth - 1);
}

function readRule(rule: string, packet: FilteredPacket): { readonly match: Match; readonly target: string } {
  const words = rule.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  let match: Match = 'yes';
  let target = '';
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as string;
    if (word === '-j' || word === '-g') {
      target = words[index + 1] ?? '';
      break; // what follows belongs to the target
    }
    if (word === '!' || !word.startsWith('-')) continue;
    const negated = words[index - 1] === '!' || words[index + 1] === '!';
    const [value = '', second = ''] = words.slice(words[index + 1] === '!' ? index + 2 : index + 1);
    match = both(match, negate(optionMatches(word, value, second, packet), negated));
  }
  return { match, target };
}

function optionMatches(option: string, value: string, second: string, packet: FilteredPacket): Match {
  switch (option) {
    case '-s':
      return inNetwork(packet.source, value);
    case '-d':
      return inNetwork(packet.destination, value);
    case '-p':
      return known(packet.protocol.toLowerCase() === value || value === 'all');
    case '--dport':
    case '--dports':
      return portMatches(packet.destinationPort, value);
    case '--ctstate':
    case '--state':
      return known(value.split(',').includes(packet.state));
    case '-i':
      // What comes through loopback comes from the node itself.
      return value === 'lo' ? 'no' : 'perhaps';
    case '--dst-type':
      return packet.destination === undefined ? 'perhaps' : known(value === 'LOCAL');
    case '--tcp-flags':
      return tcpFlagsMatch(value, second, packet);
    case '--match-set':
      return inSet(value, packet);
    case '-m':
    case '--comment':
      return 'yes';
    default:
      return 'perhaps';
  }
}

/** The first packet of a connection has the flag SYN and no other; of later ones nothing is known. */
function tcpFlagsMatch(mask: string, wanted: string, { state }: FilteredPacket): Match {
  if (state !== 'NEW') return 'perhaps';
  const looksAtSyn = mask.split(',').some((flag) => flag === 'SYN' || flag === 'ALL');
  return known(wanted === (looksAtSyn ? 'SYN' : 'NONE'));
}

/** Sets that are not ours match perhaps. Whether source ranges let the client in is looked at for itself. */
function inSet(name: string, { memberOf }: FilteredPacket): Match {
  if (!name.startsWith('KUBE-') || name.endsWith('-LOOP-BACK')) return 'perhaps';
  if (name.includes('-SOURCE-')) return 'yes';
  return known(memberOf.includes(name));
}

function inNetwork(address: IpAddress | undefined, value: string): Match {
  const single = parseIp(value);
  const network: Cidr | undefined = parseCidr(
    single === undefined ? value : `${single}/${single.includes(':') ? 128 : 32}`,
  );
  if (address === undefined || network === undefined) return network?.endsWith('/0') ? 'yes' : 'perhaps';
  return known(isInCidr(address, network));
}

function portMatches(port: number | undefined, value: string): Match {
  if (port === undefined) return 'perhaps';
  return known(
    value.split(',').some((each) => {
      const [first = Number.NaN, last = first] = each.split(':').map(Number);
      return port >= first && port <= last;
    }),
  );
}

function known(isSo: boolean): Match {
  return isSo ? 'yes' : 'no';
}

function negate(match: Match, negated: boolean): Match {
  if (!negated || match === 'perhaps') return match;
  return match === 'yes' ? 'no' : 'yes';
}

function both(a: Match, b: Match): Match {
  if (a === 'no' || b === 'no') return 'no';
  return a === 'yes' && b === 'yes' ? 'yes' : 'perhaps';
}
