import type { StoredObjects } from '../support/api-server/stored-objects.ts';
import type { Pod } from './world.ts';

const tcpServices = ['web-service', 'web-nodeport', 'sticky-service', 'dual-service'];

/** Publishes the pods as endpoints of the Services with `app: web`, as the endpoint slice controller does. */
export function publishEndpoints(objects: StoredObjects, pods: readonly Pod[], nodeName: string): void {
  for (const service of tcpServices) {
    publish(objects, service, 'IPv4', [{ name: 'http', port: 8080, protocol: 'TCP' }], pods, nodeName);
  }
  publish(objects, 'dual-service', 'IPv6', [{ name: 'http', port: 8080, protocol: 'TCP' }], pods, nodeName);
  publish(objects, 'udp-service', 'IPv4', [{ name: 'echo', port: 5353, protocol: 'UDP' }], pods, nodeName);
}

function publish(
  objects: StoredObjects,
  service: string,
  addressType: 'IPv4' | 'IPv6',
  ports: readonly { readonly name: string; readonly port: number; readonly protocol: string }[],
  pods: readonly Pod[],
  nodeName: string,
): void {
  objects.apply({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${service}-${addressType.toLowerCase()}`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': service },
    },
    addressType,
    ports: [...ports],
    endpoints: pods.map((pod) => ({
      addresses: [addressType === 'IPv4' ? pod.ipv4 : pod.ipv6],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName,
      targetRef: { kind: 'Pod', namespace: 'default', name: pod.name },
    })),
  });
}
