import { endpointSlices, serviceObject, type ServiceTemplate } from '../../support/node-world/cluster-objects.ts';
import { words } from './upstream-state.ts';

const { IPv4, IPv6 } = words;
const ports = (tcp: number, udp: number) => [
  { name: 'http', port: 80, nodePort: tcp },
  { name: 'dns', port: 53, protocol: 'UDP' as const, nodePort: udp },
];

/** Of all kinds: every set of upstream's has entries. */
const web: ServiceTemplate = {
  name: 'web',
  type: 'LoadBalancer',
  clusterIPs: [IPv4.web.cluster, IPv6.web.cluster],
  ports: ports(30_080, 30_153),
  ingress: [IPv4.web.balancer, IPv6.web.balancer],
  spec: {
    externalIPs: [IPv4.web.external, IPv6.web.external],
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 32_100,
    loadBalancerSourceRanges: [IPv4.ranges.other, IPv6.ranges.other],
  },
};
const shop: ServiceTemplate = {
  name: 'shop',
  type: 'LoadBalancer',
  clusterIPs: [IPv4.shop.cluster, IPv6.shop.cluster],
  ports: ports(30_090, 30_053),
  ingress: [IPv4.shop.balancer, IPv6.shop.balancer],
  spec: {
    externalIPs: [IPv4.shop.external, IPv6.shop.external],
    loadBalancerSourceRanges: [
      IPv4.ranges.node,
      IPv6.ranges.node,
      `${IPv4.ranges.client}/32`,
      `${IPv6.ranges.client}/128`,
    ],
  },
};
const sctp: ServiceTemplate = {
  name: 'sctp',
  type: 'NodePort',
  clusterIPs: [IPv4.sctp, IPv6.sctp],
  ports: [{ name: 'stream', port: 9000, protocol: 'SCTP', nodePort: 30_900 }],
  spec: { externalTrafficPolicy: 'Local' },
};
const sticky: ServiceTemplate = {
  name: 'sticky',
  clusterIPs: [IPv4.sticky, IPv6.sticky],
  ports: [{ name: 'http', port: 80 }],
  spec: { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } } },
};
const dns: ServiceTemplate = {
  name: 'dns',
  clusterIPs: [IPv4.dns, IPv6.dns],
  ports: [{ name: 'dns', port: 53, protocol: 'UDP' }],
};
const inner: ServiceTemplate = {
  name: 'inner',
  clusterIPs: [IPv4.inner, IPv6.inner],
  ports: [{ name: 'http', port: 80 }],
  spec: { internalTrafficPolicy: 'Local' },
};

export const upstreamObjects = [
  ...[web, shop, sctp, sticky, dns, inner].map(serviceObject),
  ...endpointSlices(web, ['a', 'c']),
  ...endpointSlices(shop, ['b', 'c']),
  ...endpointSlices(sctp, ['a']),
  ...endpointSlices(sticky, ['a', 'c']),
  ...endpointSlices(dns, ['c']),
  ...endpointSlices(inner, ['a', 'c']),
];
