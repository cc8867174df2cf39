import type { KubernetesObject } from '../api-server/objects/kubernetes-object.ts';
import { keyOf, objectKey } from '../api-server/objects/kubernetes-object.ts';
import type { Change } from '../api-server/objects/object-store.ts';
import { serviceSpec } from '../api-server/services/service-object.ts';
import type { StoredObjects } from '../api-server/stored-objects.ts';
import { groupEndpoints } from './group-endpoints.ts';
import { packSlices } from './pack-slices.ts';
import { asPod } from './pod.ts';
import { contentOfSlice, isManaged, SERVICE_NAME_LABEL, sliceObject } from './slice-object.ts';

export interface EndpointControllerOptions {
  readonly objects: StoredObjects;
  /** Default 100, as the real controller. */
  readonly maximumEndpointsPerSlice?: number;
}

export interface EndpointController {
  /** Resolves when the slices answer all changes so far. Rejects with what went wrong since the last call. */
  settled(): Promise<void>;
  stop(): void;
}

/**
 * Keeps the EndpointSlices of Services with a selector as their pods are: what the endpoint slice controller does in a
 * real cluster. Works on the objects of a server in this process; changes of one turn of the event loop are one.
 */
export function startEndpointController(options: EndpointControllerOptions): EndpointController {
  return new Controller(options);
}

type ObjectsByKey = Map<string, KubernetesObject>;

class Controller implements EndpointController {
  readonly #objects: StoredObjects;
  readonly #maximum: number;
  readonly #services: ObjectsByKey = new Map();
  readonly #podsByNamespace = new Map<string, ObjectsByKey>();
  readonly #slicesByService = new Map<string, ObjectsByKey>();
  readonly #zones = new Map<string, string | undefined>();
  /** Services to look at, and since when, in milliseconds since 1970. */
  readonly #dirty = new Map<string, number>();
  readonly #stops: (() => void)[];
  readonly #failures: Error[] = [];
  #round: Promise<void> | undefined;
  #writing = false;

  constructor(options: EndpointControllerOptions) {
    this.#objects = options.objects;
    this.#maximum = options.maximumEndpointsPerSlice ?? 100;
    this.#stops = [
      this.#objects.watch('nodes', (change) => this.#onNode(change)),
      this.#objects.watch('endpointslices', (change) => this.#onSlice(change)),
      this.#objects.watch('pods', (change) => this.#onPod(change)),
      this.#objects.watch('services', (change) => this.#onService(change)),
    ];
  }

  async settled(): Promise<void> {
    while (this.#round !== undefined) await this.#round;
    const failures = this.#failures.splice(0);
    if (failures.length > 0) throw new AggregateError(failures, failures.map((failure) => failure.message).join('; '));
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#dirty.clear();
  }

  #onService(change: Change): void {
    const key = keyOf(change.object);
    if (change.type === 'DELETED') this.#services.delete(key);
    else this.#services.set(key, change.object);
    this.#markDirty(key);
  }

  #onPod(change: Change): void {
    const { namespace = '' } = change.object.metadata;
    const pods = entry(this.#podsByNamespace, namespace);
    if (change.type === 'DELETED') pods.delete(keyOf(change.object));
    else pods.set(keyOf(change.object), change.object);
    for (const [key, service] of this.#services) {
      if (service.metadata.namespace !== namespace) continue;
      const affected = [change.object, change.previous].some((pod) => pod !== undefined && selects(service, pod));
      if (affected) this.#markDirty(key);
    }
  }

  /** Remembers our slices; repairs what others did to them. */
  #onSlice(change: Change): void {
    const { labels, namespace } = change.object.metadata;
    const serviceKey = objectKey(namespace, labels?.[SERVICE_NAME_LABEL] ?? '');
    const slices = entry(this.#slicesByService, serviceKey);
    if (change.type === 'DELETED' || !isManaged(change.object)) slices.delete(keyOf(change.object));
    else slices.set(keyOf(change.object), change.object);
    if (!this.#writing) this.#markDirty(serviceKey);
  }

  #onNode(change: Change): void {
    const { name, labels } = change.object.metadata;
    const zone = change.type === 'DELETED' ? undefined : labels?.['topology.kubernetes.io/zone'];
    if (this.#zones.get(name) === zone) return;
    this.#zones.set(name, zone);
    for (const key of this.#services.keys()) this.#markDirty(key);
  }

  #markDirty(key: string): void {
    if (!this.#dirty.has(key)) this.#dirty.set(key, Date.now());
    this.#round ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#round = undefined;
        this.#syncAll();
        resolve();
      });
    });
  }

  #syncAll(): void {
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    this.#writing = true;
    for (const [key, sinceMs] of dirty) {
      try {
        this.#sync(key, sinceMs);
      } catch (error) {
        this.#failures.push(new Error(`EndpointSlices of Service ${key} could not be written`, { cause: error }));
      }
    }
    this.#writing = false;
  }

  #sync(key: string, sinceMs: number): void {
    const service = this.#services.get(key);
    const present = [...entry(this.#slicesByService, key).values()];
    if (service === undefined) return this.#remove(present);
    const spec = serviceSpec(service);
    // Slices of Services without a selector are somebody else's.
    if (Object.keys(spec.selector ?? {}).length === 0 || spec.type === 'ExternalName') return;
    const pods = [...entry(this.#podsByNamespace, service.metadata.namespace ?? '').values()];
    const chosen = pods.filter((pod) => selects(service, pod)).map(asPod);
    const contents = present.map(contentOfSlice);
    const wanted = (spec.ipFamilies ?? []).flatMap((family) => {
      const same = contents.filter((content) => content.addressType === family);
      const groups = groupEndpoints({ name: service.metadata.name, spec }, family, chosen, (node) =>
        this.#zones.get(node),
      );
      return packSlices(family, groups, same, this.#maximum);
    });
    for (const content of wanted) {
      const slice = present.find((candidate) => candidate.metadata.name === content.name);
      const object = sliceObject(service, content, slice, sinceMs);
      if (object !== undefined) this.#objects.apply(object);
    }
    this.#remove(present.filter((slice) => wanted.every((content) => content.name !== slice.metadata.name)));
  }

  #remove(slices: readonly KubernetesObject[]): void {
    for (const slice of slices) this.#objects.delete('endpointslices', keyOf(slice));
  }
}

/** Whether a Service has a selector and the pod's labels fit it. */
function selects(service: KubernetesObject, pod: KubernetesObject): boolean {
  const selector = Object.entries(serviceSpec(service).selector ?? {});
  return selector.length > 0 && selector.every(([name, value]) => pod.metadata.labels?.[name] === value);
}

function entry(map: Map<string, ObjectsByKey>, key: string): ObjectsByKey {
  let objects = map.get(key);
  if (objects === undefined) {
    objects = new Map();
    map.set(key, objects);
  }
  return objects;
}
