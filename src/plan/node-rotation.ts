/**
 * Where in a list of real servers a node begins: 0 or more, less than 1. Follows from the node's name alone, and is
 * spread evenly over names that differ in a digit. FNV-1a, finished as MurmurHash3 does.
 */
export function placeOfNode(nodeName: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < nodeName.length; index += 1) {
    hash = Math.imul(hash ^ nodeName.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** The list from this place on, then what stands before it. */
export function rotated<T>(list: readonly T[], place: number): readonly T[] {
  const start = Math.floor(place * list.length);
  return start === 0 ? list : list.slice(start).concat(list.slice(0, start));
}
