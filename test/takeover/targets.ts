import { outsideAddresses, podAddresses } from '../support/node-world/network.ts';
import { words } from '../kernel/adoption/upstream-state.ts';
import type { Target } from './traffic.ts';

const { IPv4, IPv6 } = words;
const tcp = (address: string, port: number, pods: string, client?: string): Target => ({
  protocol: 'tcp',
  address,
  port,
  pods,
  ...(client !== undefined && { client }),
});
const udp = (address: string, port: number, pods: string, client?: string): Target => ({
  ...tcp(address, port, pods, client),
  protocol: 'udp',
});

/**
 * Traffic by where it comes from, to Services of every kind. Policy Local has to keep the client's address; so has
 * traffic from a pod to a cluster IP.
 */
export const targets: Readonly<Record<'outside' | 'node' | 'pod', readonly Target[]>> = {
  outside: [
    tcp(IPv4.web.external, 80, 'a', outsideAddresses.IPv4),
    tcp(IPv4.node, 30_080, 'a', outsideAddresses.IPv4),
    tcp(IPv4.shop.external, 80, 'bc'),
    tcp(IPv4.node, 30_090, 'bc'),
    tcp(IPv6.web.external, 80, 'a', outsideAddresses.IPv6),
    tcp(IPv6.shop.external, 80, 'bc'),
    udp(IPv4.web.external, 53, 'a', outsideAddresses.IPv4),
    udp(IPv4.node, 30_053, 'bc'),
  ],
  node: [
    tcp(IPv4.web.cluster, 80, 'ac'),
    tcp(IPv4.shop.cluster, 80, 'bc'),
    tcp(IPv4.inner, 80, 'a'),
    tcp(IPv6.web.cluster, 80, 'ac'),
    udp(IPv4.dns, 53, 'c'),
  ],
  pod: [
    tcp(IPv4.shop.cluster, 80, 'bc', podAddresses.d.IPv4),
    tcp(IPv4.web.cluster, 80, 'ac', podAddresses.d.IPv4),
    tcp(IPv4.sticky, 80, 'ac', podAddresses.d.IPv4),
    tcp(IPv6.shop.cluster, 80, 'bc', podAddresses.d.IPv6),
    udp(IPv4.dns, 53, 'c', podAddresses.d.IPv4),
  ],
};
