import { describe, expect, it } from '@jest/globals';
import type { HttpListenerOptions } from '../../../src/observe/http-listener.ts';
import type { HttpAnswer } from '../../../src/observe/http-message.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { type ServiceHealthPort, ServiceHealthServers } from '../../../src/observe/service-health.ts';
import { serviceKey } from '../../../src/model/service-key.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const wanted = (name: string, port: number): ServiceHealthPort => ({
  service: serviceKey('ns', name),
  namespace: 'ns',
  name,
  port,
});
/** Servers over sockets that exist only in memory; addresses in `busy` cannot be listened on. */
function setup(hosts: readonly string[] = ['10.0.0.1']) {
  const sockets = new Map<string, HttpListenerOptions>();
  const history: string[] = [];
  const busy = new Set<string>();
  const failed: string[] = [];
  const proxier = { healthy: true };
  const clock = new ManualClock();
  const servers = new ServiceHealthServers({
    isProxierHealthy: () => proxier.healthy,
    clock,
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
  servers.listenOn(hosts);
  const ask = async (address: string): Promise<HttpAnswer> => {
    const request = { method: 'GET', path: '/any', query: new URLSearchParams(), headers: {}, body: '' };
    return await (sockets.get(address) as HttpListenerOptions).handler(request);
  };
  const serve = async (ports: Record<string, number>, localEndpoints = 0): Promise<void> => {
    for (const [name, port] of Object.entries(ports)) servers.serve(wanted(name, port), localEndpoints);
    await servers.settle();
  };
  const addresses = () => [...sockets.keys()].toSorted();
  return { servers, sockets, history, busy, failed, proxier, clock, ask, serve, addresses };
}

describe('answers', () => {
  it('has the count as JSON and as a header', async () => {
    const { serve, ask } = setup();
    await serve({ web: 30000 }, 2);
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
    const { serve, proxier, ask } = setup();
    await serve({ web: 30000 }, count);
    proxier.healthy = healthy;
    expect((await ask('10.0.0.1:30000')).status).toBe(status);
  });

  it('is 503 for a request that races with closing', async () => {
    const { servers, sockets, serve } = setup();
    await serve({ web: 30000 }, 1);
    const { handler } = sockets.get('10.0.0.1:30000') as HttpListenerOptions;
    servers.withdraw(serviceKey('ns', 'web'));
    await servers.settle();
    const request = { method: 'GET', path: '/', query: new URLSearchParams(), headers: {}, body: '' };
    expect((await handler(request)).status).toBe(503);
  });

  it('follows the count without touching the port', async () => {
    const { serve, history, ask } = setup();
    await serve({ a: 1 }, 5);
    await serve({ a: 1 }, 3);
    expect((await ask('10.0.0.1:1')).headers['X-Load-Balancing-Endpoint-Weight']).toBe('3');
    expect(history).toEqual(['open 10.0.0.1:1']);
  });
});

describe('ports', () => {
  it('are opened, kept and closed', async () => {
    const { servers, serve, history } = setup();
    await serve({ a: 1, b: 2, c: 3 });
    history.length = 0;
    servers.withdraw(serviceKey('ns', 'c'));
    await serve({ a: 1, b: 22 });
    expect(history.toSorted()).toEqual(['close 10.0.0.1:2', 'close 10.0.0.1:3', 'open 10.0.0.1:22']);
  });

  it('can go from one Service to another', async () => {
    const { serve, addresses, failed } = setup();
    await serve({ a: 1, b: 2 });
    await serve({ a: 2, b: 1 });
    expect([addresses(), failed]).toEqual([['10.0.0.1:1', '10.0.0.1:2'], []]);
  });

  it('are opened on all addresses or on none', async () => {
    const { serve, addresses, busy, failed } = setup(['10.0.0.1', '10.0.0.2']);
    busy.add('10.0.0.2:1');
    await serve({ a: 1, b: 2 });
    expect([addresses(), failed]).toEqual([['10.0.0.1:2', '10.0.0.2:2'], ['a']]);
  });

  it('are not opened without an address', async () => {
    const { serve, sockets, failed } = setup([]);
    await serve({ a: 1 });
    expect([sockets.size, failed]).toEqual([0, []]);
  });

  it('are opened anew when the addresses are other ones, and only then', async () => {
    const { servers, serve, history } = setup();
    await serve({ a: 1 });
    servers.listenOn(['10.0.0.1']);
    await servers.settle();
    servers.listenOn(['10.0.0.9']);
    await servers.settle();
    expect(history).toEqual(['open 10.0.0.1:1', 'close 10.0.0.1:1', 'open 10.0.0.9:1']);
  });

  it('are all closed in the end', async () => {
    const { servers, serve, sockets, busy, clock } = setup();
    busy.add('10.0.0.1:3');
    await serve({ a: 1, b: 2, c: 3 });
    await servers.close();
    busy.clear();
    await clock.advance(60_000);
    expect(sockets.size).toBe(0);
  });
});

describe('a port that is taken', () => {
  it('is reported once and tried again every 5 seconds', async () => {
    const { serve, addresses, busy, failed, clock } = setup();
    busy.add('10.0.0.1:1');
    await serve({ a: 1 });
    await clock.advance(12_000);
    expect([addresses(), failed]).toEqual([[], ['a']]);
    busy.clear();
    await clock.advance(5_000);
    expect([addresses(), failed]).toEqual([['10.0.0.1:1'], ['a']]);
  });

  it('is reported again after it had been open, and for another port', async () => {
    const { servers, serve, busy, failed } = setup();
    busy.add('10.0.0.1:1').add('10.0.0.1:2');
    await serve({ a: 1 });
    await serve({ a: 2 });
    busy.delete('10.0.0.1:2');
    await serve({ a: 3 });
    busy.add('10.0.0.9:3');
    servers.listenOn(['10.0.0.9']);
    await servers.settle();
    expect(failed).toEqual(['a', 'a', 'a']);
  });

  it('is opened as soon as another Service gives it up', async () => {
    const { servers, serve, ask, failed } = setup();
    await serve({ a: 1 }, 1);
    await serve({ b: 1 }, 2);
    servers.withdraw(serviceKey('ns', 'a'));
    await servers.settle();
    expect((await ask('10.0.0.1:1')).headers['X-Load-Balancing-Endpoint-Weight']).toBe('2');
    expect(failed).toEqual(['b']);
  });
});
