import type { IpFamily } from '../../../src/model/ip.ts';
import { ipFamilies } from '../../../src/model/ip.ts';

/**
 * What follows from the lines of a scenario and is not written there: every bound address is in the set of bound
 * addresses, and the rules of each family follow from the sets that hold entries. Stated here once more, independently
 * of the program, from what kube-proxy writes.
 */
export function impliedLines(state: readonly string[]): readonly string[] {
  const bound = state
    .filter((line) => line.startsWith('bound '))
    .map((line) => line.slice('bound '.length))
    .filter((address) => !state.includes(`left ${address}`));
  const entries = bound.map((address) => `${address.includes(':') ? 'KUBE-6-' : 'KUBE-'}IPVS-IPS ${address}`);
  return [...entries, ...ipFamilies.flatMap((family) => ruleLines(family, state))].sort();
}

/** Names in front of the sets of a family; two IPv6 names do not fit into 31 characters and are cut. */
function setName(family: IpFamily, name: string): string {
  return (family === 'IPv4' ? `KUBE-${name}` : `KUBE-6-${name}`).slice(0, 31);
}

/** The rules of a family without their comments, as `rule FAMILY TABLE CHAIN NUMBER: RULE`. */
function ruleLines(family: IpFamily, state: readonly string[]): readonly string[] {
  const filled = new Set(state.filter((line) => line.startsWith('KUBE-')).map((line) => line.split(' ', 1)[0]));
  const leaving = new Set(state.filter((line) => line.startsWith('leaving ')).map((line) => line.split(' ')[1]));
  const holds = (set: string) => filled.has(setName(family, set)) && !leaving.has(setName(family, set));
  const chains = { ...natRules(family, state, holds), ...filterRules(family, state, holds) };
  return Object.entries(chains).flatMap(([chain, rules]) =>
    rules.map((rule, index) => `rule ${family} ${chain} ${index + 1}: ${rule}`),
  );
}

type Chains = Record<string, readonly string[]>;

function natRules(family: IpFamily, state: readonly string[], holds: (set: string) => boolean): Chains {
  const match = (set: string, directions: string) => `-m set --match-set ${setName(family, set)} ${directions}`;
  const when = (set: string, ...rules: readonly string[]) => (holds(set) ? rules : []);
  const accept = (set: string) =>
    when(
      set,
      `${match(set, 'dst,dst')} -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ACCEPT`,
      `${match(set, 'dst,dst')} -m addrtype --dst-type LOCAL -j ACCEPT`,
    );
  const nodePort = (protocol: string, set: string, directions: string, target: string) =>
    when(set, `-p ${protocol} ${match(set, directions)} -j ${target}`);
  return {
    'nat KUBE-SERVICES': [
      family === 'IPv4' ? '-s 127.0.0.0/8 -j RETURN' : '-s ::1/128 -j RETURN',
      ...when('LOAD-BALANCER', `${match('LOAD-BALANCER', 'dst,dst')} -j KUBE-LOAD-BALANCER`),
      ...when('CLUSTER-IP', clusterIpMasquerade(family, state, match)),
      ...when('EXTERNAL-IP', `${match('EXTERNAL-IP', 'dst,dst')} -j KUBE-MARK-MASQ`),
      ...accept('EXTERNAL-IP'),
      ...accept('EXTERNAL-IP-LOCAL'),
      `-m addrtype --dst-type LOCAL -m set ! --match-set ${family === 'IPv4' ? 'KUBE-IPVS-IPS' : 'KUBE-6-IPVS-IPS'} dst -j KUBE-NODE-PORT`,
      ...when('CLUSTER-IP', `${match('CLUSTER-IP', 'dst,dst')} -j ACCEPT`),
      ...when('LOAD-BALANCER', `${match('LOAD-BALANCER', 'dst,dst')} -j ACCEPT`),
    ],
    'nat KUBE-LOAD-BALANCER': [
      ...when('LOAD-BALANCER-LOCAL', `${match('LOAD-BALANCER-LOCAL', 'dst,dst')} -j RETURN`),
      '-j KUBE-MARK-MASQ',
    ],
    'nat KUBE-NODE-PORT': [
      ...nodePort('tcp', 'NODE-PORT-LOCAL-TCP', 'dst', 'RETURN'),
      ...nodePort('tcp', 'NODE-PORT-TCP', 'dst', 'KUBE-MARK-MASQ'),
      ...nodePort('udp', 'NODE-PORT-LOCAL-UDP', 'dst', 'RETURN'),
      ...nodePort('udp', 'NODE-PORT-UDP', 'dst', 'KUBE-MARK-MASQ'),
      ...nodePort('sctp', 'NODE-PORT-LOCAL-SCTP-HASH', 'dst,dst', 'RETURN'),
      ...nodePort('sctp', 'NODE-PORT-SCTP-HASH', 'dst,dst', 'KUBE-MARK-MASQ'),
    ],
    'nat KUBE-POSTROUTING': [
      ...when('LOOP-BACK', `${match('LOOP-BACK', 'dst,dst,src')} -j MASQUERADE`),
      '-m mark ! --mark 0x00004000/0x00004000 -j RETURN',
      '-j MARK --xor-mark 0x00004000',
      '-j MASQUERADE --random-fully',
    ],
    'nat KUBE-MARK-MASQ': ['-j MARK --or-mark 0x00004000'],
  };
}

/** `masquerade IPv4 all`, `masquerade IPv4 ! -s 10.244.0.0/16`; without such a line only what the node sends itself. */
function clusterIpMasquerade(
  family: IpFamily,
  state: readonly string[],
  match: (set: string, directions: string) => string,
): string {
  const told = state
    .find((line) => line.startsWith(`masquerade ${family} `))
    ?.split(' ')
    .slice(2)
    .join(' ');
  const directions = told === undefined ? 'src,dst' : 'dst,dst';
  const extra = told === undefined || told === 'all' ? '' : ` ${told}`;
  return `${match('CLUSTER-IP', directions)}${extra} -j KUBE-MARK-MASQ`;
}

function filterRules(family: IpFamily, state: readonly string[], holds: (set: string) => boolean): Chains {
  const match = (set: string, directions: string) => `-m set --match-set ${setName(family, set)} ${directions}`;
  const when = (set: string, rule: string) => (holds(set) ? [rule] : []);
  return {
    'filter KUBE-FORWARD': [
      '-m mark --mark 0x00004000/0x00004000 -j ACCEPT',
      '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ],
    'filter KUBE-NODE-PORT': [`${match('HEALTH-CHECK-NODE-PORT', 'dst')} -j ACCEPT`],
    'filter KUBE-PROXY-FIREWALL': when(
      'LOAD-BALANCER-FW',
      `${match('LOAD-BALANCER-FW', 'dst,dst')} -j KUBE-SOURCE-RANGES-FIREWALL`,
    ),
    'filter KUBE-SOURCE-RANGES-FIREWALL': [
      ...when('LOAD-BALANCER-SOURCE-CIDR', `${match('LOAD-BALANCER-SOURCE-CIDR', 'dst,dst,src')} -j RETURN`),
      ...when('LOAD-BALANCER-SOURCE-IP', `${match('LOAD-BALANCER-SOURCE-IP', 'dst,dst,src')} -j RETURN`),
      '-j DROP',
    ],
    'filter KUBE-IPVS-FILTER': [
      ...['LOAD-BALANCER', 'CLUSTER-IP', 'EXTERNAL-IP', 'EXTERNAL-IP-LOCAL'].map(
        (set) => `${match(set, 'dst,dst')} -j RETURN`,
      ),
      `${match('HEALTH-CHECK-NODE-PORT', 'dst')} -j RETURN`,
      `-m conntrack --ctstate NEW ${match('IPVS-IPS', 'dst')} -j REJECT`,
    ],
    'filter KUBE-IPVS-OUT-FILTER': refusedToNode(family, state),
  };
}

/** One rule for each line `refused 198.51.100.9,tcp:80`, in order of the alphabet. */
function refusedToNode(family: IpFamily, state: readonly string[]): readonly string[] {
  const refused = state.flatMap((line) => {
    const [, address = '', protocol, port] = /^refused (\S+),(\w+):(\d+)$/.exec(line) ?? [];
    const ofFamily = address !== '' && address.includes(':') === (family === 'IPv6');
    return ofFamily ? [`-s ${address} -m ipvs --vaddr ${address} --vproto ${protocol} --vport ${port} -j DROP`] : [];
  });
  return refused.sort();
}
