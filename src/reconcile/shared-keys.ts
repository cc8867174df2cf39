/** Keys that several owners may hold at once, counted: each comes with its first owner and leaves with its last. */
export class SharedKeys<Key> {
  readonly #counts = new Map<Key, number>();

  /** Adds an owner; returns whether it is the first. */
  add(key: Key): boolean {
    const count = this.#counts.get(key) ?? 0;
    this.#counts.set(key, count + 1);
    return count === 0;
  }

  /** Takes an owner away, of a key that was added before; returns whether it was the last. */
  remove(key: Key): boolean {
    const count = this.#counts.get(key) ?? 0;
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
    return count === 1;
  }
}
