import type { ServiceKey } from '../model/service-key.ts';
import type { EndpointSlice } from './objects/endpoint-slice.ts';
import type { Node } from './objects/node.ts';
import type { Service } from './objects/service.ts';

/**
 * Receives decoded objects from a source. Objects are level-triggered: an update carries the whole new object.
 * `replace*` gives a complete listing: what is not in it is gone. A source calls each `replace*` at least once before
 * its consumer may act; after a failure that lost events it calls it again.
 */
export interface ObjectSink {
  updateService(service: Service): void;
  deleteService(key: ServiceKey): void;
  replaceServices(services: Iterable<Service>): void;
  updateEndpointSlice(slice: EndpointSlice): void;
  /** `key` is `namespace/name` of the slice. */
  deleteEndpointSlice(key: string): void;
  replaceEndpointSlices(slices: Iterable<EndpointSlice>): void;
  updateNode(node: Node): void;
  deleteNode(name: string): void;
  replaceNodes(nodes: Iterable<Node>): void;
  /**
   * Whether there are objects that could not be read yet: what the listings leave out may be there all the same, so
   * nothing may be removed for it. Told before the first listing, and again when that changes; never told means no.
   */
  listingsArePartial?(arePartial: boolean): void;
}

/** Where objects come from: an API server or manifests. Runs until `stop`. */
export interface ObjectSource {
  start(): void;
  stop(): void;
}
