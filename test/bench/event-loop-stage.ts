/** What one stage of a program has cost. */
export interface Stage {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Peak of the process so far. */
  readonly peakRssMb: number;
  /** Most CPU time that the main thread took in one turn of the event loop: how long it held up everything else. */
  readonly blockedMs: number;
  /** Longest turn by the clock, which has in it what other programs of the machine took meanwhile. */
  readonly longestTurnMs: number;
}

const lookMs = 5;

/** Measures until something is so. Waiting for it to begin costs no CPU, but counts in the seconds. */
export async function measureStage(isDone: () => boolean): Promise<Stage> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  let blockedMs = 0;
  let longestTurnMs = 0;
  for (let now = start, busy = mainThreadMs(); !isDone(); ) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    const [nextNow, nextBusy] = [performance.now(), mainThreadMs()];
    blockedMs = Math.max(blockedMs, nextBusy - busy);
    longestTurnMs = Math.max(longestTurnMs, nextNow - now);
    [now, busy] = [nextNow, nextBusy];
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakRssMb: (process.resourceUsage().maxRSS * 1024) / 1e6,
    blockedMs,
    longestTurnMs,
  };
}

function mainThreadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
