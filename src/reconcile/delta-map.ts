/** What is wanted and what was last seen of one object. */
export interface Delta<Key, Value> {
  readonly key: Key;
  readonly desired: Value | undefined;
  readonly observed: Value | undefined;
}

/**
 * Desired and observed objects of one kind, which always knows what is pending: the keys at which the two differ. What
 * was observed is kept only there; everywhere else it is what is desired. Pure memory; every call costs the same
 * whatever the size, save those that take or give all.
 */
export class DeltaMap<Key, Value> {
  readonly #desired = new Map<Key, Value>();
  /** The observed value, or undefined for nothing, of every key at which it differs from the desired one. */
  readonly #differing = new Map<Key, Value | undefined>();
  readonly #same: (a: Value, b: Value) => boolean;

  constructor(same: (a: Value, b: Value) => boolean) {
    this.#same = same;
  }

  /** Sets what is wanted; undefined for nothing. */
  want(key: Key, value: Value | undefined): void {
    const observed = this.observed(key);
    if (value === undefined) this.#desired.delete(key);
    else this.#desired.set(key, value);
    this.observe(key, observed);
  }

  /** Sets what the kernel has; undefined for nothing. */
  observe(key: Key, value: Value | undefined): void {
    if (this.#isSame(this.#desired.get(key), value)) this.#differing.delete(key);
    else this.#differing.set(key, value);
  }

  /** Replaces everything observed by a complete listing. Returns at how many keys that differs from what was known. */
  replaceObserved(listing: Iterable<readonly [Key, Value]>): number {
    const gone = this.observedKeys();
    let differences = 0;
    for (const [key, value] of listing) {
      if (!gone.delete(key) || !this.#isSame(this.observed(key), value)) differences++;
      this.observe(key, value);
    }
    for (const key of gone) this.observe(key, undefined);
    return differences + gone.size;
  }

  /** Forgets what was observed and meets the condition, as if the kernel had nothing there. */
  forgetObserved(meets: (value: Value) => boolean): void {
    for (const key of this.observedKeys()) if (meets(this.observed(key) as Value)) this.observe(key, undefined);
  }

  /** Everything that is wanted. */
  allDesired(): Iterable<readonly [Key, Value]> {
    return this.#desired;
  }

  /** Keys of everything observed, as of now: the caller's own. */
  observedKeys(): Set<Key> {
    const keys = new Set(this.#desired.keys());
    for (const [key, observed] of this.#differing) {
      if (observed === undefined) keys.delete(key);
      else keys.add(key);
    }
    return keys;
  }

  desired(key: Key): Value | undefined {
    return this.#desired.get(key);
  }

  observed(key: Key): Value | undefined {
    return this.#differing.has(key) ? this.#differing.get(key) : this.#desired.get(key);
  }

  get pendingCount(): number {
    return this.#differing.size;
  }

  isPending(key: Key): boolean {
    return this.#differing.has(key);
  }

  /** What differs, in the order in which it came to differ. */
  *pending(): Generator<Delta<Key, Value>> {
    for (const [key, observed] of this.#differing) yield { key, desired: this.#desired.get(key), observed };
  }

  #isSame(a: Value | undefined, b: Value | undefined): boolean {
    return a === undefined || b === undefined ? a === b : this.#same(a, b);
  }
}
