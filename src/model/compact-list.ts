const nothing: readonly unknown[] = [];

/** The list without the room to grow that appending has left it; empty lists are one and the same. */
export function compact<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? (nothing as readonly T[]) : list.slice(); // an empty list is a list of anything
}
