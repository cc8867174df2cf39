/** About how many seconds test files take in a lab that has a processor to itself, for those that take long. */
export const usualSeconds: ReadonlyMap<string, number> = new Map([
  ['test/kernel/scenarios/scenarios.test.ts', 60],
  ['test/kernel/packets/service-addresses.test.ts', 35],
  ['test/kernel/rules/driver.test.ts', 30],
  ['test/kernel/packets/connections.test.ts', 25],
  ['test/kernel/tools/tools.test.ts', 20],
  ['test/kernel/takeover/takeover.test.ts', 18],
  ['test/kernel/adoption/adoption.test.ts', 15],
  ['test/kernel/drift/drift.test.ts', 15],
  ['test/kernel/ipset/driver.test.ts', 15],
  ['test/kernel/daemon/api-server.test.ts', 15],
  ['test/kernel/daemon/signals.test.ts', 12],
  ['test/kernel/daemon/ports.test.ts', 12],
  ['test/kernel/daemon/manifests.test.ts', 12],
  ['test/kernel/app/daemon.test.ts', 10],
  ['test/kernel/app/process.test.ts', 10],
  ['test/kernel/daemon/kubeconfig.test.ts', 10],
  ['test/kernel/daemon/privileges.test.ts', 10],
  ['test/parity/ipvs-status/command-lines.test.ts', 10],
  ['test/parity/ipvs-status/tables.test.ts', 10],
]);
const otherSeconds = 5;

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
