import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openEvents } from '../../../../src/app/serving/open-events.ts';
import type { EventWriter } from '../../../../src/kubernetes/events/event-writer.ts';
import type { ProxyEvent } from '../../../../src/kubernetes/events/event.ts';
import { ApiConnection } from '../../../../src/kubernetes/watch/api-connection.ts';
import { anonymousSource } from '../../../../src/kubernetes/watch/credentials.ts';
import { KubeClient } from '../../../../src/kubernetes/watch/kube-client.ts';
import { TokenBucket } from '../../../../src/kubernetes/watch/token-bucket.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { type ApiServer, startApiServer } from '../../../support/api-server/start-api-server.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { onlyServer } from '../../../support/only-server.ts';

let server: ApiServer;
let connection: ApiConnection;
let clock: ManualClock;

beforeEach(async () => {
  server = await startApiServer({ tls: false });
  clock = new ManualClock();
  await clock.advance(Date.UTC(2026, 0, 1));
  connection = new ApiConnection({ source: anonymousSource(server.url), clock, log: silentLog });
});

afterEach(async () => {
  connection.close();
  await server.stop();
});

function writer(nodeName: string): EventWriter {
  const limiter = new TokenBucket({ clock, perSecond: 5, burst: 10 });
  const client = new KubeClient({ connection, servers: onlyServer(server.url), clock, limiter, userAgent: 'test' });
  return openEvents({ client, nodeName, clock, log: silentLog });
}

const event: ProxyEvent = {
  type: 'Warning',
  reason: 'AddressConflict',
  action: 'PlanService',
  note: 'default/first has it',
  regarding: { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'web', uid: 'u-1' },
  scope: 'cluster',
};

async function listed(): Promise<Record<string, unknown>[]> {
  const answer = await fetch(`${server.url}/apis/events.k8s.io/v1/namespaces/default/events`);
  return ((await answer.json()) as { items: Record<string, unknown>[] }).items;
}

/** Lets half a minute pass, with a request in every second of it, and gives the Events that the server has then. */
async function written(writers: readonly EventWriter[]): Promise<Record<string, unknown>[]> {
  for (let turn = 0; turn < 30; turn += 1) {
    await clock.advance(1_000);
    await listed();
  }
  for (const each of writers) await each.stop();
  return await listed();
}

describe('Events at an API server', () => {
  it('are taken as they are', async () => {
    const one = writer('node-1');
    one.write(event);
    expect(await written([one])).toEqual([
      expect.objectContaining({
        type: 'Warning',
        reason: 'AddressConflict',
        action: 'PlanService',
        note: 'default/first has it',
        regarding: { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'web', uid: 'u-1' },
        reportingController: 'kube-proxy',
      }),
    ]);
  });

  it('are written by one of several nodes that find the same', async () => {
    const writers = ['node-1', 'node-2', 'node-3'].map(writer);
    for (const each of writers) each.write(event);
    expect(await written(writers)).toHaveLength(1);
  });

  it('are written by every node that they concern', async () => {
    const writers = ['node-1', 'node-2'].map(writer);
    for (const each of writers) each.write({ ...event, scope: 'node' });
    expect(await written(writers)).toHaveLength(2);
  });
});
