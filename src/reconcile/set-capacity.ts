/** Most entries of a set as upstream makes it, and the smallest that we make. */
const usualCapacity = 65_536;

/** Most entries that the kernel lets a set announce. Source: linux/netfilter/ipset/ip_set_hash_gen.h, u32 maxelem. */
const largestCapacity = 2 ** 31;

/**
 * How many entries a set should be able to hold: upstream's 65,536, doubled as often as `wanted` entries need. A larger
 * set that is there (`present`) stays until three quarters of it are unused, so that it is not made anew at every turn.
 */
export function setCapacity(wanted: number, present: number | undefined): number {
  const needed = smallestStep(wanted);
  if (present === undefined || present < needed || smallestStep(present) !== present) return needed;
  return wanted > present / 4 || present === usualCapacity ? present : needed;
}

function smallestStep(entries: number): number {
  let capacity = usualCapacity;
  while (capacity < entries && capacity < largestCapacity) capacity *= 2;
  return capacity;
}
