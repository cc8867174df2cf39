import fc from 'fast-check';
import type { EndpointSlice } from '../../../src/kubernetes/objects/endpoint-slice.ts';
import type { Service } from '../../../src/kubernetes/objects/service.ts';
import type { Protocol } from '../../../src/model/service-key.ts';
import type { NodeFacts } from '../../../src/plan/node-facts.ts';
import { aService, anEndpoint, aSlice, cidr, ip, nodeFacts } from '../../support/builders.ts';

/** An address of the node `node-1`, which has no other. */
export const nodeAddress = '192.168.0.10';
export const clusterIp = '10.96.0.20';

const some = <T>(...values: readonly T[]) => fc.constantFrom(...values);

const endpoint = fc.record({
  number: fc.integer({ min: 1, max: 5 }),
  ready: fc.boolean(),
  serving: fc.boolean(),
  terminating: fc.boolean(),
  node: some('node-1', 'node-2', ''),
  zones: some(undefined, ['a'], ['b'], ['a', 'b']),
  nodes: some(undefined, ['node-1'], ['node-2']),
});

const slice = fc.record({
  port: some(8080, 8081),
  endpoints: fc.uniqueArray(endpoint, { maxLength: 4, selector: ({ number }) => number }),
});

/** Everything that a plan of one service port in one family follows from. */
export const inputs = fc.record({
  type: some('ClusterIP' as const, 'NodePort' as const, 'LoadBalancer' as const),
  nodePort: some(0, 30_080),
  protocol: some<Protocol>('TCP', 'UDP', 'SCTP'),
  externalIps: fc.subarray(['203.0.113.7', nodeAddress]),
  ingress: fc.subarray(['198.51.100.9', '198.51.100.8']),
  internal: some('Cluster' as const, 'Local' as const),
  external: some('Cluster' as const, 'Local' as const),
  ranges: fc.subarray(['192.0.2.0/24', '192.168.0.0/16', '0.0.0.0/0', '2001:db8::/32'], { maxLength: 3 }),
  healthPort: some(0, 32_100),
  affinitySeconds: some(0, 300),
  zone: some('', 'a', 'c'),
  slices: fc.array(slice, { maxLength: 3 }),
});

export type Input = typeof inputs extends fc.Arbitrary<infer T> ? T : never;

export function serviceOf(input: Input): Service {
  const { type, protocol, nodePort } = input;
  return aService({
    type,
    clusterIps: [ip(clusterIp)],
    ports: [{ name: 'http', protocol, port: 80, nodePort }],
    externalIps: input.externalIps.map(ip),
    loadBalancerIps: input.ingress.map(ip),
    internalTrafficPolicy: input.internal,
    externalTrafficPolicy: input.external,
    loadBalancerSourceRanges: input.ranges.map(cidr),
    healthCheckNodePort: input.healthPort,
    affinityTimeoutSeconds: input.affinitySeconds,
  });
}

export function slicesOf({ slices, protocol }: Input): readonly EndpointSlice[] {
  return slices.map(({ port, endpoints }, index) => {
    const objects = endpoints.map(({ number, node, zones, nodes, ...conditions }) =>
      anEndpoint(addressOf(number), {
        ...conditions,
        nodeName: node,
        ...(zones && { zoneHints: zones }),
        ...(nodes && { nodeHints: nodes }),
      }),
    );
    return aSlice(objects, { key: `default/web-${index}`, ports: [{ name: 'http', protocol, port }] });
  });
}

export function factsOf({ zone }: Input): NodeFacts {
  const own = ip(nodeAddress);
  return {
    ...nodeFacts(),
    families: ['IPv4'],
    zone,
    nodeName: 'node-1',
    nodeIps: { IPv4: own, IPv6: ip('::1') },
    nodePortAddresses: [own],
    foreignAddresses: new Set([own]),
  };
}

/** Of the endpoint with this number. */
export function addressOf(number: number): string {
  return `10.244.1.${number}`;
}
