/**
 * Gives equal texts one copy. Names of nodes, zones and ports come a hundred thousand times in the objects of a large
 * cluster and are a few thousand different texts.
 */
export interface Interner {
  /** The kept copy of the text. */
  text(text: string): string;
  /** The kept copy of a short list; the result must not be changed. */
  list(texts: readonly string[]): readonly string[];
  /** The kept copy of a small object or list of plain values; the result must not be changed. */
  value<T extends object>(value: T): T;
}

/**
 * An interner that keeps at most `maxEntries` texts, and as many lists and values. When it is full it forgets all of them and
 * starts again, which costs memory but never correctness.
 */
export function createInterner(maxEntries = 65_536): Interner {
  const texts = new Map<string, string>();
  const lists = new Map<string, readonly string[]>();
  const values = new Map<string, object>();
  const text = (wanted: string) => keep(texts, wanted, maxEntries, () => wanted);
  return {
    text,
    list: (wanted) => keep(lists, wanted.join('\n'), maxEntries, () => wanted.map(text)),
    // what has the same JSON has the same type
    value: <T extends object>(wanted: T) => keep(values, JSON.stringify(wanted), maxEntries, () => wanted) as T,
  };
}

function keep<T>(kept: Map<string, T>, key: string, maxEntries: number, make: () => T): T {
  const known = kept.get(key);
  if (known !== undefined) return known;
  if (kept.size >= maxEntries) kept.clear();
  const made = make();
  kept.set(key, made);
  return made;
}
