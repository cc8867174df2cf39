import type { IpFamily } from '../api-server/services/ip-range.ts';
import { familyOf } from '../api-server/services/ip-range.ts';
import type { ServicePort, ServiceSpec } from '../api-server/services/service-object.ts';
import type { Pod } from './pod.ts';
import { addressesOf, isReady } from './pod.ts';

/** One endpoint of an EndpointSlice. */
export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean };
  readonly targetRef: { readonly kind: 'Pod'; readonly namespace: string; readonly name: string; readonly uid: string };
  readonly nodeName?: string;
  readonly hostname?: string;
  readonly zone?: string;
}

/** One port of an EndpointSlice. */
export interface SlicePort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly appProtocol?: string;
}

export interface PodService {
  readonly name: string;
  readonly spec: ServiceSpec;
}

/**
 * The endpoint of a pod for a Service and one family; undefined when the pod has no address of the family. A terminating
 * pod is never ready, except for Services that publish addresses which are not ready.
 */
export function endpointOfPod(
  pod: Pod,
  service: PodService,
  family: IpFamily,
  zone: string | undefined,
): SliceEndpoint | undefined {
  const address = addressesOf(pod).find((candidate) => familyOf(candidate) === family);
  if (address === undefined) return undefined;
  const { name, namespace = '', uid = '', deletionTimestamp } = pod.metadata;
  const { nodeName, hostname, subdomain } = pod.spec ?? {};
  const serving = isReady(pod);
  const terminating = deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(nodeName !== undefined && { nodeName }),
    ...(hostname !== undefined && subdomain === service.name && { hostname }),
    ...(zone !== undefined && { zone }),
  };
}

/** The ports of a Service as this pod serves them. A port whose target name the pod does not have is left out. */
export function portsOfPod(pod: Pod, service: PodService): readonly SlicePort[] {
  return (service.spec.ports ?? []).flatMap((port) => {
    const number = targetPortOf(pod, port);
    if (number === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = port;
    return [{ name, protocol, port: number, ...(appProtocol !== undefined && { appProtocol }) }];
  });
}

function targetPortOf(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target;
  const ports = (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  const protocol = port.protocol ?? 'TCP';
  return ports.find((entry) => entry.name === target && (entry.protocol ?? 'TCP') === protocol)?.containerPort;
}
