import { describe, expect, it } from '@jest/globals';
import type { HttpListenerOptions } from '../../../src/observe/http-listener.ts';
import type { HttpAnswer } from '../../../src/observe/http-message.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { type ServiceHealthPort, ServiceHealthServers } from '../../../src/observe/service-health.ts';
import { type ServiceKey, serviceKey } from '../../../src/model/service-key.ts';

const wanted = (name: string, port: number): ServiceHealthPort => ({
  service: serviceKey('ns', name),
  namespace: 'ns',
  name,
  port,
});
const none: ReadonlyMap<ServiceKey, number> = new Map();
const counts = (entries: Record<string, number>): ReadonlyMap<ServiceKey, number> =>
  new Map(Object.entries(entries).map(([name, count]) => [serviceKey('ns', name), count]));

/** Servers over sockets that exist only in memory; addresses in `busy` cannot be listened on. */
function setup(hosts: readonly string[] = ['10.0.0.1']) {
  const sockets = new Map<string, HttpListenerOptions>();
  const history: string[] = [];
  const busy = new Set<string>();
  const failed: string[] = [];
  const proxier = { healthy: true };
  const servers = new ServiceHealthServers({
    hosts,
    isProxierHealthy: () => proxier.healthy,
    log: silentLog,
    onListenFailed: ({ name }) => failed.push(name),
    listen: async (options) => {
      const address = `${options.target.host}:${options.target.port}`;
      if (busy.has(address) || sockets.has(address)) throw Object.assign(new Error('busy'), { code: 'EADDRINUSE' });
      sockets.set(address, options);
      history.push(`open ${address}`);
      return {
        port: options.target.port,
        close: async () => {
          sockets.delete(address);
          history.push(`close ${address}`);
        },
      };
    },
  });
  const ask = async (address: string): Promise<HttpAnswer> => {
    const request = { method: 'GET', path: '/any', query: new URLSearchParams(), headers: {}, body: '' };
    return await (sockets.get(address) as HttpListenerOptions).handler(request);
  };
  return { servers, sockets, history, busy, failed, proxier, ask };
}

describe('answers', () => {
  it('has the count as JSON and as a header', async () => {
    const { servers, ask } = setup();
    await servers.sync([wanted('web', 30000)], counts({ web: 2 }));
    expect(await ask('10.0.0.1:30000')).toEqual({
      status: 200,
      headers: {
        'Content-Type': 'application/json',
        'X-Content-Type-Options': 'nosniff',
        'X-Load-Balancing-Endpoint-Weight': '2',
      },
      body: '{\n\t"service": {\n\t\t"namespace": "ns",\n\t\t"name": "web"\n\t},\n\t"localEndpoints": 2,\n\t"serviceProxyHealthy": true\n}',
    });
  });

  it.each([
    [0, true, 503],
    [1, true, 200],
    [1, false, 503],
  ])('with %s endpoints and a proxier that is healthy: %s', async (count, healthy, status) => {
    const { servers, proxier, ask } = setup();
    await servers.sync([wanted('web', 30000)], counts({ web: count }));
    proxier.healthy = healthy;
    expect((await ask('10.0.0.1:30000')).status).toBe(status);
  });

  it('is 503 for a request that races with closing', async () => {
    const { servers, sockets } = setup();
    await servers.sync([wanted('web', 30000)], counts({ web: 1 }));
    const handler = (sockets.get('10.0.0.1:30000') as HttpListenerOptions).handler;
    await servers.sync([], none);
    const request = { method: 'GET', path: '/', query: new URLSearchParams(), headers: {}, body: '' };
    expect((await handler(request)).status).toBe(503);
  });
});

describe('sync', () => {
  it('opens, keeps and closes ports', async () => {
    const { servers, history } = setup();
    await servers.sync([wanted('a', 1), wanted('b', 2), wanted('c', 3)], none);
    history.length = 0;
    await servers.sync([wanted('a', 1), wanted('b', 22)], none);
    expect(history.toSorted()).toEqual(['close 10.0.0.1:2', 'close 10.0.0.1:3', 'open 10.0.0.1:22']);
  });

  it('can hand a port from one Service to another', async () => {
    const { servers, sockets, failed } = setup();
    await servers.sync([wanted('a', 1), wanted('b', 2)], none);
    await servers.sync([wanted('a', 2), wanted('b', 1)], none);
    expect([[...sockets.keys()].toSorted(), failed]).toEqual([['10.0.0.1:1', '10.0.0.1:2'], []]);
  });

  it('sets the count of a Service that is not mentioned to 0', async () => {
    const { servers, ask } = setup();
    await servers.sync([wanted('a', 1)], counts({ a: 5, other: 3 }));
    servers.setLocalEndpoints(none);
    expect((await ask('10.0.0.1:1')).headers['X-Load-Balancing-Endpoint-Weight']).toBe('0');
  });

  it('opens on all addresses or on none, reports it, and tries again', async () => {
    const { servers, sockets, busy, failed } = setup(['10.0.0.1', '10.0.0.2']);
    busy.add('10.0.0.2:1');
    await servers.sync([wanted('a', 1), wanted('b', 2)], none);
    expect([[...sockets.keys()], failed]).toEqual([['10.0.0.1:2', '10.0.0.2:2'], ['a']]);
    busy.clear();
    await servers.sync([wanted('a', 1), wanted('b', 2)], none);
    expect(sockets.size).toBe(4);
  });

  it('opens nothing without an address', async () => {
    const { servers, sockets, failed } = setup([]);
    await servers.sync([wanted('a', 1)], none);
    expect([sockets.size, failed]).toEqual([0, []]);
  });

  it('closes everything', async () => {
    const { servers, sockets } = setup();
    await servers.sync([wanted('a', 1), wanted('b', 2)], none);
    await servers.close();
    expect(sockets.size).toBe(0);
  });
});
