import type { EndpointSlice } from '../../src/kubernetes/objects/endpoint-slice.ts';
import { decodeEndpointSlice } from '../../src/kubernetes/objects/endpoint-slice.ts';
import { createInterner } from '../../src/kubernetes/objects/interner.ts';
import type { Service } from '../../src/kubernetes/objects/service.ts';
import { decodeService } from '../../src/kubernetes/objects/service.ts';
import type { ClusterSize } from './cluster-json.ts';
import { endpointSlice, service } from './cluster-json.ts';

/** Objects in hand: decoded from JSON as the daemon decodes what the API server sends. */
export interface ClusterObjects {
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
}

/** Services of one TCP port and one slice each; all endpoints are ready and on other nodes. */
export function clusterObjects({ services, endpointsPerService }: ClusterSize): ClusterObjects {
  const indexes = Array.from({ length: services }, (_, index) => index);
  const interner = createInterner();
  return {
    services: indexes.map((index) => decoded(decodeService(overTheWire(service(index, 1)), interner).object)),
    slices: indexes.map((index) =>
      decoded(decodeEndpointSlice(overTheWire(endpointSlice(index, 1, endpointsPerService)), interner).object),
    ),
  };
}

/** The slice with one more endpoint, which no other slice has. `pod` is 0 to 65,535. */
export function withOneMoreEndpoint(slice: EndpointSlice, pod: number): EndpointSlice {
  const [first] = slice.endpoints;
  if (first === undefined) throw new Error(`${slice.key} has no endpoint to take after`);
  const address = `10.250.${pod >> 8}.${pod & 255}` as typeof first.address; // in canonical form
  return { ...slice, endpoints: [...slice.endpoints, { ...first, address }] };
}

function overTheWire(object: object): unknown {
  return JSON.parse(JSON.stringify(object));
}

function decoded<T>(object: T | undefined): T {
  if (object === undefined) throw new Error('an object of the synthetic cluster does not decode');
  return object;
}
