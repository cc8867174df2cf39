import type { Shell } from '../shell.ts';
import { clearKernel } from './kernel-state.ts';

if (process.env.LAB === undefined) throw new Error('this test needs the kernel lab: test/lab/lab.ts run -- ...');

/** An address of each family. */
export interface Addresses {
  readonly IPv4: string;
  readonly IPv6: string;
}

/** Pods: `a`, `b` and `d` are on this node, `c` is on another one. */
export const podAddresses = {
  a: { IPv4: '10.244.1.11', IPv6: 'fd00:10:244:1::11' },
  b: { IPv4: '10.244.1.12', IPv6: 'fd00:10:244:1::12' },
  c: { IPv4: '10.244.2.13', IPv6: 'fd00:10:244:2::13' },
  d: { IPv4: '10.244.1.14', IPv6: 'fd00:10:244:1::14' },
} as const satisfies Record<string, Addresses>;

export type PodName = keyof typeof podAddresses;

/** The node's address on the network of the nodes, on which the outside client is too. */
export const nodeAddresses: Addresses = { IPv4: '192.168.7.1', IPv6: 'fd00:7::1' };
const otherNodeAddresses: Addresses = { IPv4: '192.168.7.2', IPv6: 'fd00:7::2' };
export const outsideAddresses: Addresses = { IPv4: '192.168.7.100', IPv6: 'fd00:7::100' };
/** The node's address towards its pods. */
export const gatewayAddresses: Addresses = { IPv4: '10.244.1.1', IPv6: 'fd00:10:244:1::1' };
const otherGateway: Addresses = { IPv4: '10.244.2.1', IPv6: 'fd00:10:244:2::1' };

/** Addresses of Services, which the outside client sends to the node. */
const serviceNetworks = ['10.96.0.0/16', '203.0.113.0/24', '198.51.100.0/24', 'fd00:10:96::/112', '2001:db8::/32'];
export const podNetworks = ['10.244.0.0/16', 'fd00:10:244::/48'];

const namespaces = ['outside', 'node-2', ...Object.keys(podAddresses).map((name) => `pod-${name}`)];

/**
 * Builds the network on an emptied kernel: a node with three pods, another node with one, and a client outside, joined
 * as in a cluster with routed pods. The node is where the test runs, everything else is a network namespace. The two
 * nodes and the outside client share one network, so an answer that does not go back through the node arrives from the
 * wrong address.
 */
export async function buildNetwork(shell: Shell): Promise<void> {
  await clearKernel(shell);
  await shell.run(networkCommands());
}

/** Takes the network away again, with what was programmed meanwhile. */
export async function removeNetwork(shell: Shell): Promise<void> {
  await clearKernel(shell);
  await shell.run(namespaces.map((name) => `ip netns del ${name}`).join('\n'));
}

function networkCommands(): string {
  return [
    batch(
      '',
      namespaces.map((name) => `netns add ${name}`),
    ),
    nodeNetwork(),
    podLink('a', '', gatewayAddresses),
    podLink('b', '', gatewayAddresses),
    podLink('c', 'node-2', otherGateway),
    podLink('d', '', gatewayAddresses),
    'sysctl -qw net.ipv6.conf.all.forwarding=1',
    // Refusals are tested by the dozen; the kernel would send one per second and client.
    'sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0',
    'ip netns exec node-2 sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1',
  ].join('\n');
}

/** The network of the nodes: a bridge, which stands in the namespace of the outside client. */
function nodeNetwork(): string {
  return [
    batch('outside', [
      'link add lan type bridge',
      ...addressLines('lan', outsideAddresses),
      'link set lan up',
      'link set lo up',
    ]),
    batch('', [
      'link add eth0 type veth peer name port1 netns outside',
      ...addressLines('eth0', nodeAddresses),
      'link set eth0 up',
      `route add 10.244.2.0/24 via ${otherNodeAddresses.IPv4}`,
    ]),
    batch('node-2', [
      'link add eth0 type veth peer name port2 netns outside',
      ...addressLines('eth0', otherNodeAddresses),
      'link set eth0 up',
      'link set lo up',
      `route add 10.244.1.0/24 via ${nodeAddresses.IPv4}`,
      `route add fd00:10:244:1::/64 via ${nodeAddresses.IPv6}`,
    ]),
    batch('', [`route add fd00:10:244:2::/64 via ${otherNodeAddresses.IPv6}`]),
    batch('outside', [
      'link set port1 master lan up',
      'link set port2 master lan up',
      ...serviceNetworks.map((network) => `route add ${network} via ${nodeAddresses[familyOf(network)]}`),
    ]),
  ].join('\n');
}

/** A pod with one address per family, reached by a route of its own; its neighbours are reached through the node. */
function podLink(name: PodName, node: string, gateway: Addresses): string {
  const { IPv4, IPv6 } = podAddresses[name];
  return [
    batch(node, [
      `link add veth-${name} type veth peer name eth0 netns pod-${name}`,
      `address add ${gateway.IPv4}/32 dev veth-${name}`,
      `address add ${gateway.IPv6}/128 dev veth-${name} nodad`,
      `link set veth-${name} up`,
      `route add ${IPv4}/32 dev veth-${name}`,
      `route add ${IPv6}/128 dev veth-${name}`,
    ]),
    batch(`pod-${name}`, [
      'link set lo up',
      `address add ${IPv4}/32 dev eth0`,
      `address add ${IPv6}/128 dev eth0 nodad`,
      'link set eth0 up',
      `route add ${gateway.IPv4} dev eth0`,
      `route add default via ${gateway.IPv4}`,
      `route add ${gateway.IPv6} dev eth0`,
      `route add default via ${gateway.IPv6}`,
    ]),
  ].join('\n');
}

function addressLines(device: string, addresses: Addresses): string[] {
  return [`address add ${addresses.IPv4}/24 dev ${device}`, `address add ${addresses.IPv6}/64 dev ${device} nodad`];
}

function batch(namespace: string, lines: readonly string[]): string {
  const inside = namespace === '' ? '' : `-n ${namespace} `;
  return `ip ${inside}-batch - <<'END'\n${lines.join('\n')}\nEND`;
}

function familyOf(text: string): 'IPv4' | 'IPv6' {
  return text.includes(':') ? 'IPv6' : 'IPv4';
}
