/** About how many seconds test files take in a lab that has a processor to itself, for those that take long. */
export const usualSeconds: ReadonlyMap<string, number> = new Map([
  ['test/kernel/scenarios/scenarios.test.ts', 65],
  ['test/kernel/takeover/takeover.test.ts', 25],
  ['test/kernel/rules/driver.test.ts', 25],
  ['test/kernel/adoption/adoption.test.ts', 22],
  ['test/kernel/packets/connections.test.ts', 20],
  ['test/kernel/app/process.test.ts', 18],
  ['test/kernel/packets/service-addresses.test.ts', 18],
  ['test/kernel/daemon/privileges.test.ts', 17],
  ['test/kernel/tools/tools.test.ts', 16],
  ['test/kernel/daemon/api-server.test.ts', 16],
  ['test/kernel/daemon/manifests.test.ts', 14],
  ['test/kernel/ipset/driver.test.ts', 13],
  ['test/kernel/daemon/kill.test.ts', 11],
  ['test/kernel/daemon/signals.test.ts', 11],
  ['test/kernel/drift/drift.test.ts', 10],
  ['test/parity/ipvs-status/settings.test.ts', 10],
  ['test/kernel/daemon/ports.test.ts', 9],
  ['test/kernel/daemon/other-proxy.test.ts', 9],
  ['test/kernel/packets/sctp.test.ts', 9],
  ['test/kernel/daemon/node-without.test.ts', 9],
  ['test/kernel/daemon/status.test.ts', 8],
  ['test/kernel/daemon/second-start.test.ts', 8],
  ['test/parity/ipvs-status/tables.test.ts', 8],
  ['test/parity/ipvs-status/command-lines.test.ts', 7],
  ['test/kernel/app/daemon.test.ts', 7],
  ['test/kernel/daemon/kubeconfig.test.ts', 6],
]);
const otherSeconds = 3;

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
