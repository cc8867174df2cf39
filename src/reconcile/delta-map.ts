/** What is wanted and what was last seen of one object. */
export interface Delta<Key, Value> {
  readonly key: Key;
  readonly desired: Value | undefined;
  readonly observed: Value | undefined;
}

/**
 * Desired and observed objects of one kind, which always knows what is pending: the keys at which the two differ.
 * Pure memory; every call costs the same whatever the size.
 */
export class DeltaMap<Key, Value> {
  readonly #desired = new Map<Key, Value>();
  readonly #observed = new Map<Key, Value>();
  readonly #pending = new Set<Key>();
  readonly #same: (a: Value, b: Value) => boolean;

  constructor(same: (a: Value, b: Value) => boolean) {
    this.#same = same;
  }

  /** Sets what is wanted; undefined for nothing. */
  want(key: Key, value: Value | undefined): void {
    if (value === undefined) this.#desired.delete(key);
    else this.#desired.set(key, value);
    this.#settle(key);
  }

  /** Sets what the kernel has; undefined for nothing. */
  observe(key: Key, value: Value | undefined): void {
    if (value === undefined) this.#observed.delete(key);
    else this.#observed.set(key, this.#shared(key, value));
    this.#settle(key);
  }

  /** Replaces everything observed by a complete listing. Returns at how many keys that differs from what was known. */
  replaceObserved(listing: Iterable<readonly [Key, Value]>): number {
    const gone = new Set(this.#observed.keys());
    let differences = 0;
    for (const [key, value] of listing) {
      if (!gone.delete(key) || !this.#same(this.#observed.get(key) as Value, value)) differences++;
      this.observe(key, value);
    }
    for (const key of gone) this.observe(key, undefined);
    return differences + gone.size;
  }

  /** Forgets what was observed and meets the condition, as if the kernel had nothing there. */
  forgetObserved(meets: (value: Value) => boolean): void {
    for (const [key, value] of this.#observed) if (meets(value)) this.observe(key, undefined);
  }

  /** Everything that is wanted. */
  allDesired(): Iterable<readonly [Key, Value]> {
    return this.#desired;
  }

  /** Keys of everything observed, as of now. */
  observedKeys(): ReadonlySet<Key> {
    return new Set(this.#observed.keys());
  }

  desired(key: Key): Value | undefined {
    return this.#desired.get(key);
  }

  observed(key: Key): Value | undefined {
    return this.#observed.get(key);
  }

  isPending(key: Key): boolean {
    return this.#pending.has(key);
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** What differs, in the order in which it came to differ. */
  *pending(): Generator<Delta<Key, Value>> {
    for (const key of this.#pending) {
      yield { key, desired: this.#desired.get(key), observed: this.#observed.get(key) };
    }
  }

  /** The wanted value where it is the same, so that it is in memory once. */
  #shared(key: Key, value: Value): Value {
    const desired = this.#desired.get(key);
    return desired !== undefined && this.#same(desired, value) ? desired : value;
  }

  #settle(key: Key): void {
    const desired = this.#desired.get(key);
    const observed = this.#observed.get(key);
    const same = desired === undefined || observed === undefined ? desired === observed : this.#same(desired, observed);
    if (same) this.#pending.delete(key);
    else this.#pending.add(key);
  }
}
