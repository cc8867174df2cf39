/** Seconds that test files take in the lab of a machine with two idle cores, for those that take long. */
export const usualSeconds: ReadonlyMap<string, number> = new Map([
  ['test/kernel/scenarios/scenarios.test.ts', 90],
  ['test/kernel/rules/driver.test.ts', 50],
  ['test/kernel/adoption/adoption.test.ts', 30],
  ['test/kernel/packets/connections.test.ts', 40],
  ['test/kernel/packets/service-addresses.test.ts', 40],
  ['test/kernel/drift/drift.test.ts', 30],
  ['test/kernel/app/process.test.ts', 30],
  ['test/kernel/app/daemon.test.ts', 20],
  ['test/kernel/ipset/driver.test.ts', 20],
  ['test/kernel/daemon/api-server.test.ts', 20],
  ['test/kernel/daemon/ports.test.ts', 20],
  ['test/kernel/daemon/signals.test.ts', 20],
  ['test/kernel/daemon/manifests.test.ts', 15],
]);
const otherSeconds = 10;

/**
 * Spreads test files over so many labs that all end at about the same time: the longest first, each to the lab that has
 * least to do. None of the labs is without files, so there may be fewer than asked for.
 */
export function spreadFiles(
  files: readonly string[],
  labs: number,
  secondsOf = (file: string) => usualSeconds.get(file) ?? otherSeconds,
): readonly (readonly string[])[] {
  const groups = Array.from({ length: Math.min(labs, files.length) }, () => ({ files: [] as string[], seconds: 0 }));
  const longestFirst = [...files].sort((a, b) => secondsOf(b) - secondsOf(a) || (a < b ? -1 : 1));
  for (const file of longestFirst) {
    const idlest = groups.reduce((best, group) => (group.seconds < best.seconds ? group : best));
    idlest.files.push(file);
    idlest.seconds += secondsOf(file);
  }
  return groups.map((group) => group.files);
}
