import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ClusterTables } from '../../../src/cluster/tables.ts';
import { ApiConnection } from '../../../src/kubernetes/watch/api-connection.ts';
import { ApiSource } from '../../../src/kubernetes/watch/api-source.ts';
import { openKubeConfig } from '../../../src/kubernetes/watch/kube-config.ts';
import { KubeClient } from '../../../src/kubernetes/watch/kube-client.ts';
import { TokenBucket } from '../../../src/kubernetes/watch/token-bucket.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { systemClock } from '../../../src/app/system-clock.ts';

// A process that does what the daemon does with the API server, and nothing else. It is bundled as the daemon is.
// Arguments: path of a kubeconfig, number of events to expect after the lists.

/** What one stage has cost. */
interface Stage {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Peak of the process so far. */
  readonly peakRssMb: number;
  /** Longest time the event loop was blocked. */
  readonly blockedMs: number;
}

async function main(kubeconfig: string, expectedEvents: number): Promise<void> {
  const clock = systemClock;
  const tables = new ClusterTables(() => {});
  const connection = new ApiConnection({ source: await openKubeConfig(kubeconfig, ''), clock, log: silentLog });
  const limiter = new TokenBucket({ clock, perSecond: 5, burst: 10 });
  const client = new KubeClient({ connection, clock, limiter, userAgent: 'bench' });
  const source = new ApiSource({ client, sink: tables, nodeName: 'n', clock, random: Math.random, log: silentLog });
  const eventCount = () => source.counters.reduce((sum, counters) => sum + counters.events, 0);
  source.start();
  const list = await measure(() => source.counters.every((counters) => counters.inSync));
  const listedEvents = eventCount();
  process.send?.({ list });
  const burst = await measure(() => eventCount() >= listedEvents + expectedEvents);
  globalThis.gc?.();
  const heapMb = process.memoryUsage().heapUsed / 1e6;
  const rssMb = process.memoryUsage.rss() / 1e6;
  process.send?.({ burst, heapMb, rssMb, services: tables.serviceCount });
  source.stop();
  connection.close();
}

/** Measures until something is so. Waiting for it to begin costs no CPU, but counts in the seconds. */
async function measure(isDone: () => boolean): Promise<Stage> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const start = performance.now();
  const cpu = process.cpuUsage();
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 5));
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  return {
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakRssMb: (process.resourceUsage().maxRSS * 1024) / 1e6,
    blockedMs: delay.max / 1e6,
  };
}

void main(process.argv[2] ?? '', Number(process.argv[3]));
