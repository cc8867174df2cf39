// The kernel as kube-proxy 1.36 leaves it in mode ipvs for the objects of `upstream-objects.ts`, written with the classic
// tools. Nothing here comes from our own plans: it is what a node shows that is about to change over to us.

/** What differs between the families. */
interface FamilyWords {
  /** Prefix of the names of sets. */
  readonly sets: 'KUBE-' | 'KUBE-6-';
  readonly setFamily: 'inet' | 'inet6';
  readonly prefixLength: 32 | 128;
  readonly loopback: string;
  readonly podNetwork: string;
  readonly node: string;
  /** Pods: `a` and `b` of this node, `c` of the other one. */
  readonly a: string;
  readonly b: string;
  readonly c: string;
  readonly web: ServiceAddresses;
  readonly shop: ServiceAddresses;
  readonly sctp: string;
  readonly sticky: string;
  readonly dns: string;
  readonly inner: string;
  /** A range that the node is in, one that it is not in, and a single client. */
  readonly ranges: { readonly node: string; readonly other: string; readonly client: string };
}

interface ServiceAddresses {
  readonly cluster: string;
  readonly external: string;
  readonly balancer: string;
}

export const words: Readonly<Record<'IPv4' | 'IPv6', FamilyWords>> = {
  IPv4: {
    sets: 'KUBE-',
    setFamily: 'inet',
    prefixLength: 32,
    loopback: '127.0.0.0/8',
    podNetwork: '10.244.0.0/16',
    node: '192.168.7.1',
    a: '10.244.1.11',
    b: '10.244.1.12',
    c: '10.244.2.13',
    web: { cluster: '10.96.10.20', external: '203.0.113.7', balancer: '198.51.100.9' },
    shop: { cluster: '10.96.10.30', external: '203.0.113.8', balancer: '198.51.100.8' },
    sctp: '10.96.10.60',
    sticky: '10.96.10.40',
    dns: '10.96.0.10',
    inner: '10.96.10.50',
    ranges: { node: '192.168.7.0/24', other: '192.0.2.0/24', client: '192.0.2.1' },
  },
  IPv6: {
    sets: 'KUBE-6-',
    setFamily: 'inet6',
    prefixLength: 128,
    loopback: '::1/128',
    podNetwork: 'fd00:10:244::/48',
    node: 'fd00:7::1',
    a: 'fd00:10:244:1::11',
    b: 'fd00:10:244:1::12',
    c: 'fd00:10:244:2::13',
    web: { cluster: 'fd00:10:96::20', external: '2001:db8:2::7', balancer: '2001:db8:1::9' },
    shop: { cluster: 'fd00:10:96::30', external: '2001:db8:2::8', balancer: '2001:db8:1::8' },
    sctp: 'fd00:10:96::60',
    sticky: 'fd00:10:96::40',
    dns: 'fd00:10:96::10',
    inner: 'fd00:10:96::50',
    ranges: { node: 'fd00:7::/64', other: '2001:db8:9::/64', client: '2001:db8:9::1' },
  },
};

export type Flavour = 'nft' | 'legacy';

/** Commands for a shell that make the state of both families. `scheduler` is as `ipvsadm -s` takes it. */
export function upstreamCommands(scheduler = 'rr', flavour: Flavour = 'nft'): string {
  const both = [words.IPv4, words.IPv6];
  return [
    'ip link add kube-ipvs0 txqueuelen 0 type dummy',
    `ip -batch - <<'END'\n${both.flatMap(addressLines).join('\n')}\nEND`,
    `ipvsadm -R <<'END'\n${both.flatMap((family) => virtualServerLines(family, scheduler)).join('\n')}\nEND`,
    `ipset restore <<'END'\n${both.flatMap(setLines).join('\n')}\nEND`,
    `iptables-${flavour}-restore --noflush --counters <<'END'\n${rules(words.IPv4)}\nEND`,
    `ip6tables-${flavour}-restore --noflush --counters <<'END'\n${rules(words.IPv6)}\nEND`,
    'sysctl -qw net.ipv4.vs.conntrack=1 net.ipv4.vs.expire_nodest_conn=1 net.ipv4.vs.expire_quiescent_template=1',
    'sysctl -qw net.ipv4.ip_forward=1',
    // As many flows as one processor gets at least.
    'sysctl -qw net.netfilter.nf_conntrack_max=131072',
    'echo 32768 >/sys/module/nf_conntrack/parameters/hashsize',
    'sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_established=86400',
    'sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_close_wait=3600',
  ].join('\n');
}

/**
 * What the first sync of an upstream that comes back writes over what it finds: its chains and entries, the same as
 * before. Its jumps are there already.
 */
export function upstreamSyncCommands(flavour: Flavour = 'nft'): string {
  const both = [words.IPv4, words.IPv6];
  const chains = (family: FamilyWords) =>
    rules(family)
      .split('\n')
      .filter((line) => !line.startsWith('-I '))
      .join('\n');
  return [
    `ipset restore -exist <<'END'\n${both.flatMap(setLines).join('\n')}\nEND`,
    `iptables-${flavour}-restore --noflush --counters <<'END'\n${chains(words.IPv4)}\nEND`,
    `ip6tables-${flavour}-restore --noflush --counters <<'END'\n${chains(words.IPv6)}\nEND`,
  ].join('\n');
}

function addressLines({ web, shop, sctp, sticky, dns, inner, prefixLength }: FamilyWords): string[] {
  const addresses = [...Object.values(web), ...Object.values(shop), sctp, sticky, dns, inner];
  return addresses.map((address) => `address add ${address}/${prefixLength} dev kube-ipvs0`);
}

function virtualServerLines(family: FamilyWords, scheduler: string): string[] {
  const { a, b, c, web, shop, node } = family;
  const server = (flag: string, address: string, port: number, targetPort: number, pods: string[], more = '') => {
    const name = `-${flag} ${at(address, port)}`;
    const real = pods.map((pod) => `-a ${name} -r ${at(pod, targetPort)} -m -w 1`);
    return [`-A ${name} -s ${scheduler}${more}`, ...real];
  };
  const tcp = (address: string, port: number, pods: string[], more = '') =>
    server('t', address, port, 8080, pods, more);
  const udp = (address: string, port: number, pods: string[]) => server('u', address, port, 5353, pods);
  return [
    ...tcp(web.cluster, 80, [a, c]),
    ...tcp(web.external, 80, [a]),
    ...tcp(web.balancer, 80, [a]),
    ...tcp(node, 30_080, [a]),
    ...udp(web.cluster, 53, [a, c]),
    ...udp(web.external, 53, [a]),
    ...udp(web.balancer, 53, [a]),
    ...udp(node, 30_153, [a]),
    ...tcp(shop.cluster, 80, [b, c]),
    ...tcp(shop.external, 80, [b, c]),
    ...tcp(shop.balancer, 80, [b, c]),
    ...tcp(node, 30_090, [b, c]),
    ...udp(shop.cluster, 53, [b, c]),
    ...udp(shop.external, 53, [b, c]),
    ...udp(shop.balancer, 53, [b, c]),
    ...udp(node, 30_053, [b, c]),
    ...server('-sctp-service', family.sctp, 9000, 9000, [a]),
    ...server('-sctp-service', node, 30_900, 9000, [a]),
    ...tcp(family.sticky, 80, [a, c], ' -p 10800'),
    ...udp(family.dns, 53, [c]),
    ...tcp(family.inner, 80, [a]),
  ];
}

function at(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function setLines(family: FamilyWords): string[] {
  const { a, b, web, shop, node, ranges, sctp, sticky, dns, inner } = family;
  const cut = family.setFamily === 'inet6';
  const hash = (name: string, type: string, entries: string[]) => [
    `create ${family.sets}${name} ${type} family ${family.setFamily} hashsize 1024 maxelem 65536`,
    ...entries.map((entry) => `add ${family.sets}${name} ${entry}`),
  ];
  const ports = (name: string, entries: number[]) => [
    `create ${family.sets}${name} bitmap:port range 0-65535`,
    ...entries.map((entry) => `add ${family.sets}${name} ${entry}`),
  ];
  const both = (address: string) => [`${address},tcp:80`, `${address},udp:53`];
  const withRange = (address: string, range: string) => both(address).map((entry) => `${entry},${range}`);
  return [
    ...hash('LOOP-BACK', 'hash:ip,port,ip', [
      `${a},tcp:8080,${a}`,
      `${a},udp:5353,${a}`,
      `${a},sctp:9000,${a}`,
      `${b},tcp:8080,${b}`,
      `${b},udp:5353,${b}`,
    ]),
    ...hash('CLUSTER-IP', 'hash:ip,port', [
      ...both(web.cluster),
      ...both(shop.cluster),
      `${sctp},sctp:9000`,
      `${sticky},tcp:80`,
      `${dns},udp:53`,
      `${inner},tcp:80`,
    ]),
    ...hash('EXTERNAL-IP', 'hash:ip,port', both(shop.external)),
    ...hash('EXTERNAL-IP-LOCAL', 'hash:ip,port', both(web.external)),
    ...hash('LOAD-BALANCER', 'hash:ip,port', [...both(web.balancer), ...both(shop.balancer)]),
    ...hash('LOAD-BALANCER-FW', 'hash:ip,port', [...both(web.balancer), ...both(shop.balancer)]),
    ...hash('LOAD-BALANCER-LOCAL', 'hash:ip,port', both(web.balancer)),
    ...hash(
      'LOAD-BALANCER-SOURCE-IP',
      'hash:ip,port,ip',
      both(shop.balancer).map((entry) => `${entry},${shop.balancer}`),
    ),
    ...hash(cut ? 'LOAD-BALANCER-SOURCE-CID' : 'LOAD-BALANCER-SOURCE-CIDR', 'hash:ip,port,net', [
      ...withRange(web.balancer, ranges.other),
      ...withRange(shop.balancer, ranges.node),
      ...withRange(shop.balancer, ranges.client),
    ]),
    ...ports('NODE-PORT-TCP', [30_080, 30_090]),
    ...ports('NODE-PORT-LOCAL-TCP', [30_080]),
    ...ports('NODE-PORT-UDP', [30_053, 30_153]),
    ...ports('NODE-PORT-LOCAL-UDP', [30_153]),
    ...hash('NODE-PORT-SCTP-HASH', 'hash:ip,port', [`${node},sctp:30900`]),
    ...hash(cut ? 'NODE-PORT-LOCAL-SCTP-HAS' : 'NODE-PORT-LOCAL-SCTP-HASH', 'hash:ip,port', [`${node},sctp:30900`]),
    ...ports('HEALTH-CHECK-NODE-PORT', [32_100]),
    ...hash('IPVS-IPS', 'hash:ip', [...Object.values(web), ...Object.values(shop), sctp, sticky, dns, inner]),
  ];
}

/** Chains in the order in which they are made, jumps each put in front, rules as they are restored; with counters. */
function rules(family: FamilyWords): string {
  const { loopback, podNetwork, web, sets } = family;
  const cut = family.setFamily === 'inet6';
  const cidrs = cut ? 'LOAD-BALANCER-SOURCE-CID' : 'LOAD-BALANCER-SOURCE-CIDR';
  const localSctp = cut ? 'NODE-PORT-LOCAL-SCTP-HAS' : 'NODE-PORT-LOCAL-SCTP-HASH';
  const set = (name: string, directions: string) => `-m set --match-set ${sets}${name} ${directions}`;
  const says = (text: string) => `-m comment --comment "${text}"`;
  const external = says('Kubernetes service external ip + port for masquerade and filter purpose');
  const externalLocal = says('Kubernetes service external ip + port with externalTrafficPolicy=local');
  const local = (kind: string) => says(`Kubernetes nodeport ${kind} port with externalTrafficPolicy=local`);
  const masquerade = (kind: string) => says(`Kubernetes nodeport ${kind} port for masquerade purpose`);
  const jump = (chain: string, text: string, to: string) => `-I ${chain} ${says(text)} -j ${to}`;
  const lines = [
    '*nat',
    ':KUBE-SERVICES - [0:0]',
    ':KUBE-POSTROUTING - [0:0]',
    ':KUBE-NODE-PORT - [0:0]',
    ':KUBE-LOAD-BALANCER - [0:0]',
    ':KUBE-MARK-MASQ - [0:0]',
    jump('OUTPUT', 'kubernetes service portals', 'KUBE-SERVICES'),
    jump('PREROUTING', 'kubernetes service portals', 'KUBE-SERVICES'),
    jump('POSTROUTING', 'kubernetes postrouting rules', 'KUBE-POSTROUTING'),
    `-A KUBE-SERVICES -s ${loopback} -j RETURN`,
    `-A KUBE-POSTROUTING ${says('Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose')} ${set('LOOP-BACK', 'dst,dst,src')} -j MASQUERADE`,
    `-A KUBE-SERVICES ${says('Kubernetes service lb portal')} ${set('LOAD-BALANCER', 'dst,dst')} -j KUBE-LOAD-BALANCER`,
    `-A KUBE-LOAD-BALANCER ${says('Kubernetes service load balancer ip + port with externalTrafficPolicy=local')} ${set('LOAD-BALANCER-LOCAL', 'dst,dst')} -j RETURN`,
    `-A KUBE-NODE-PORT -p tcp ${local('TCP')} ${set('NODE-PORT-LOCAL-TCP', 'dst')} -j RETURN`,
    `-A KUBE-NODE-PORT -p tcp ${masquerade('TCP')} ${set('NODE-PORT-TCP', 'dst')} -j KUBE-MARK-MASQ`,
    `-A KUBE-NODE-PORT -p udp ${local('UDP')} ${set('NODE-PORT-LOCAL-UDP', 'dst')} -j RETURN`,
    `-A KUBE-NODE-PORT -p udp ${masquerade('UDP')} ${set('NODE-PORT-UDP', 'dst')} -j KUBE-MARK-MASQ`,
    `-A KUBE-NODE-PORT -p sctp ${says("Kubernetes nodeport SCTP port with externalTrafficPolicy=local with type 'hash ip:port'")} ${set(localSctp, 'dst,dst')} -j RETURN`,
    `-A KUBE-NODE-PORT -p sctp ${says("Kubernetes nodeport SCTP port for masquerade purpose with type 'hash ip:port'")} ${set('NODE-PORT-SCTP-HASH', 'dst,dst')} -j KUBE-MARK-MASQ`,
    `-A KUBE-SERVICES ${says('Kubernetes service cluster ip + port for masquerade purpose')} ${set('CLUSTER-IP', 'dst,dst')} ! -s ${podNetwork} -j KUBE-MARK-MASQ`,
    `-A KUBE-SERVICES ${external} ${set('EXTERNAL-IP', 'dst,dst')} -j KUBE-MARK-MASQ`,
    `-A KUBE-SERVICES ${external} ${set('EXTERNAL-IP', 'dst,dst')} -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ACCEPT`,
    `-A KUBE-SERVICES ${external} ${set('EXTERNAL-IP', 'dst,dst')} -m addrtype --dst-type LOCAL -j ACCEPT`,
    `-A KUBE-SERVICES ${externalLocal} ${set('EXTERNAL-IP-LOCAL', 'dst,dst')} -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ACCEPT`,
    `-A KUBE-SERVICES ${externalLocal} ${set('EXTERNAL-IP-LOCAL', 'dst,dst')} -m addrtype --dst-type LOCAL -j ACCEPT`,
    '-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT',
    '-A KUBE-LOAD-BALANCER -j KUBE-MARK-MASQ',
    `-A KUBE-SERVICES ${set('CLUSTER-IP', 'dst,dst')} -j ACCEPT`,
    `-A KUBE-SERVICES ${set('LOAD-BALANCER', 'dst,dst')} -j ACCEPT`,
    '-A KUBE-POSTROUTING -m mark ! --mark 0x00004000/0x00004000 -j RETURN',
    '-A KUBE-POSTROUTING -j MARK --xor-mark 0x00004000',
    `-A KUBE-POSTROUTING ${says('kubernetes service traffic requiring SNAT')} -j MASQUERADE --random-fully`,
    '-A KUBE-MARK-MASQ -j MARK --or-mark 0x00004000',
    'COMMIT',
    '*filter',
    ':KUBE-FORWARD - [0:0]',
    ':KUBE-NODE-PORT - [0:0]',
    ':KUBE-PROXY-FIREWALL - [0:0]',
    ':KUBE-SOURCE-RANGES-FIREWALL - [0:0]',
    ':KUBE-IPVS-FILTER - [0:0]',
    ':KUBE-IPVS-OUT-FILTER - [0:0]',
    jump('FORWARD', 'kubernetes forwarding rules', 'KUBE-FORWARD'),
    jump('INPUT', 'kubernetes health check rules', 'KUBE-NODE-PORT'),
    jump('INPUT', 'kube-proxy firewall rules', 'KUBE-PROXY-FIREWALL'),
    jump('FORWARD', 'kube-proxy firewall rules', 'KUBE-PROXY-FIREWALL'),
    jump('INPUT', 'kubernetes ipvs access filter', 'KUBE-IPVS-FILTER'),
    jump('OUTPUT', 'kubernetes ipvs access filter', 'KUBE-IPVS-OUT-FILTER'),
    `-A KUBE-PROXY-FIREWALL ${says('Kubernetes service load balancer ip + port for load balancer with sourceRange')} ${set('LOAD-BALANCER-FW', 'dst,dst')} -j KUBE-SOURCE-RANGES-FIREWALL`,
    `-A KUBE-SOURCE-RANGES-FIREWALL ${says('Kubernetes service load balancer ip + port + source cidr for packet filter purpose')} ${set(cidrs, 'dst,dst,src')} -j RETURN`,
    `-A KUBE-SOURCE-RANGES-FIREWALL ${says('Kubernetes service load balancer ip + port + source IP for packet filter purpose')} ${set('LOAD-BALANCER-SOURCE-IP', 'dst,dst,src')} -j RETURN`,
    '-A KUBE-SOURCE-RANGES-FIREWALL -j DROP',
    // In any order; this is not the one that we write.
    `-A KUBE-IPVS-OUT-FILTER -s ${web.balancer} -m ipvs --vaddr ${web.balancer} --vproto udp --vport 53 -j DROP`,
    `-A KUBE-IPVS-OUT-FILTER -s ${web.balancer} -m ipvs --vaddr ${web.balancer} --vproto tcp --vport 80 -j DROP`,
    `-A KUBE-FORWARD ${says('kubernetes forwarding rules')} -m mark --mark 0x00004000/0x00004000 -j ACCEPT`,
    `-A KUBE-FORWARD ${says('kubernetes forwarding conntrack rule')} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    `-A KUBE-NODE-PORT ${says('Kubernetes health check node port')} ${set('HEALTH-CHECK-NODE-PORT', 'dst')} -j ACCEPT`,
    `-A KUBE-IPVS-FILTER ${set('LOAD-BALANCER', 'dst,dst')} -j RETURN`,
    `-A KUBE-IPVS-FILTER ${set('CLUSTER-IP', 'dst,dst')} -j RETURN`,
    `-A KUBE-IPVS-FILTER ${set('EXTERNAL-IP', 'dst,dst')} -j RETURN`,
    `-A KUBE-IPVS-FILTER ${set('EXTERNAL-IP-LOCAL', 'dst,dst')} -j RETURN`,
    `-A KUBE-IPVS-FILTER ${set('HEALTH-CHECK-NODE-PORT', 'dst')} -j RETURN`,
    `-A KUBE-IPVS-FILTER -m conntrack --ctstate NEW ${set('IPVS-IPS', 'dst')} -j REJECT`,
    'COMMIT',
  ];
  return lines.map((line) => (line.startsWith('-A KUBE-') ? `[7:420] ${line}` : line)).join('\n');
}
