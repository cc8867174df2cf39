import type { Endpoint, EndpointSlice } from '../../kubernetes/objects/endpoint-slice.ts';
import { type Place, unpackPlaces } from '../../model/packed-places.ts';
import type { Service } from '../../kubernetes/objects/service.ts';
import type { ServiceKey } from '../../model/service-key.ts';
import type {
  AddressKind,
  ServiceLine,
  StatusAddress,
  StatusEndpoint,
  StatusSlice,
} from '../../model/status-protocol.ts';
import { type VirtualServerKey, virtualServerKey } from '../../model/virtual-server.ts';

/** Which Service has a virtual server; undefined for none. */
export type HolderOf = (key: VirtualServerKey) => ServiceKey | undefined;

/** What tools are told of a Service and its endpoints. Pure. */
export function serviceLine(service: Service, slices: readonly EndpointSlice[], holderOf: HolderOf): ServiceLine {
  const lost = lostAddresses(service, holderOf);
  const { namespace, name, type, internalTrafficPolicy, externalTrafficPolicy, ports } = service;
  return {
    kind: 'service',
    namespace,
    name,
    type,
    internalTrafficPolicy,
    externalTrafficPolicy,
    sessionAffinity: service.affinityTimeoutSeconds,
    addresses: [
      ...from('clusterIP', service.clusterIps),
      ...from('externalIP', service.externalIps),
      ...from('loadBalancer', service.loadBalancerIps),
    ],
    ports,
    slices: slices.map(statusSlice),
    ...(lost.length > 0 && { lost }),
  };
}

function lostAddresses(service: Service, holderOf: HolderOf): readonly StatusAddress[] {
  const addresses = [...service.clusterIps, ...service.externalIps, ...service.loadBalancerIps];
  return service.ports.flatMap(({ protocol, port }) =>
    addresses.flatMap((address) => {
      const holder = holderOf(virtualServerKey({ kind: 'address', protocol, address, port }));
      return holder === undefined || holder === service.key ? [] : { protocol, address, port };
    }),
  );
}

function from(kind: AddressKind, addresses: readonly string[]): ServiceLine['addresses'] {
  return addresses.map((address) => ({ address, from: kind }));
}

function statusSlice({ ports, endpoints, places }: EndpointSlice): StatusSlice {
  const known = unpackPlaces(places);
  return { ports, endpoints: endpoints.map((endpoint, index) => statusEndpoint(endpoint, known[index])) };
}

function statusEndpoint(endpoint: Endpoint, place: Place | undefined): StatusEndpoint {
  const { address, ready, serving, terminating, nodeName } = endpoint;
  return {
    address,
    state: ready ? 'ready' : serving && terminating ? 'serving' : 'notReady',
    ...(terminating && { terminating }),
    ...(place !== undefined && place.pod !== '' && { pod: place.pod }),
    ...(nodeName !== '' && { node: nodeName }),
    ...(place !== undefined && place.zone !== '' && { zone: place.zone }),
  };
}
