import type { EndpointSlice } from '../kubernetes/objects/endpoint-slice.ts';
import type { ServicePort } from '../kubernetes/objects/service.ts';
import type { IpFamily } from '../model/ip.ts';
import type { RealServerKey } from '../model/real-server.ts';
import type { PortEndpoint } from './usable-endpoints.ts';
import { realServerKey } from '../model/real-server.ts';

/**
 * Endpoints of one service port from all slices of the Service, keyed by `address:port`. Slices match by port name and
 * protocol. Of two with one key the later stays, unless it is terminating. The order is the order of the input.
 */
export function portEndpoints(
  slices: readonly EndpointSlice[],
  servicePort: ServicePort,
  family: IpFamily,
  nodeName: string,
): ReadonlyMap<RealServerKey, PortEndpoint> {
  const found = new Map<RealServerKey, PortEndpoint>();
  for (const slice of slices) {
    if (slice.family !== family) continue;
    for (const port of slice.ports) {
      if (port.name !== servicePort.name || port.protocol !== servicePort.protocol) continue;
      addEndpoints(found, slice, port.port, nodeName);
    }
  }
  return found;
}

function addEndpoints(
  found: Map<RealServerKey, PortEndpoint>,
  slice: EndpointSlice,
  port: number,
  nodeName: string,
): void {
  for (const endpoint of slice.endpoints) {
    const key = realServerKey(endpoint.address, port);
    if (found.has(key) && endpoint.terminating) continue;
    found.set(key, { key, endpoint, port, local: endpoint.nodeName !== '' && endpoint.nodeName === nodeName });
  }
}
