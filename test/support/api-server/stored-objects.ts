import { parseAllDocuments } from 'yaml';
import { absorb, present } from './objects/event-conversion.ts';
import type { KubernetesObject, ObjectInput } from './objects/kubernetes-object.ts';
import { isRecord, readObject } from './objects/kubernetes-object.ts';
import type { ObjectRegistry } from './objects/object-registry.ts';
import type { Change, ChangeListener, ObjectStore } from './objects/object-store.ts';
import type { Resource } from './objects/resources.ts';
import { findResource, RESOURCES, resourceOfKind } from './objects/resources.ts';
import { applyMergePatch } from './patches/merge-patch.ts';

/**
 * The server's objects without HTTP, for tests and controllers in the same process. Resources are named as kubectl
 * names them (`services`, `endpointslices`, `events.events.k8s.io`), objects by `namespace/name`, or by `name` alone
 * when they are in no namespace. Writes follow the rules of the server and throw its `ApiError`s; unlike clients they
 * may write the status together with the rest.
 */
export class StoredObjects {
  readonly #store: ObjectStore;
  readonly #registry: ObjectRegistry;

  constructor(store: ObjectStore, registry: ObjectRegistry) {
    this.#store = store;
    this.#registry = registry;
  }

  /** Resource version of the latest write. */
  get revision(): number {
    return this.#store.revision;
  }

  /** Creates the object or replaces it whole. `apiVersion` and a missing namespace are filled in; the namespace is created. */
  apply(input: ObjectInput): KubernetesObject {
    const resource = resourceOfInput(input);
    const object = absorb(resource, readObject(input, resource));
    if (resource.namespaced) this.#ensureNamespace((object.metadata.namespace ??= 'default'));
    const { namespace, name } = object.metadata;
    if (name !== undefined && this.#registry.find(resource, namespace, name) !== undefined) {
      return this.#registry.update(resource, withoutVersion(object), { part: 'all' });
    }
    return this.#registry.create(resource, object, { part: 'all' });
  }

  /** Applies every document of a YAML text. */
  applyYaml(text: string): readonly KubernetesObject[] {
    const documents = parseAllDocuments(text).map((document): unknown => {
      if (document.errors.length > 0) throw new Error(`manifest is not YAML: ${document.errors[0]?.message}`);
      return document.toJS();
    });
    return documents.filter(isManifest).map((document) => this.apply(document));
  }

  /** Merges a patch (RFC 7386) into an object, its status included. */
  patch(resourceName: string, key: string, patch: object): KubernetesObject {
    const resource = resourceNamed(resourceName);
    const current = this.#registry.get(resource, ...splitKey(resource, key));
    // Merging keeps the outline of an object.
    const patched = applyMergePatch(current, patch) as KubernetesObject;
    return this.#registry.update(resource, withoutVersion(patched), { part: 'all' });
  }

  get(resourceName: string, key: string): KubernetesObject | undefined {
    const resource = resourceNamed(resourceName);
    const object = this.#registry.find(resource, ...splitKey(resource, key));
    return object === undefined ? undefined : present(resource, object);
  }

  /** All objects of a resource, or those of a namespace, in no order. */
  list(resourceName: string, namespace?: string): readonly KubernetesObject[] {
    const resource = resourceNamed(resourceName);
    const all = [...this.#store.values(resource.storage)].map((object) => present(resource, object));
    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  /** Removes an object; one that does not exist throws 404. Pods on a node get their grace period unless it is given. */
  delete(resourceName: string, key: string, gracePeriodSeconds?: number): void {
    const resource = resourceNamed(resourceName);
    this.#registry.remove(resource, ...splitKey(resource, key), { gracePeriodSeconds });
  }

  /** Calls the listener with every object there is (as ADDED), then with every change. Returns the way to stop. */
  watch(resourceName: string, listener: ChangeListener): () => void {
    const resource = resourceNamed(resourceName);
    const revision = this.#store.revision;
    for (const object of Array.from(this.#store.values(resource.storage))) {
      listener({ type: 'ADDED', object: present(resource, object), previous: undefined, revision });
    }
    return this.#store.subscribe(resource.storage, (change) => listener(presentChange(resource, change)));
  }

  #ensureNamespace(name: string): void {
    if (this.get('namespaces', name) === undefined) this.apply({ kind: 'Namespace', metadata: { name } });
  }
}

function resourceOfInput(input: ObjectInput): Resource {
  const { kind, apiVersion } = input;
  const resource =
    apiVersion === undefined ? RESOURCES.find((entry) => entry.kind === kind) : resourceOfKind(apiVersion, kind);
  if (resource === undefined)
    throw new Error(`no kind ${JSON.stringify(kind)} in ${JSON.stringify(apiVersion) ?? 'any version'}`);
  return resource;
}

function resourceNamed(name: string): Resource {
  const dot = name.indexOf('.');
  const plural = dot === -1 ? name : name.slice(0, dot);
  const resource =
    dot === -1 ? RESOURCES.find((entry) => entry.plural === plural) : findResource(name.slice(dot + 1), plural);
  if (resource === undefined) throw new Error(`no resource ${name}`);
  return resource;
}

function splitKey(resource: Resource, key: string): [string | undefined, string] {
  const [first = '', second, ...rest] = key.split('/');
  if (rest.length > 0 || (second !== undefined) !== resource.namespaced) {
    throw new Error(`key ${key} of ${resource.plural} must be ${resource.namespaced ? 'namespace/name' : 'a name'}`);
  }
  return second === undefined ? [undefined, first] : [first, second];
}

/** Writes of a test win whatever version it has seen. */
function withoutVersion(object: KubernetesObject): KubernetesObject {
  const { resourceVersion: _resourceVersion, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function presentChange(resource: Resource, change: Change): Change {
  const previous = change.previous === undefined ? undefined : present(resource, change.previous);
  return { ...change, object: present(resource, change.object), previous };
}

function isManifest(document: unknown): document is ObjectInput {
  return isRecord(document) && isRecord(document['metadata']);
}
