import type { PodName } from './network.ts';
import { nodeAddresses, podAddresses } from './network.ts';

/** A Kubernetes object as the API shows it. */
export type ApiObject = Readonly<Record<string, unknown>>;

/** What a test says of a Service; the rest is as the API server would default it. */
export interface ServiceTemplate {
  readonly name: string;
  readonly clusterIPs: readonly string[];
  readonly ports: readonly ServicePortTemplate[];
  readonly type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer';
  /** IPs of `status.loadBalancer.ingress`. */
  readonly ingress?: readonly string[];
  /** Further fields of `spec`. */
  readonly spec?: ApiObject;
}

interface ServicePortTemplate {
  readonly name: string;
  readonly port: number;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
  readonly nodePort?: number;
}

export function serviceObject(template: ServiceTemplate): ApiObject {
  const { name, clusterIPs, ports, type = 'ClusterIP', ingress = [], spec = {} } = template;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      type,
      clusterIP: clusterIPs[0],
      clusterIPs,
      ipFamilies: clusterIPs.map(familyOf),
      ports: ports.map((port) => ({ protocol: 'TCP', ...port })),
      internalTrafficPolicy: 'Cluster',
      ...(type === 'ClusterIP' ? {} : { externalTrafficPolicy: 'Cluster' }),
      ...spec,
    },
    status: { loadBalancer: ingress.length === 0 ? {} : { ingress: ingress.map((ip) => ({ ip, ipMode: 'VIP' })) } },
  };
}

function familyOf(address: string): 'IPv4' | 'IPv6' {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

/** An endpoint: a pod, or a pod with conditions other than ready. */
export type EndpointTemplate = PodName | { readonly pod: PodName; readonly conditions: Conditions };

interface Conditions {
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** A pod that is shutting down and still answers. */
export function terminating(pod: PodName): EndpointTemplate {
  return { pod, conditions: { ready: false, serving: true, terminating: true } };
}

/** Ports on which pods of the world listen, by protocol. */
const targetPorts = { TCP: 8080, UDP: 5353, SCTP: 9000 } as const;

/** The slices of a Service, one per family, with these endpoints for each of its ports. */
export function endpointSlices(service: ServiceTemplate, endpoints: readonly EndpointTemplate[]): readonly ApiObject[] {
  return service.clusterIPs.map(familyOf).map((addressType) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${service.name}-${addressType.toLowerCase()}`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': service.name },
    },
    addressType,
    ports: service.ports.map(({ name, protocol = 'TCP' }) => ({ name, protocol, port: targetPorts[protocol] })),
    endpoints: endpoints.map((endpoint) => {
      const { pod, conditions } = typeof endpoint === 'string' ? { pod: endpoint, conditions: ready } : endpoint;
      return { addresses: [podAddresses[pod][addressType]], conditions, nodeName: pod === 'c' ? 'node-2' : 'node-1' };
    }),
  }));
}

const ready: Conditions = { ready: true, serving: true, terminating: false };

/** The node on which the test runs, as the API has it. */
export function nodeObject(): ApiObject {
  const addresses = Object.values(nodeAddresses).map((address) => ({ type: 'InternalIP', address }));
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1' },
    spec: { podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'] },
    status: { addresses },
  };
}
