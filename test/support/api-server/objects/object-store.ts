import type { KubernetesObject } from './kubernetes-object.ts';
import { keyOf } from './kubernetes-object.ts';

/** One write. `object` of a deletion is the last state, with the version of the deletion. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubernetesObject;
  readonly previous: KubernetesObject | undefined;
  readonly revision: number;
}

export type ChangeListener = (change: Change) => void;

interface Collection {
  readonly objects: Map<string, KubernetesObject>;
  readonly history: Change[];
  readonly listeners: Set<ChangeListener>;
  /** The newest revision that the history can no longer lead away from. */
  compactedRevision: number;
}

/**
 * All objects in memory, by storage name and key, with the history that watches resume from. One counter gives every
 * write of any collection its resource version, as etcd does. Listeners are called during the write.
 */
export class ObjectStore {
  readonly #collections = new Map<string, Collection>();
  readonly #historyLimit: number;
  #revision = 1;

  /** @param historyLimit changes kept per collection, at least 1 */
  constructor(historyLimit: number) {
    this.#historyLimit = historyLimit;
  }

  /** Revision of the latest write. */
  get revision(): number {
    return this.#revision;
  }

  get(storage: string, key: string): KubernetesObject | undefined {
    return this.#collection(storage).objects.get(key);
  }

  /** Current objects, in no order. */
  values(storage: string): IterableIterator<KubernetesObject> {
    return this.#collection(storage).objects.values();
  }

  /** Writes an object under a new resource version and returns what was stored. */
  put(storage: string, object: KubernetesObject): KubernetesObject {
    const collection = this.#collection(storage);
    const previous = collection.objects.get(keyOf(object));
    const stored = this.#withNextRevision(object);
    collection.objects.set(keyOf(stored), stored);
    const type = previous === undefined ? 'ADDED' : 'MODIFIED';
    this.#publish(collection, { type, object: stored, previous, revision: this.#revision });
    return stored;
  }

  /** Removes an object and returns its last state; undefined if there is none. */
  remove(storage: string, key: string): KubernetesObject | undefined {
    const collection = this.#collection(storage);
    const previous = collection.objects.get(key);
    if (previous === undefined) return undefined;
    collection.objects.delete(key);
    const object = this.#withNextRevision(previous);
    this.#publish(collection, { type: 'DELETED', object, previous, revision: this.#revision });
    return object;
  }

  subscribe(storage: string, listener: ChangeListener): () => void {
    const { listeners } = this.#collection(storage);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Changes after a revision, oldest first; undefined when the history does not reach back that far. */
  changesSince(storage: string, revision: number): readonly Change[] | undefined {
    const { history, compactedRevision } = this.#collection(storage);
    if (revision < compactedRevision) return undefined;
    const start = history.findIndex((change) => change.revision > revision);
    return start === -1 ? [] : history.slice(start);
  }

  /** The objects as they were at a revision; undefined when the history does not reach back that far. */
  stateAt(storage: string, revision: number): readonly KubernetesObject[] | undefined {
    const later = this.changesSince(storage, revision);
    if (later === undefined) return undefined;
    const objects = new Map(this.#collection(storage).objects);
    for (const change of later.toReversed()) {
      if (change.previous === undefined) objects.delete(keyOf(change.object));
      else objects.set(keyOf(change.previous), change.previous);
    }
    return [...objects.values()];
  }

  /** Forgets all history, so that older versions answer 410. Moves the revision on, as a write elsewhere would. */
  compact(): void {
    this.#revision += 1;
    for (const collection of this.#collections.values()) {
      collection.history.length = 0;
      collection.compactedRevision = this.#revision;
    }
  }

  #publish(collection: Collection, change: Change): void {
    collection.history.push(change);
    // Trimmed in blocks: shifting one element per write would cost time on every write.
    if (collection.history.length >= this.#historyLimit * 2) {
      const dropped = collection.history.splice(0, collection.history.length - this.#historyLimit);
      collection.compactedRevision = dropped.at(-1)?.revision ?? collection.compactedRevision;
    }
    for (const listener of Array.from(collection.listeners)) listener(change);
  }

  #withNextRevision(object: KubernetesObject): KubernetesObject {
    this.#revision += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
  }

  #collection(storage: string): Collection {
    let collection = this.#collections.get(storage);
    if (collection === undefined) {
      collection = { objects: new Map(), history: [], listeners: new Set(), compactedRevision: 0 };
      this.#collections.set(storage, collection);
    }
    return collection;
  }
}
