import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Status } from '../../../support/api-server/objects/status.ts';
import type { ObjectList } from '../../../support/api-server/plain-client.ts';
import { call, PlainWatch } from '../../../support/api-server/plain-client.ts';
import type { ApiServer } from '../../../support/api-server/start-api-server.ts';
import { startApiServer } from '../../../support/api-server/start-api-server.ts';

let server: ApiServer;
let watches: PlainWatch[] = [];

beforeEach(async () => {
  server = await startApiServer({ tls: false });
});

afterEach(async () => {
  for (const watch of watches) watch.close();
  watches = [];
  await server.stop();
});

function list(query = ''): ReturnType<typeof call<ObjectList>> {
  return call<ObjectList>(`${server.url}/api/v1/nodes${query}`);
}

async function watchNodes(query = ''): Promise<PlainWatch> {
  const watch = await PlainWatch.open(
    `${server.url}/api/v1/nodes?watch=true&resourceVersion=${server.objects.revision}${query}`,
  );
  watches.push(watch);
  return watch;
}

function addNode(name: string): void {
  server.objects.apply({ kind: 'Node', metadata: { name } });
}

describe('injected faults', () => {
  it.each([
    [410, 'Expired'],
    [403, 'Forbidden'],
    [500, 'InternalError'],
    [503, 'ServiceUnavailable'],
  ])('answers with %i', async (code, reason) => {
    server.faults.inject({ verb: 'list' }, { kind: 'status', code });
    expect(await call<Status>(`${server.url}/api/v1/nodes`)).toMatchObject({
      code,
      body: { kind: 'Status', reason, code },
    });
  });

  it('answers 429 with Retry-After', async () => {
    server.faults.inject({}, { kind: 'status', code: 429, retryAfterSeconds: 3 });
    const answer = await call<Status>(`${server.url}/api/v1/nodes`);
    expect(answer.headers['retry-after']).toBe('3');
    expect(answer.body).toMatchObject({ reason: 'TooManyRequests', details: { retryAfterSeconds: 3 } });
  });

  it('meets as many requests as asked, and only those that fit', async () => {
    const fault = server.faults.inject({ resource: 'nodes', verb: 'list' }, { kind: 'status', code: 500 }, 2);
    expect((await call(`${server.url}/api/v1/services`)).code).toBe(200);
    const codes = [await list(), await list(), await list()].map((answer) => answer.code);
    expect(codes).toEqual([500, 500, 200]);
    expect(fault.hits).toBe(2);
  });

  it('goes away on demand', async () => {
    const first = server.faults.inject({}, { kind: 'status', code: 500 });
    first.remove();
    expect((await list()).code).toBe(200);
    server.faults.inject({}, { kind: 'status', code: 500 });
    server.faults.clear();
    expect((await list()).code).toBe(200);
  });

  it('delays', async () => {
    server.faults.inject({}, { kind: 'delay', delayMs: 80 });
    const start = performance.now();
    expect((await list()).code).toBe(200);
    expect(performance.now() - start).toBeGreaterThanOrEqual(75);
  });

  it('never answers', async () => {
    server.faults.inject({}, { kind: 'hang' });
    const answer = list().then(
      () => 'answered',
      () => 'broken',
    );
    await server.requests.waitFor({ verb: 'list' });
    const silence = new Promise((resolve) => setTimeout(() => resolve('silence'), 50));
    expect(await Promise.race([answer, silence])).toBe('silence');
    server.faults.killConnections();
    expect(await answer).toBe('broken');
  });

  it('disconnects without an answer', async () => {
    server.faults.inject({}, { kind: 'disconnect' });
    await expect(list()).rejects.toThrow(/socket hang up|ECONNRESET/);
  });

  it('sends bodies slowly but whole', async () => {
    addNode('n1');
    server.faults.inject({}, { kind: 'slowBody', chunkBytes: 40, pauseMs: 5 });
    const start = performance.now();
    const { body } = await list();
    expect(body.items.map((item) => item.metadata.name)).toEqual(['n1']);
    expect(performance.now() - start).toBeGreaterThan(20);
  });

  it('cuts bodies', async () => {
    addNode('n1');
    server.faults.inject({}, { kind: 'truncateBody', bytes: 30 });
    await expect(list()).rejects.toThrow(/aborted|ECONNRESET/);
  });

  it('sends JSON that is none', async () => {
    server.faults.inject({}, { kind: 'badJson' });
    await expect(list()).rejects.toThrow(SyntaxError);
  });

  it('refuses streaming lists', async () => {
    server.faults.inject({}, { kind: 'refuseSendInitialEvents' });
    const query = '?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    expect(await call(`${server.url}/api/v1/nodes${query}`)).toMatchObject({
      code: 400,
      body: { reason: 'BadRequest' },
    });
    expect((await list()).code).toBe(200);
  });

  it('ignores that a streaming list is asked for', async () => {
    addNode('n1');
    server.faults.inject({ sendInitialEvents: true }, { kind: 'ignoreSendInitialEvents' });
    const watch = await watchNodes(
      '&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
    );
    addNode('n2');
    expect((await watch.next()).object.metadata.name).toBe('n2');
  });

  describe('a watch that breaks after some events', () => {
    async function broken(how: 'cut' | 'end' | 'stall' | 'expire' | 'corrupt'): Promise<PlainWatch> {
      server.faults.inject({ verb: 'watch' }, { kind: 'breakWatch', how, afterEvents: 2 });
      const watch = await watchNodes();
      for (const name of ['n1', 'n2', 'n3']) addNode(name);
      return watch;
    }

    async function twoEvents(watch: PlainWatch): Promise<PlainWatch> {
      expect([await watch.next(), await watch.next()].map((event) => event.object.metadata.name)).toEqual(['n1', 'n2']);
      return watch;
    }

    it('is cut', async () => {
      expect(await (await broken('cut')).end()).toBe('cut');
    });

    it('ends in order', async () => {
      expect(await (await twoEvents(await broken('end'))).end()).toBe('in order');
    });

    it('goes silent', async () => {
      const watch = await twoEvents(await broken('stall'));
      await expect(watch.next(50)).rejects.toThrow('no line came in time');
    });

    it('expires', async () => {
      const watch = await twoEvents(await broken('expire'));
      expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
    });

    it('sends nonsense, and goes on', async () => {
      const watch = await twoEvents(await broken('corrupt'));
      await expect(watch.next()).rejects.toThrow(SyntaxError);
      expect((await watch.next()).object.metadata.name).toBe('n3');
    });
  });
});

describe('faults at once', () => {
  it('breaks the watches that fit', async () => {
    const nodes = await watchNodes();
    const services = await PlainWatch.open(`${server.url}/api/v1/services?watch=true&resourceVersion=1`);
    watches.push(services);
    expect(server.faults.breakWatches('cut', { resource: 'nodes' })).toBe(1);
    expect(await nodes.end()).toBe('cut');
    expect(server.faults.watches().map((watch) => watch.request.resource.plural)).toEqual(['services']);
    expect(server.faults.breakWatches('end')).toBe(1);
    expect(await services.end()).toBe('in order');
  });

  it('sends lines and bookmarks to open watches', async () => {
    const watch = await watchNodes('&allowWatchBookmarks=true');
    server.faults.sendBookmarks();
    expect((await watch.next()).type).toBe('BOOKMARK');
    for (const open of server.faults.watches()) open.sendLine('{"type":"STRANGE","object":{}}');
    expect((await watch.next()).type).toBe('STRANGE');
  });

  it('forgets the history', async () => {
    addNode('n1');
    const { revision } = server.objects;
    server.faults.expireHistory();
    const watch = await PlainWatch.open(`${server.url}/api/v1/nodes?watch=true&resourceVersion=${revision}`);
    watches.push(watch);
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  });

  it('closes all connections', async () => {
    const watch = await watchNodes();
    expect(server.faults.killConnections()).toBe(1);
    expect(await watch.end()).toBe('cut');
  });

  it('refuses connections for a while', async () => {
    const watch = await watchNodes();
    server.faults.refuseConnections();
    await expect(list()).rejects.toThrow('ECONNREFUSED');
    addNode('n1');
    expect((await watch.next()).object.metadata.name).toBe('n1');
    await server.faults.acceptConnections();
    expect((await list()).code).toBe(200);
  });
});

describe('the log of requests', () => {
  it('knows what was asked and answered', async () => {
    await list('?limit=5');
    await call(`${server.url}/version`, { headers: { 'user-agent': 'test/1' } });
    const [first, ...more] = server.requests.find({ verb: 'list', resource: 'nodes' });
    expect(more).toEqual([]);
    expect(first).toMatchObject({ method: 'GET', path: '/api/v1/nodes', code: 200 });
    expect(first?.query.get('limit')).toBe('5');
    expect(server.requests.find().at(-1)).toMatchObject({ path: '/version', headers: { 'user-agent': 'test/1' } });
    server.requests.clear();
    expect(server.requests.find()).toEqual([]);
  });

  it('waits for requests, and says what came instead', async () => {
    const waiting = server.requests.waitFor({ verb: 'list', resource: 'nodes' }, 2);
    await list();
    await list();
    expect(await waiting).toHaveLength(2);
    await expect(server.requests.waitFor({ verb: 'watch' }, 1, 20)).rejects.toThrow('seen: GET /api/v1/nodes 200');
  });
});
