import type { IpFamily } from '../api-server/services/ip-range.ts';
import type { PodService, SliceEndpoint, SlicePort } from './endpoint-of-pod.ts';
import { endpointOfPod, portsOfPod } from './endpoint-of-pod.ts';
import type { EndpointGroup } from './pack-slices.ts';
import { portKey } from './pack-slices.ts';
import type { Pod } from './pod.ts';
import { mayHaveEndpoint } from './pod.ts';

/** The endpoints of a Service in one family, grouped by ports: pods can give a named target port different numbers. */
export function groupEndpoints(
  service: PodService,
  family: IpFamily,
  pods: readonly Pod[],
  zoneOfNode: (nodeName: string) => string | undefined,
): readonly EndpointGroup[] {
  const groups = new Map<string, { ports: readonly SlicePort[]; endpoints: SliceEndpoint[] }>();
  for (const pod of pods.filter(mayHaveEndpoint)) {
    const zone = pod.spec?.nodeName === undefined ? undefined : zoneOfNode(pod.spec.nodeName);
    const endpoint = endpointOfPod(pod, service, family, zone);
    if (endpoint === undefined) continue;
    const ports = portsOfPod(pod, service);
    const group = groups.get(portKey(ports)) ?? { ports, endpoints: [] };
    group.endpoints.push(endpoint);
    groups.set(portKey(ports), group);
  }
  return [...groups.values()];
}
