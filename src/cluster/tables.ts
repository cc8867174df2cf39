import type { EndpointSlice } from '../kubernetes/objects/endpoint-slice.ts';
import type { Node } from '../kubernetes/objects/node.ts';
import type { Service } from '../kubernetes/objects/service.ts';
import type { ObjectSink } from '../kubernetes/source.ts';
import type { ServiceKey } from '../model/service-key.ts';

/** What the API (or the manifests) says right now, and which Services are concerned by what changed in it. */
export class ClusterTables implements ObjectSink {
  readonly #services = new Map<ServiceKey, Service>();
  readonly #slices = new Map<string, EndpointSlice>();
  /** In name order, so that duplicates of an endpoint are settled the same way every time. */
  readonly #slicesOfService = new Map<ServiceKey, readonly EndpointSlice[]>();
  readonly #nodes = new Map<string, Node>();
  readonly #onChange: () => void;
  #changedServices = new Set<ServiceKey>();
  #nodesVersion = 0;
  #servicesListed = false;
  #slicesListed = false;
  #arePartial = false;

  /** `onChange` is called after every event that changed something, and when the tables get in sync. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Whether Services and EndpointSlices have been listed completely at least once. Nothing may be written before. */
  get inSync(): boolean {
    return this.#servicesListed && this.#slicesListed;
  }

  /** Whether there may be objects that are not in here, because they could not be read yet. */
  get arePartial(): boolean {
    return this.#arePartial;
  }

  get serviceCount(): number {
    return this.#services.size;
  }

  service(key: ServiceKey): Service | undefined {
    return this.#services.get(key);
  }

  /** Slices of the Service, in name order. */
  slicesOf(key: ServiceKey): readonly EndpointSlice[] {
    return this.#slicesOfService.get(key) ?? [];
  }

  /** `key` is `namespace/name` of the slice. */
  slice(key: string): EndpointSlice | undefined {
    return this.#slices.get(key);
  }

  node(name: string): Node | undefined {
    return this.#nodes.get(name);
  }

  nodes(): Iterable<Node> {
    return this.#nodes.values();
  }

  serviceKeys(): Iterable<ServiceKey> {
    return this.#services.keys();
  }

  /** Another number whenever a Node came, went or changed. */
  get nodesVersion(): number {
    return this.#nodesVersion;
  }

  get hasChangedServices(): boolean {
    return this.#changedServices.size > 0;
  }

  /** Hands over which Services changed since it was last asked. */
  takeChangedServices(): ReadonlySet<ServiceKey> {
    const changed = this.#changedServices;
    if (changed.size > 0) this.#changedServices = new Set();
    return changed;
  }

  updateService(service: Service): void {
    this.#services.set(service.key, service);
    this.#markService(service.key);
  }

  deleteService(key: ServiceKey): void {
    if (this.#services.delete(key)) this.#markService(key);
  }

  replaceServices(services: Iterable<Service>): void {
    const gone = new Set(this.#services.keys());
    for (const service of services) {
      gone.delete(service.key);
      this.updateService(service);
    }
    for (const key of gone) this.deleteService(key);
    this.#servicesListed = true;
    this.#onChange();
  }

  updateEndpointSlice(slice: EndpointSlice): void {
    const previous = this.#slices.get(slice.key);
    if (previous !== undefined && previous.service !== slice.service) this.#detach(previous);
    this.#slices.set(slice.key, slice);
    this.#slicesOfService.set(slice.service, withSlice(this.slicesOf(slice.service), slice));
    this.#markService(slice.service);
  }

  deleteEndpointSlice(key: string): void {
    const slice = this.#slices.get(key);
    if (slice === undefined) return;
    this.#slices.delete(key);
    this.#detach(slice);
  }

  replaceEndpointSlices(slices: Iterable<EndpointSlice>): void {
    const gone = new Set(this.#slices.keys());
    for (const slice of slices) {
      gone.delete(slice.key);
      this.updateEndpointSlice(slice);
    }
    for (const key of gone) this.deleteEndpointSlice(key);
    this.#slicesListed = true;
    this.#onChange();
  }

  /** A Node changes every few minutes without saying anything new. */
  updateNode(node: Node): void {
    const previous = this.#nodes.get(node.name);
    this.#nodes.set(node.name, node);
    if (JSON.stringify(previous) !== JSON.stringify(node)) this.#markNodes();
  }

  deleteNode(name: string): void {
    if (this.#nodes.delete(name)) this.#markNodes();
  }

  replaceNodes(nodes: Iterable<Node>): void {
    this.#nodes.clear();
    for (const node of nodes) this.#nodes.set(node.name, node);
    this.#markNodes();
  }

  listingsArePartial(arePartial: boolean): void {
    this.#arePartial = arePartial;
    this.#onChange();
  }

  #detach(slice: EndpointSlice): void {
    const siblings = this.slicesOf(slice.service).filter(({ key }) => key !== slice.key);
    if (siblings.length === 0) this.#slicesOfService.delete(slice.service);
    else this.#slicesOfService.set(slice.service, siblings);
    this.#markService(slice.service);
  }

  #markService(key: ServiceKey): void {
    this.#changedServices.add(key);
    this.#onChange();
  }

  #markNodes(): void {
    this.#nodesVersion++;
    this.#onChange();
  }
}

/** The list, which is in name order, with this slice in its place. */
function withSlice(slices: readonly EndpointSlice[], slice: EndpointSlice): readonly EndpointSlice[] {
  const before = slices.filter(({ key }) => key < slice.key);
  const after = slices.filter(({ key }) => key > slice.key);
  return before.concat(slice, after);
}
