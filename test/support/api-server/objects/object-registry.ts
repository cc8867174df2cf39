import { randomInt, randomUUID } from 'node:crypto';
import type { ServiceAllocation } from '../services/service-allocation.ts';
import type { KindRules } from './kind-rules.ts';
import { kindRules } from './kind-rules.ts';
import type { KubernetesObject, ObjectMeta } from './kubernetes-object.ts';
import { keyOf, kubernetesTime, objectKey, sameJson } from './kubernetes-object.ts';
import { validateMetadata, validateUpdateOfMetadata } from './metadata-validation.ts';
import type { ObjectStore } from './object-store.ts';
import type { Resource } from './resources.ts';
import { RESOURCES } from './resources.ts';
import { alreadyExists, conflict, invalid, notFound } from './status.ts';

export interface WriteOptions {
  /** Do everything except storing. */
  readonly dryRun?: boolean;
  /** `status`: only the status is written. `all`: specification and status, which no HTTP client can do. */
  readonly part?: 'main' | 'status' | 'all';
}

export interface RemoveOptions {
  readonly dryRun?: boolean;
  /** For pods on a node: seconds until they are gone, 0 to remove at once. Default: what the pod asks for. */
  readonly gracePeriodSeconds?: number | undefined;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined;
}

/** Writes objects as the API server does: identity, defaults, allocation, validation, generations, finalizers. */
export class ObjectRegistry {
  readonly #store: ObjectStore;
  readonly #rules: Readonly<Record<string, KindRules>>;
  readonly #terminations = new Map<string, NodeJS.Timeout>();

  constructor(store: ObjectStore, allocation: ServiceAllocation) {
    this.#store = store;
    this.#rules = kindRules(allocation);
  }

  /** Stops what is still to happen: the removal of terminating pods. */
  stop(): void {
    for (const timer of this.#terminations.values()) clearTimeout(timer);
    this.#terminations.clear();
  }

  find(resource: Resource, namespace: string | undefined, name: string): KubernetesObject | undefined {
    return this.#store.get(resource.storage, objectKey(namespace, name));
  }

  /** Throws 404 when there is no such object. */
  get(resource: Resource, namespace: string | undefined, name: string): KubernetesObject {
    const object = this.find(resource, namespace, name);
    if (object === undefined) throw notFound(resource, name);
    return object;
  }

  /** Takes over `object`. Throws 409 when it exists, 422 when it is invalid, 404 when its namespace is missing. */
  create(resource: Resource, object: KubernetesObject, options: WriteOptions = {}): KubernetesObject {
    const { metadata } = object;
    if (!metadata.name && metadata.generateName) metadata.name = metadata.generateName + randomSuffix();
    this.#requireNamespace(resource, metadata.namespace);
    if (resource.hasStatus && options.part !== 'all') delete object['status'];
    metadata.uid = randomUUID();
    metadata.creationTimestamp = kubernetesTime(new Date());
    if (resource.countsGenerations) metadata.generation = 1;
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    this.#prepare(resource, object, undefined);
    if (this.find(resource, metadata.namespace, metadata.name) !== undefined)
      throw alreadyExists(resource, metadata.name);
    return this.#write(resource, object, undefined, options);
  }

  /**
   * Takes over `object` as the new state of the stored object of that name. An update without effect returns the stored
   * one. Throws 404, 409 when `metadata.resourceVersion` is given and not current, 422.
   */
  update(resource: Resource, object: KubernetesObject, options: WriteOptions = {}): KubernetesObject {
    const { name, namespace, resourceVersion } = object.metadata;
    const previous = this.get(resource, namespace, name);
    if (resourceVersion && resourceVersion !== previous.metadata.resourceVersion) {
      throw conflict(
        resource,
        name,
        'the object has been modified; please apply your changes to the latest version and try again',
      );
    }
    const next = partOfUpdate(resource, object, previous, options);
    const causes = validateUpdateOfMetadata(next, previous);
    if (causes.length > 0) throw invalid(resource, name, causes);
    next.metadata = withServerFields(next.metadata, previous.metadata);
    this.#prepare(resource, next, previous);
    if (sameJson(next, previous)) return previous;
    if (resource.countsGenerations && !sameJson(contentOf(next), contentOf(previous))) {
      next.metadata.generation = (previous.metadata.generation ?? 1) + 1;
    }
    return this.#write(resource, next, previous, options);
  }

  /** Removes an object, or marks it for removal: with finalizers, or a pod on a node. Returns its last state. */
  remove(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    options: RemoveOptions = {},
  ): KubernetesObject {
    const object = this.get(resource, namespace, name);
    const { uid, resourceVersion } = options.preconditions ?? {};
    if (uid !== undefined && uid !== object.metadata.uid) {
      throw conflict(
        resource,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${object.metadata.uid}`,
      );
    }
    if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion) {
      throw conflict(resource, name, `Precondition failed: ResourceVersion in precondition: ${resourceVersion}`);
    }
    if (options.dryRun === true) return object;
    const graceSeconds = graceOf(object, options);
    if (graceSeconds === 0 && (object.metadata.finalizers ?? []).length === 0) return this.#removeNow(resource, object);
    return this.#markForRemoval(resource, object, graceSeconds);
  }

  #prepare(resource: Resource, object: KubernetesObject, previous: KubernetesObject | undefined): void {
    const rules = this.#rules[resource.kind];
    const name = object.metadata.name;
    const basics = validateMetadata(resource, object);
    if (basics.length > 0) throw invalid(resource, name ?? '', basics);
    rules?.fillDefaults?.(object, previous);
    const causes = rules?.validate?.(object, previous) ?? [];
    if (causes.length > 0) throw invalid(resource, name, causes);
    const refused = rules?.allocate?.(object, previous) ?? [];
    if (refused.length > 0) throw invalid(resource, name, refused);
  }

  #write(
    resource: Resource,
    object: KubernetesObject,
    previous: KubernetesObject | undefined,
    options: WriteOptions,
  ): KubernetesObject {
    if (options.dryRun === true) return object;
    const stored = this.#store.put(resource.storage, object);
    this.#rules[resource.kind]?.commit?.(previous, stored);
    const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = stored.metadata;
    const released = deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0 && finalizers.length === 0;
    return released ? this.#removeNow(resource, stored) : stored;
  }

  #removeNow(resource: Resource, object: KubernetesObject): KubernetesObject {
    if (resource.kind === 'Namespace') this.#emptyNamespace(object.metadata.name);
    const removed = this.#store.remove(resource.storage, keyOf(object)) ?? object;
    this.#rules[resource.kind]?.commit?.(object, undefined);
    return removed;
  }

  #emptyNamespace(namespace: string): void {
    for (const resource of RESOURCES.filter((candidate) => candidate.namespaced)) {
      for (const object of Array.from(this.#store.values(resource.storage))) {
        if (object.metadata.namespace === namespace) this.#removeNow(resource, object);
      }
    }
  }

  #markForRemoval(resource: Resource, object: KubernetesObject, graceSeconds: number): KubernetesObject {
    const due = new Date(Date.now() + graceSeconds * 1000);
    const metadata: ObjectMeta = {
      ...object.metadata,
      deletionTimestamp: kubernetesTime(due),
      deletionGracePeriodSeconds: graceSeconds,
    };
    const marked = object.metadata.deletionTimestamp !== undefined && graceSeconds > 0;
    const stored = marked ? object : this.#write(resource, { ...object, metadata }, object, {});
    if (graceSeconds > 0 && !marked) this.#scheduleEnd(resource, stored, graceSeconds);
    return stored;
  }

  /** Plays the kubelet: after the grace period the pod is gone. */
  #scheduleEnd(resource: Resource, object: KubernetesObject, graceSeconds: number): void {
    const { namespace, name, uid = '' } = object.metadata;
    const timer = setTimeout(() => {
      this.#terminations.delete(uid);
      const current = this.find(resource, namespace, name);
      if (current?.metadata.uid === uid) this.remove(resource, namespace, name, { gracePeriodSeconds: 0 });
    }, graceSeconds * 1000);
    timer.unref();
    this.#terminations.set(uid, timer);
  }

  #requireNamespace(resource: Resource, namespace: string | undefined): void {
    if (!resource.namespaced || this.#store.get('namespaces', objectKey(undefined, namespace ?? '')) !== undefined)
      return;
    throw notFound({ group: '', plural: 'namespaces', kind: 'Namespace' }, namespace ?? '');
  }
}

/** Which parts of the new state the request may write. */
function partOfUpdate(
  resource: Resource,
  object: KubernetesObject,
  previous: KubernetesObject,
  options: WriteOptions,
): KubernetesObject {
  // Copies: the result of a patch shares parts with the stored object, and defaults are filled in place.
  if (!resource.hasStatus || options.part === 'all') return structuredClone(object);
  const { status: _status, ...rest } = options.part === 'status' ? previous : object;
  const source = options.part === 'status' ? object : previous;
  const status = source['status'] === undefined ? {} : { status: structuredClone(source['status']) };
  return {
    ...structuredClone(rest),
    ...status,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: rest.metadata,
  };
}

function withServerFields(metadata: ObjectMeta, previous: ObjectMeta): ObjectMeta {
  const { uid, resourceVersion, generation, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds } =
    previous;
  const kept = { uid, resourceVersion, generation, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds };
  const managedFields = metadata.managedFields ?? previous.managedFields;
  const all = { ...metadata, ...kept, managedFields };
  // Absent fields must stay absent, or every update would look like a change. The name comes from `metadata`.
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as ObjectMeta;
}

function contentOf(object: KubernetesObject): object {
  const { metadata: _metadata, status: _status, ...content } = object;
  return content;
}

/** Seconds until a pod on a node is gone; 0 for everything else. */
function graceOf(object: KubernetesObject, options: RemoveOptions): number {
  if (object.kind !== 'Pod') return 0;
  const spec = object['spec'] as { nodeName?: string; terminationGracePeriodSeconds?: number } | undefined; // filled by defaults
  if (!spec?.nodeName) return 0;
  return options.gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
}

/** Five characters without vowels, as names made from `generateName` end. */
function randomSuffix(): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('');
}
