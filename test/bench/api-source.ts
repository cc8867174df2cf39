import { systemClock } from '../../src/app/system-clock.ts';
import type { ObjectSink } from '../../src/kubernetes/source.ts';
import { ApiConnection } from '../../src/kubernetes/watch/api-connection.ts';
import { ApiSource } from '../../src/kubernetes/watch/api-source.ts';
import { KubeClient } from '../../src/kubernetes/watch/kube-client.ts';
import { openKubeConfig } from '../../src/kubernetes/watch/kube-config.ts';
import { ServerChoice } from '../../src/kubernetes/watch/server-choice.ts';
import { TokenBucket } from '../../src/kubernetes/watch/token-bucket.ts';
import { silentLog } from '../../src/observe/log.ts';

/** The API server of a kubeconfig as the source of objects, as the daemon opens it. */
export async function openBenchSource(kubeconfig: string, sink: ObjectSink): Promise<ApiSource> {
  const clock = systemClock;
  const log = silentLog;
  const source = await openKubeConfig(kubeconfig, '', clock);
  const first = { url: source.server, origin: 'configured' } as const;
  const servers = new ServerChoice({ first, isFirstVirtual: false, listed: [], clock, log });
  const connection = new ApiConnection({ source, clock, log });
  const limiter = new TokenBucket({ clock, perSecond: 5, burst: 10 });
  const client = new KubeClient({ connection, servers, clock, limiter, userAgent: 'bench' });
  return new ApiSource({ client, sink, nodeName: 'n', clock, random: Math.random, log });
}

/** Events of all resources so far. */
export function eventCount(source: ApiSource): number {
  return source.counters.reduce((sum, counters) => sum + counters.events, 0);
}

/** Whether everything has been listed. */
export function isListed(source: ApiSource): boolean {
  return source.counters.every((counters) => counters.inSync);
}
