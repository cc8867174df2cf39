import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { call, PlainWatch } from '../../../support/api-server/plain-client.ts';
import type { ObjectList } from '../../../support/api-server/plain-client.ts';
import type { ApiServer } from '../../../support/api-server/start-api-server.ts';
import { startApiServer } from '../../../support/api-server/start-api-server.ts';

let server: ApiServer;
let watches: PlainWatch[] = [];

beforeEach(async () => {
  server = await startApiServer({ tls: false, historyLimit: 5, bookmarkIntervalMs: 50 });
});

afterEach(async () => {
  for (const watch of watches) watch.close();
  watches = [];
  await server.stop();
});

async function watchMaps(query: string): Promise<PlainWatch> {
  const watch = await PlainWatch.open(`${server.url}/api/v1/configmaps?watch=true${query}`);
  watches.push(watch);
  return watch;
}

function put(name: string, labels: Record<string, string> = {}): string {
  return server.objects.apply({ kind: 'ConfigMap', metadata: { name, labels } }).metadata.resourceVersion ?? '';
}

async function events(watch: PlainWatch, count: number): Promise<string[]> {
  const seen: string[] = [];
  while (seen.length < count) {
    const event = await watch.next();
    seen.push(`${event.type} ${event.object.metadata.name ?? '-'}`);
  }
  return seen;
}

describe('watch', () => {
  it('goes on from a version', async () => {
    put('a');
    const version = put('b');
    put('c');
    const watch = await watchMaps(`&resourceVersion=${version}`);
    put('c', { x: '1' });
    server.objects.delete('configmaps', 'default/a');
    expect(await events(watch, 3)).toEqual(['ADDED c', 'MODIFIED c', 'DELETED a']);
  });

  it('begins with what there is when no version is given', async () => {
    put('b');
    put('a');
    const watch = await watchMaps('');
    put('c');
    expect(await events(watch, 3)).toEqual(['ADDED a', 'ADDED b', 'ADDED c']);
  });

  it('shows objects that begin and cease to fit the selector as added and deleted', async () => {
    const watch = await watchMaps(`&resourceVersion=${server.objects.revision}&labelSelector=on`);
    put('a');
    put('a', { on: '' });
    put('a', { on: 'still' });
    const last = put('a');
    put('z', { on: '' });
    expect((await events(watch, 2)).join()).toBe('ADDED a,MODIFIED a');
    const deleted = await watch.next();
    expect(deleted).toMatchObject({
      type: 'DELETED',
      object: { metadata: { resourceVersion: last, labels: { on: 'still' } } },
    });
    expect(await events(watch, 1)).toEqual(['ADDED z']);
  });

  it('marks the end of the initial objects of a streaming list and goes on', async () => {
    put('a');
    const watch = await watchMaps('&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true');
    expect(await events(watch, 1)).toEqual(['ADDED a']);
    expect(await watch.next()).toMatchObject({
      type: 'BOOKMARK',
      object: {
        kind: 'ConfigMap',
        apiVersion: 'v1',
        metadata: {
          resourceVersion: String(server.objects.revision),
          annotations: { 'k8s.io/initial-events-end': 'true' },
        },
      },
    });
    put('b');
    expect(await events(watch, 1)).toEqual(['ADDED b']);
  });

  it('sends bookmarks with the version of writes elsewhere', async () => {
    const watch = await watchMaps(`&resourceVersion=${server.objects.revision}&allowWatchBookmarks=true`);
    server.objects.apply({ kind: 'Node', metadata: { name: 'n1' } });
    const event = await watch.next();
    expect(event).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { resourceVersion: String(server.objects.revision) } },
    });
    expect(event.object.metadata.annotations).toBeUndefined();
  });

  it('answers a version that is too old with a 410 event', async () => {
    const version = put('a');
    for (let index = 0; index < 10; index += 1) put(`m${index}`);
    const watch = await watchMaps(`&resourceVersion=${version}`);
    expect(watch.code).toBe(200);
    expect(await watch.next()).toMatchObject({
      type: 'ERROR',
      object: { kind: 'Status', code: 410, reason: 'Expired' },
    });
    expect(await watch.end()).toBe('in order');
  });

  it('ends in order after the asked time, with a last bookmark', async () => {
    const watch = await watchMaps(`&resourceVersion=${server.objects.revision}&timeoutSeconds=1`);
    expect(await watch.end()).toBe('in order');
    expect(server.faults.watches()).toHaveLength(0);
  });

  it('shows tables, with columns in the first event only', async () => {
    put('a');
    put('b');
    const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const watch = await PlainWatch.open(`${server.url}/api/v1/configmaps?watch=1`, { headers });
    watches.push(watch);
    expect((await watch.next()).object).toMatchObject({ kind: 'Table', columnDefinitions: [{}, {}, {}], rows: [{}] });
    expect((await watch.next()).object).toMatchObject({ kind: 'Table', columnDefinitions: null, rows: [{}] });
  });

  it.each([
    ['sendInitialEvents=true', 422],
    ['resourceVersionMatch=NotOlderThan', 422],
    ['resourceVersion=x', 400],
    ['sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=99999', 504],
    ['labelSelector=a=b=c', 400],
  ])('refuses %s', async (query, code) => {
    expect((await call(`${server.url}/api/v1/configmaps?watch=true&${query}`)).code).toBe(code);
    expect(server.faults.watches()).toHaveLength(0);
  });

  it('forgets watches whose clients are gone', async () => {
    const watch = await watchMaps(`&resourceVersion=${server.objects.revision}`);
    expect(server.faults.watches({ resource: 'configmaps' })).toHaveLength(1);
    watch.close();
    await expect(watch.end()).resolves.toBe('cut');
    for (let tries = 0; tries < 50 && server.faults.watches().length > 0; tries += 1) {
      await call<ObjectList>(`${server.url}/api/v1/nodes`);
    }
    expect(server.faults.watches()).toHaveLength(0);
  });
});
