import type { EndpointSlice } from '../../../src/kubernetes/objects/endpoint-slice.ts';
import type { Node } from '../../../src/kubernetes/objects/node.ts';
import type { Service } from '../../../src/kubernetes/objects/service.ts';
import type { ObjectSink } from '../../../src/kubernetes/source.ts';
import type { ServiceKey } from '../../../src/model/service-key.ts';
import type { KubernetesKind, ManifestObject } from '../format/manifest-object.ts';
import type { ObjectChange } from '../format/scenario.ts';
import { DecodeError } from '../../../src/kubernetes/errors.ts';
import { createDecoder } from '../../../src/kubernetes/objects/decoder.ts';
import { watchedEndpointSlices, watchedServices } from '../../../src/kubernetes/watch/watched-resource.ts';
import { objectKey } from '../format/manifest-object.ts';

const selectors: Readonly<Record<KubernetesKind, string>> = {
  Service: watchedServices.labelSelector ?? '',
  EndpointSlice: watchedEndpointSlices.labelSelector ?? '',
  Node: '',
};

/**
 * The objects of an API server, handed to a sink as a watch would: objects that the selectors leave out, and those that
 * cannot be decoded, count as absent.
 */
export class ApiObjects {
  readonly #objects = new Map<string, ManifestObject>();
  readonly #decoder = createDecoder();

  apply(change: ObjectChange): void {
    if (change.kind === 'delete') this.#objects.delete(`${change.resource} ${change.key}`);
    else this.#objects.set(`${change.object.kind} ${objectKey(change.object)}`, change.object);
  }

  /** Hands over everything as complete listings. */
  list(sink: ObjectSink, backwards: boolean): void {
    const objects = [...this.#objects.values()];
    const listings = [
      () => sink.replaceNodes(this.#decoded<Node>(objects, 'Node')),
      () => sink.replaceServices(this.#decoded<Service>(objects, 'Service')),
      () => sink.replaceEndpointSlices(this.#decoded<EndpointSlice>(objects, 'EndpointSlice')),
    ];
    if (backwards) objects.reverse();
    for (const listing of backwards ? listings.reverse() : listings) listing();
  }

  /** Hands over one change as a watch event. */
  send(change: ObjectChange, sink: ObjectSink): void {
    const kind = change.kind === 'delete' ? change.resource : change.object.kind;
    const key = change.kind === 'delete' ? change.key : objectKey(change.object);
    const decoded = change.kind === 'delete' ? undefined : this.#decode(change.object).object;
    if (kind === 'Service') {
      if (decoded === undefined) sink.deleteService(key as ServiceKey);
      else sink.updateService(decoded as Service);
    } else if (kind === 'EndpointSlice') {
      if (decoded === undefined) sink.deleteEndpointSlice(key);
      else sink.updateEndpointSlice(decoded as EndpointSlice);
    } else if (decoded === undefined) sink.deleteNode(key);
    else sink.updateNode(decoded as Node);
  }

  /** What decoding says about the objects as they are now. */
  told(): readonly string[] {
    return [...this.#objects.values()].flatMap((object) => this.#decode(object).told);
  }

  #decoded<T>(objects: readonly ManifestObject[], kind: KubernetesKind): readonly T[] {
    return objects
      .filter((object) => object.kind === kind)
      .map((object) => this.#decode(object).object as T | undefined)
      .filter((object) => object !== undefined);
  }

  #decode(object: ManifestObject): { readonly object: unknown; readonly told: readonly string[] } {
    const name = `${object.kind} ${objectKey(object)}`;
    if (!isSelected(object)) return { object: undefined, told: [] };
    try {
      const decoded = this.#decodeKind(object);
      return {
        object: decoded.object,
        told: decoded.warnings.map((each) => `warning ${name}: ${each.field}: ${each.problem}`),
      };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return { object: undefined, told: [`rejected ${error.message}`] };
    }
  }

  #decodeKind(object: ManifestObject) {
    if (object.kind === 'Service') return this.#decoder.service(object);
    return object.kind === 'EndpointSlice' ? this.#decoder.endpointSlice(object) : this.#decoder.node(object);
  }
}

/** Whether the API server would send the object: its selectors are `!LABEL`, and `spec.clusterIP!=None` for Services. */
function isSelected(object: ManifestObject): boolean {
  const label = selectors[object.kind].replace('!', '');
  if (label !== '' && Object.hasOwn(object.metadata.labels ?? {}, label)) return false;
  const spec = object['spec'] as { readonly clusterIP?: unknown } | undefined;
  return object.kind !== 'Service' || spec?.clusterIP !== 'None';
}
