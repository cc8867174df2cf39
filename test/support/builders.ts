import type { TrackedFlow } from '../../src/kernel/drivers.ts';
import type { Endpoint, EndpointSlice } from '../../src/kubernetes/objects/endpoint-slice.ts';
import type { Service } from '../../src/kubernetes/objects/service.ts';
import type { Cidr, IpAddress } from '../../src/model/ip.ts';
import type { NodeFacts } from '../../src/plan/node-facts.ts';
import type { PlanConfig } from '../../src/plan/plan-service.ts';
import { familyOf, parseCidr, parseIp } from '../../src/model/ip.ts';
import { serviceKey } from '../../src/model/service-key.ts';

/** The address that the text stands for; throws when it is none. */
export function ip(text: string): IpAddress {
  const address = parseIp(text);
  if (address === undefined) throw new Error(`not an IP address: ${text}`);
  return address;
}

export function cidr(text: string): Cidr {
  const network = parseCidr(text);
  if (network === undefined) throw new Error(`not a network: ${text}`);
  return network;
}

/** A ClusterIP Service `default/web`, TCP 80, with what is given changed. */
export function aService(changes: Partial<Service> = {}): Service {
  const name = changes.name ?? 'web';
  const namespace = changes.namespace ?? 'default';
  return {
    key: serviceKey(namespace, name),
    namespace,
    name,
    uid: `uid-${name}`,
    creationTimeMs: 1_000,
    type: 'ClusterIP',
    clusterIps: [ip('10.96.10.20')],
    ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 0 }],
    affinityTimeoutSeconds: 0,
    externalIps: [],
    loadBalancerIps: [],
    loadBalancerSourceRanges: [],
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
    healthCheckNodePort: 0,
    ...changes,
  };
}

/** A ready endpoint. */
export function anEndpoint(address: string, changes: Partial<Endpoint> = {}): Endpoint {
  return {
    address: ip(address),
    ready: true,
    serving: true,
    terminating: false,
    nodeName: 'node-2',
    ...changes,
  };
}

/** A slice of `default/web` with port `http` 8080. */
export function aSlice(endpoints: readonly Endpoint[], changes: Partial<EndpointSlice> = {}): EndpointSlice {
  const service = changes.service ?? serviceKey('default', 'web');
  return {
    key: `${service}-1`,
    service,
    family: endpoints[0] === undefined ? 'IPv4' : familyOf(endpoints[0].address),
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints,
    places: '',
    lastChangeTriggerTimeMs: 0,
    ...changes,
  };
}

/** node-1, 192.168.0.10, both families. */
export function nodeFacts(changes: Partial<NodeFacts> = {}): NodeFacts {
  return {
    nodeName: 'node-1',
    zone: '',
    knownZones: new Set(),
    families: ['IPv4', 'IPv6'],
    nodeIps: { IPv4: ip('192.168.0.10'), IPv6: ip('fd00::10') },
    nodePortAddresses: [ip('192.168.0.10'), ip('fd00::10')],
    foreignAddresses: new Set([ip('192.168.0.10'), ip('fd00::10')]),
    otherNodeAddresses: new Set(),
    ...changes,
  };
}

export function planConfig(ipvs: Partial<PlanConfig['ipvs']> = {}): PlanConfig {
  return {
    ipvs: {
      scheduler: 'rr',
      excludeCidrs: [],
      strictArp: false,
      tcpTimeoutSeconds: 0,
      tcpFinTimeoutSeconds: 0,
      udpTimeoutSeconds: 0,
      ...ipvs,
    },
    proxier: {
      drainDeadlineMs: 600_000,
      drainUdpGraceMs: 5_000,
      externalPolicyFallback: 'cluster',
      auditPeriodMs: 10_000,
      iptablesFlavour: 'auto',
      operation: { mode: 'active', otherProxy: 'refuse', waitingHealthzPort: 10_356, waitingMetricsPort: 10_349 },
      traffic: { level: 'off', maxSeries: 10_000 },
      apiServer: { urls: [], tlsServerName: '', discovery: false, cacheFile: '' },
      statusSocket: '',
    },
    featureGates: {},
  };
}

/** A UDP flow to 10.96.0.10:53 that 10.244.0.1:5353 answers. */
export function aFlow(changes: Partial<TrackedFlow> = {}): TrackedFlow {
  return {
    protocol: 'UDP',
    originalSource: ip('10.244.9.9'),
    originalSourcePort: 4_000,
    originalDestination: ip('10.96.0.10'),
    originalDestinationPort: 53,
    replySource: ip('10.244.0.1'),
    replySourcePort: 5_353,
    ...changes,
  };
}
