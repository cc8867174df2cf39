import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '../../../../src/observe/log.ts';
import type { ObjectSink } from '../../../../src/kubernetes/source.ts';
import { ApiConnection } from '../../../../src/kubernetes/watch/api-connection.ts';
import { ApiSource, type ApiSourceOptions } from '../../../../src/kubernetes/watch/api-source.ts';
import { anonymousSource } from '../../../../src/kubernetes/watch/credentials.ts';
import { KubeClient } from '../../../../src/kubernetes/watch/kube-client.ts';
import { TokenBucket } from '../../../../src/kubernetes/watch/token-bucket.ts';
import type { ApiServer } from '../../../support/api-server/start-api-server.ts';
import { startApiServer } from '../../../support/api-server/start-api-server.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { onlyServer } from '../../../support/only-server.ts';
import { PacedClient } from '../../../support/paced-client.ts';

let server: ApiServer;
let close: () => void = () => {};

beforeEach(async () => {
  server = await startApiServer({ tls: false });
});

afterEach(async () => {
  close();
  await server.stop();
});

function service(name: string, spec: object = {}, labels: Record<string, string> = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name, labels },
    spec: { ports: [{ port: 80 }], ...spec },
  };
}

function slice(name: string, addresses: readonly string[], labels: Record<string, string> = {}) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'shop', name, labels: { 'kubernetes.io/service-name': 'web', ...labels } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: addresses.map((address) => ({ addresses: [address] })),
  };
}

const node = (name: string, zone: string) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
});

/** A table that shows what a consumer would hold: key and the value under test. */
class Table {
  readonly rows = new Map<string, string>();
  readonly listings: number[] = [];

  replace(rows: Iterable<readonly [string, string]>): void {
    this.rows.clear();
    for (const [key, value] of rows) this.rows.set(key, value);
    this.listings.push(this.rows.size);
  }

  get text(): string {
    return [...this.rows]
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(' ');
  }
}

function start(options: Partial<ApiSourceOptions> = {}) {
  const services = new Table();
  const slices = new Table();
  const nodes = new Table();
  const sink: ObjectSink = {
    replaceServices: (all) => services.replace([...all].map((s) => [s.key, String(s.ports[0]?.port)])),
    updateService: (s) => services.rows.set(s.key, String(s.ports[0]?.port)),
    deleteService: (key) => services.rows.delete(key),
    replaceEndpointSlices: (all) =>
      slices.replace([...all].map((s) => [s.key, s.endpoints.map((e) => e.address).join()])),
    updateEndpointSlice: (s) => slices.rows.set(s.key, s.endpoints.map((e) => e.address).join()),
    deleteEndpointSlice: (key) => slices.rows.delete(key),
    replaceNodes: (all) => nodes.replace([...all].map((n) => [n.name, n.zone])),
    updateNode: (n) => nodes.rows.set(n.name, n.zone),
    deleteNode: (name) => nodes.rows.delete(name),
  };
  const clock = new ManualClock();
  const connection = new ApiConnection({ source: anonymousSource(server.url), clock, log: silentLog });
  const limiter = new TokenBucket({ clock, perSecond: -1, burst: 0 });
  const client = new PacedClient(
    new KubeClient({ connection, servers: onlyServer(server.url), clock, limiter, userAgent: 'test' }),
  );
  const source = new ApiSource({ client, sink, nodeName: 'n1', clock, random: () => 0, log: silentLog, ...options });
  source.start();
  close = () => {
    source.stop();
    connection.close();
  };
  const state = () => `${services.text} | ${slices.text} | ${nodes.text}`;
  /** Lets the clock run until something is so, or for 200 s. */
  const passes = async (condition: () => boolean) => {
    for (let turn = 0; turn < 400 && !condition(); turn += 1) {
      await clock.advance(500);
      await client.settled();
    }
  };
  /** Lets the clock run until the tables are as given. */
  const reaches = async (expected: string) => {
    await passes(() => state() === expected);
    expect(state()).toBe(expected);
  };
  return { source, services, slices, nodes, passes, reaches };
}

describe('ApiSource', () => {
  it('gives Services, slices and the own Node, and asks the server to leave out the others', async () => {
    server.objects.apply(service('web'));
    server.objects.apply(service('headless', { clusterIP: 'None' }));
    server.objects.apply(service('meshed', {}, { 'service.kubernetes.io/service-proxy-name': 'other' }));
    server.objects.apply(slice('web-1', ['10.1.0.1']));
    server.objects.apply(slice('headless-1', ['10.1.0.2'], { 'service.kubernetes.io/headless': '' }));
    server.objects.apply(node('n1', 'z1'));
    server.objects.apply(node('n2', 'z2'));
    const { reaches, source, services } = start();
    await reaches('shop/web=80 | shop/web-1=10.1.0.1 | n1=z1');
    expect(services.listings).toEqual([1]);
    expect(source.counters.map(({ resource, inSync, errors }) => [resource, inSync, errors])).toEqual([
      ['nodes', true, 0],
      ['services', true, 0],
      ['endpointslices', true, 0],
    ]);
  });

  it('gives all Nodes where they are asked for', async () => {
    server.objects.apply(node('n1', 'z1'));
    server.objects.apply(node('n2', 'z2'));
    const { reaches } = start({ knownNodes: 'all' });
    await reaches(' |  | n1=z1 n2=z2');
    server.objects.apply(node('n3', 'z3'));
    await reaches(' |  | n1=z1 n2=z2 n3=z3');
  });

  it('follows changes, and takes an object that a selector does not fit any more for deleted', async () => {
    server.objects.apply(service('web'));
    const { reaches } = start();
    await reaches('shop/web=80 |  | ');
    server.objects.apply(node('n1', 'z1'));
    server.objects.patch('services', 'shop/web', { spec: { ports: [{ port: 81, protocol: 'TCP', targetPort: 81 }] } });
    server.objects.apply(slice('web-1', ['10.1.0.1', '10.1.0.2']));
    await reaches('shop/web=81 | shop/web-1=10.1.0.1,10.1.0.2 | n1=z1');
    server.objects.patch('services', 'shop/web', {
      metadata: { labels: { 'service.kubernetes.io/service-proxy-name': 'x' } },
    });
    server.objects.delete('endpointslices', 'shop/web-1');
    server.objects.delete('nodes', 'n1');
    await reaches(' |  | ');
  });

  it.each<[string, (server: ApiServer) => void]>([
    ['its watches are cut', ({ faults }) => void faults.breakWatches('cut')],
    ['its watches end', ({ faults }) => void faults.breakWatches('end')],
    ['its watches expire', ({ faults }) => void faults.breakWatches('expire')],
    ['its watches send nonsense', ({ faults }) => void faults.breakWatches('corrupt')],
    [
      'its watches go silent',
      ({ faults }) => {
        faults.sendBookmarks();
        faults.breakWatches('stall');
      },
    ],
    ['all connections die', ({ faults }) => void faults.killConnections()],
    [
      'its history is gone',
      ({ faults }) => {
        faults.breakWatches('cut');
        faults.expireHistory();
      },
    ],
    [
      'it refuses every second request',
      ({ faults }) => {
        faults.inject({}, { kind: 'status', code: 503 }, 3);
        faults.breakWatches('cut');
      },
    ],
    [
      'it drops requests',
      ({ faults }) => {
        faults.inject({}, { kind: 'disconnect' }, 4);
        faults.breakWatches('cut');
      },
    ],
    [
      'it sends in small pieces and slowly',
      ({ faults }) => {
        faults.inject({}, { kind: 'slowBody', chunkBytes: 40, pauseMs: 1 });
        faults.breakWatches('expire');
      },
    ],
    [
      'it stalls in the middle of a list',
      ({ faults }) => {
        faults.inject({ sendInitialEvents: true }, { kind: 'breakWatch', how: 'stall', afterEvents: 1 }, 3);
        faults.breakWatches('expire');
      },
    ],
    [
      'it streams no lists any more',
      ({ faults }) => {
        faults.inject({ sendInitialEvents: true }, { kind: 'refuseSendInitialEvents' });
        faults.breakWatches('expire');
      },
    ],
    [
      'it ignores the wish for a streamed list',
      ({ faults }) => {
        faults.inject({ sendInitialEvents: true }, { kind: 'ignoreSendInitialEvents' });
        faults.breakWatches('expire');
      },
    ],
  ])('has everything right again after %s', async (_name, fail) => {
    server.objects.apply(service('web'));
    server.objects.apply(service('gone'));
    server.objects.apply(slice('web-1', ['10.1.0.1']));
    server.objects.apply(node('n1', 'z1'));
    const { reaches } = start();
    await reaches('shop/gone=80 shop/web=80 | shop/web-1=10.1.0.1 | n1=z1');
    fail(server);
    server.objects.delete('services', 'shop/gone');
    server.objects.apply(service('new'));
    server.objects.apply(slice('web-1', ['10.1.0.9']));
    server.objects.apply(node('n1', 'z2'));
    await reaches('shop/new=80 shop/web=80 | shop/web-1=10.1.0.9 | n1=z2');
  });

  it('keeps what it gave while the server is away, and follows when it is back', async () => {
    server.objects.apply(service('web'));
    const { reaches, passes, source, services } = start();
    await reaches('shop/web=80 |  | ');
    server.faults.refuseConnections();
    server.faults.killConnections();
    server.objects.delete('services', 'shop/web');
    server.objects.apply(service('new'));
    await passes(() => source.counters.every(({ errors }) => errors > 2));
    expect(services.text).toBe('shop/web=80');
    expect(source.counters.every(({ connected, inSync, errors }) => !connected && inSync && errors > 0)).toBe(true);
    await server.faults.acceptConnections();
    await reaches('shop/new=80 |  | ');
  });

  it('gives nothing after stop, and leaves no connection', async () => {
    const { source, reaches } = start();
    await reaches(' |  | ');
    source.stop();
    server.objects.apply(service('web'));
    for (let turn = 0; turn < 100 && server.connectionCount > 0; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(server.connectionCount).toBe(0);
  });
});
