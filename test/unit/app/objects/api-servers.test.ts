import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ApiServers } from '../../../../src/app/objects/api-servers.ts';
import type { EndpointSlice } from '../../../../src/kubernetes/objects/endpoint-slice.ts';
import type { ObjectSink } from '../../../../src/kubernetes/source.ts';
import { ApiConnection } from '../../../../src/kubernetes/watch/api-connection.ts';
import { ApiSource } from '../../../../src/kubernetes/watch/api-source.ts';
import type { CredentialSource } from '../../../../src/kubernetes/watch/credentials.ts';
import { KubeClient } from '../../../../src/kubernetes/watch/kube-client.ts';
import type { KubernetesService } from '../../../../src/kubernetes/watch/learned-servers.ts';
import { TokenBucket } from '../../../../src/kubernetes/watch/token-bucket.ts';
import { serviceKey } from '../../../../src/model/service-key.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../../../support/api-server/start-api-server.ts';
import { anEndpoint, aService, aSlice, ip } from '../../../support/builders.ts';
import { emptySink } from '../../../support/empty-sink.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { PacedClient } from '../../../support/paced-client.ts';
import { recordingLog } from '../../kubernetes/watch/recording-log.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const server = await startApiServer({ serviceCidrs: ['127.96.0.0/16'], ...options });
  closers.push(() => server.stop());
  return server;
}

const service = (name: string) => ({
  kind: 'Service',
  metadata: { namespace: 'shop', name },
  spec: { ports: [{ port: 80 }] },
});

/** The Service whose endpoints are the API servers; its address is one at which they can be reached here. */
const kubernetesService = aService({
  key: serviceKey('default', 'kubernetes'),
  namespace: 'default',
  name: 'kubernetes',
  clusterIps: [ip('127.0.0.2')],
});

/** What only Services lead to, as the cluster then says. */
const virtualHosts = [
  '127.0.0.2',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** Its endpoint is the server: on a loopback address, which no decoder would let pass. */
function kubernetesSlice({ url }: Pick<ApiServer, 'url'>): EndpointSlice {
  const { hostname, port } = new URL(url);
  return aSlice([anEndpoint(hostname)], {
    key: 'default/kubernetes',
    service: kubernetesService.key,
    ports: [{ name: 'https', protocol: 'TCP', port: Number(port) }],
  });
}

/** A sink that keeps the names of Services. */
function nameSink() {
  let names = new Set<string>();
  const sink: ObjectSink = {
    ...emptySink,
    replaceServices: (all) => void (names = new Set([...all].map((each) => each.name))),
    updateService: (each) => void names.add(each.name),
    deleteService: (key) => void names.delete(key.replace(/^.*\//, '')),
  };
  return {
    sink,
    names: () =>
      [...names]
        .filter((name) => name !== 'kubernetes')
        .sort()
        .join(' '),
  };
}

interface Setup {
  /** URL of the configured server. */
  readonly server: string;
  readonly urls?: readonly string[];
  readonly discovery?: boolean;
  readonly isInCluster?: boolean;
  readonly kept?: KubernetesService;
  readonly credentials: Omit<CredentialSource, 'server'>;
}

/** The source of objects with all ways to the API server, as the daemon has it, on a clock of its own. */
async function open({ server, urls = [], discovery = false, isInCluster = false, kept, credentials }: Setup) {
  const clock = new ManualClock();
  const { log, lines } = recordingLog();
  const { signal } = new AbortController();
  const written: KubernetesService[] = [];
  const used: string[] = [];
  const source: CredentialSource = { ...credentials, server, isInCluster };
  const servers = new ApiServers({
    source,
    settings: { urls, tlsServerName: '', discovery, cacheFile: '' },
    nodeName: 'n1',
    cache: {
      read: () => Promise.resolve(kept),
      write: (found) => Promise.resolve(void written.push(found)),
    },
    isServing: (candidate) =>
      paced.pace(client.isServing(candidate, '/api/v1/nodes?fieldSelector=metadata.name%3Dn1', signal)),
    clock,
    random: () => 0,
    log,
    onServer: ({ url }, reason) => used.push(`${url} ${reason}`),
  });
  const connection = new ApiConnection({ source, clock, log });
  const limiter = new TokenBucket({ clock, perSecond: -1, burst: 0 });
  const client: KubeClient = new KubeClient({ connection, servers: servers.choice, clock, limiter, userAgent: 'test' });
  const paced = new PacedClient(client);
  await servers.start();
  const { sink, names } = nameSink();
  const objects = new ApiSource({
    client: paced,
    sink: servers.watch(sink),
    nodeName: 'n1',
    clock,
    random: () => 0,
    log,
  });
  objects.start();
  closers.push(() => {
    objects.stop();
    servers.stop();
    connection.close();
  });
  /** Lets the clock run until something is so, or so many seconds have passed; how many it took. */
  const secondsUntil = async (condition: () => boolean, mostSeconds = 600) => {
    const startMs = clock.monotonicMs();
    while (!condition() && clock.monotonicMs() - startMs <= mostSeconds * 1000) {
      await paced.settled();
      if (!condition()) await clock.advance(500);
    }
    return (clock.monotonicMs() - startMs) / 1000;
  };
  const secondsPass = (seconds: number) => secondsUntil(() => false, seconds);
  const current = () => servers.choice.current.url;
  return { clock, lines, written, used, names, objects, current, secondsUntil, secondsPass, servers };
}

const anonymous = { read: () => Promise.resolve({ verifyServer: true, headers: {} }) };

/** Two servers without TLS; the second has one Service more, so that it can be told from the first. */
async function openPair() {
  const a = await startServer({ tls: false });
  const b = await startServer({ tls: false });
  for (const server of [a, b]) server.objects.apply(service('web'));
  b.objects.apply(service('only-b'));
  const opened = await open({ server: a.url, urls: [b.url], credentials: anonymous });
  await opened.secondsUntil(() => opened.objects.counters.every(({ inSync }) => inSync));
  expect([opened.names(), opened.current()]).toEqual(['web', a.url]);
  return { ...opened, a, b };
}

/** New requests are made: the open watches are cut. */
const cutWatches = ({ faults }: ApiServer) => void faults.breakWatches('cut');

describe('an API server that fails is left for another one', () => {
  it.each<[string, number, string, (a: ApiServer) => unknown]>([
    [
      'dead',
      10,
      'unreachable',
      (a) => {
        a.faults.refuseConnections();
        a.faults.killConnections();
      },
    ],
    [
      'resetting every connection',
      10,
      'unreachable',
      (a) => {
        a.faults.inject({}, { kind: 'disconnect' });
        cutWatches(a);
      },
    ],
    [
      'taking requests and never answering',
      40,
      'unreachable',
      (a) => {
        a.faults.inject({}, { kind: 'hang' });
        cutWatches(a);
      },
    ],
    ...([401, 403, 500, 503] as const).map((code): [string, number, string, (a: ApiServer) => unknown] => [
      `answering ${code}`,
      10,
      code < 500 ? 'refused' : 'failing',
      (a) => {
        a.faults.inject({}, { kind: 'status', code });
        cutWatches(a);
      },
    ]),
    [
      'half-open: nothing comes any more',
      200,
      'silent',
      (a) => {
        a.faults.sendBookmarks();
        a.faults.breakWatches('stall');
      },
    ],
    ['sending nonsense', 10, 'nonsense', (a) => a.faults.breakWatches('corrupt')],
    [
      'ending every watch at once',
      10,
      'failing',
      (a) => {
        a.faults.inject({ verb: 'watch' }, { kind: 'breakWatch', how: 'end', afterEvents: 0 });
        cutWatches(a);
      },
    ],
    [
      'too slow to end a list',
      90,
      'unreachable',
      (a) => {
        a.faults.inject({ sendInitialEvents: true }, { kind: 'refuseSendInitialEvents' });
        a.faults.inject({ verb: 'list' }, { kind: 'slowBody', chunkBytes: 1, pauseMs: 60_000 });
        a.faults.breakWatches('expire');
      },
    ],
    [
      'cutting lists short',
      10,
      'unreachable',
      (a) => {
        a.faults.inject({ sendInitialEvents: true }, { kind: 'refuseSendInitialEvents' });
        a.faults.inject({ verb: 'list' }, { kind: 'truncateBody', bytes: 20 });
        a.faults.breakWatches('expire');
      },
    ],
    [
      'ending lists in the middle of the JSON',
      10,
      'nonsense',
      (a) => {
        a.faults.inject({ sendInitialEvents: true }, { kind: 'refuseSendInitialEvents' });
        a.faults.inject({ verb: 'list' }, { kind: 'badJson' });
        a.faults.breakWatches('expire');
      },
    ],
  ])('when it is %s, within %d s', async (_name, seconds, reason, fail) => {
    const { a, b, names, used, current, secondsUntil } = await openPair();
    fail(a);
    const took = await secondsUntil(() => current() === b.url);
    expect([took <= seconds, used.at(-1)]).toEqual([true, `${b.url} ${reason}`]);
    await secondsUntil(() => names() === 'only-b web');
    expect(names()).toBe('only-b web');
  });

  it('at once, however long it asks to wait', async () => {
    const { a, names, secondsUntil } = await openPair();
    a.faults.inject({}, { kind: 'status', code: 503, retryAfterSeconds: 120 });
    a.faults.breakWatches('expire');
    expect(await secondsUntil(() => names() === 'only-b web')).toBeLessThan(15);
  });

  it.each<[string, (a: ApiServer) => unknown]>([
    ['a watch that is cut', cutWatches],
    ['a watch that ends', ({ faults }) => faults.breakWatches('end')],
    ['a watch that expires', ({ faults }) => faults.breakWatches('expire')],
    [
      'being asked for patience',
      (a) => {
        a.faults.inject({}, { kind: 'status', code: 429, retryAfterSeconds: 3 }, 3);
        cutWatches(a);
      },
    ],
  ])('but not for %s', async (_name, fail) => {
    const { a, current, secondsUntil, secondsPass, names, used } = await openPair();
    await secondsPass(2);
    fail(a);
    a.objects.apply(service('later'));
    await secondsUntil(() => names() === 'later web');
    expect([names(), current(), used]).toEqual(['later web', a.url, [`${a.url} start`]]);
  });
});

describe('an API server that was left', () => {
  it('is used again once it works, for new requests; open watches stay where they are', async () => {
    const { a, b, current, secondsUntil, used, names } = await openPair();
    a.faults.refuseConnections();
    a.faults.killConnections();
    await secondsUntil(() => names() === 'only-b web');
    await a.faults.acceptConnections();
    const took = await secondsUntil(() => current() === a.url);
    expect([took <= 60, used.at(-1)]).toEqual([true, `${a.url} preferred`]);
    expect([names(), b.faults.watches().length]).toEqual(['only-b web', 3]);
    b.faults.breakWatches('expire');
    await secondsUntil(() => a.faults.watches().length === 3);
    expect([names(), a.faults.watches().length]).toEqual(['web', 3]);
  });

  it('is not used again while it takes connections but refuses requests', async () => {
    const { a, b, current, secondsUntil, secondsPass, names, used } = await openPair();
    const fault = a.faults.inject({}, { kind: 'status', code: 403 });
    cutWatches(a);
    await secondsUntil(() => names() === 'only-b web');
    const asked = fault.hits;
    await secondsPass(150);
    expect([current(), fault.hits - asked, used.length]).toEqual([b.url, 3, 2]);
  });
});

describe('when all API servers are away', () => {
  it('everything stays, and the first that is back is used', async () => {
    const { a, b, names, objects, current, secondsUntil } = await openPair();
    for (const server of [a, b]) {
      server.faults.refuseConnections();
      server.faults.killConnections();
    }
    await secondsUntil(() => objects.counters.every(({ errors }) => errors > 6));
    expect([names(), objects.counters.every(({ inSync }) => inSync)]).toEqual(['web', true]);
    await b.faults.acceptConnections();
    await secondsUntil(() => names() === 'only-b web');
    expect([names(), current()]).toEqual(['only-b web', b.url]);
  });
});

/** A port that takes connections and never says a word, as a host does that has died behind a load balancer. */
async function startMute(): Promise<{ readonly url: string; readonly server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address() as { port: number };
  return { url: `https://127.0.0.1:${address.port}`, server };
}

function trusting({ ca = '' }: ApiServer): Omit<CredentialSource, 'server'> {
  return { read: () => Promise.resolve({ ca, verifyServer: true, headers: {} }) };
}

describe('a pod on a node where nobody serves default/kubernetes yet', () => {
  it('says what to set when the address from its environment leads nowhere', async () => {
    const mute = await startMute();
    const server = await startServer();
    const opened = await open({ server: mute.url, isInCluster: true, credentials: trusting(server) });
    await opened.secondsUntil(() => opened.lines.some((line) => line.startsWith('error')));
    expect(opened.lines.join('\n')).toMatch(/no connection within 10 s; 127\.0\.0\.1 is from KUBERNETES_SERVICE_HOST/);
    expect(opened.lines.join('\n')).toContain('set apiServer.urls of the ProxierConfiguration');
  });

  it('uses apiServer.urls at once', async () => {
    const mute = await startMute();
    const server = await startServer();
    server.objects.apply(service('web'));
    const opened = await open({
      server: mute.url,
      isInCluster: true,
      urls: [server.url],
      credentials: trusting(server),
    });
    expect(await opened.secondsUntil(() => opened.names() === 'web')).toBeLessThan(5);
    expect(opened.used).toEqual([`${server.url} start`]);
  });

  it('uses the servers that it learned before, and checks them by the name of the configured one', async () => {
    const server = await startServer({ subjectAltNames: ['10.96.0.1'] });
    server.objects.apply(service('web'));
    const kept = { urls: [server.url], virtualHosts: ['10.96.0.1'] };
    const opened = await open({
      server: 'https://10.96.0.1:443',
      isInCluster: true,
      discovery: true,
      kept,
      credentials: trusting(server),
    });
    expect(await opened.secondsUntil(() => opened.names() === 'web')).toBeLessThan(5);
    expect(opened.used).toEqual([`${server.url} start`]);
  });

  it('does not trust a server that is not the one it learned of', async () => {
    const impostor = await startServer({ subjectAltNames: ['other.example.com'] });
    const kept = { urls: [impostor.url], virtualHosts: ['api.invalid'] };
    const opened = await open({
      server: 'https://api.invalid:6443',
      discovery: true,
      isInCluster: true,
      kept,
      credentials: trusting(impostor),
    });
    await opened.secondsUntil(() => opened.objects.counters.every(({ errors }) => errors > 0));
    expect(opened.lines.join('\n')).toContain('the server goes by another name; set tls-server-name');
    expect(impostor.requests.find()).toEqual([]);
  });
});

describe('the addresses of default/kubernetes', () => {
  /** A cluster whose API server is reached by a name, and by the address that its Service has as endpoint. */
  async function openCluster(name: string, changes: Partial<Setup> = {}) {
    const server = await startServer({ host: '0.0.0.0', subjectAltNames: ['127.0.0.2'] });
    server.objects.apply(service('web'));
    const configured = `https://${name}:${server.port}`;
    const opened = await open({ server: configured, discovery: true, credentials: trusting(server), ...changes });
    await opened.secondsUntil(() => opened.objects.counters.every(({ errors, inSync }) => inSync || errors > 0));
    const sink = opened.servers.watch(nameSink().sink);
    sink.replaceServices([kubernetesService]);
    sink.replaceEndpointSlices([kubernetesSlice(server)]);
    return { ...opened, server, configured };
  }

  it('are kept for the next start, and used only when the configured server fails', async () => {
    const { server, written, current, servers, secondsPass, configured } = await openCluster('localhost');
    expect(written).toEqual([
      { urls: [server.url], virtualHosts: expect.arrayContaining(['127.0.0.2', 'kubernetes.default.svc']) },
    ]);
    await secondsPass(120);
    expect(current()).toBe(configured);
    servers.choice.failed(servers.choice.current, 'unreachable');
    expect(current()).toBe(server.url);
  });

  it('are not written again when they are as they were kept', async () => {
    const server = await startServer();
    const kept = { urls: [server.url], virtualHosts };
    const opened = await open({ server: server.url, discovery: true, kept, credentials: trusting(server) });
    const sink = opened.servers.watch(nameSink().sink);
    sink.replaceServices([kubernetesService]);
    sink.replaceEndpointSlices([kubernetesSlice(server)]);
    expect(opened.written).toEqual([]);
    const moved = { url: server.url.replace('127.0.0.1', '127.0.0.3') };
    sink.updateEndpointSlice(kubernetesSlice(moved));
    expect(opened.written).toEqual([{ urls: [moved.url], virtualHosts }]);
  });

  it('take over from an address that only Services lead to, once one of them has shown that it works', async () => {
    const { server, configured, used, secondsUntil, current } = await openCluster('127.0.0.2', { isInCluster: true });
    expect(current()).toBe(configured);
    const took = await secondsUntil(() => current() === server.url, 120);
    expect([took <= 60, used]).toEqual([true, [`${configured} start`, `${server.url} preferred`]]);
  });

  it('are left alone where discovery is off, and for a server without TLS', async () => {
    const off = await openCluster('localhost', { discovery: false });
    expect([off.written, off.servers.choice.order.length]).toEqual([[], 1]);
    const plain = await startServer({ tls: false });
    const opened = await open({ server: plain.url, discovery: true, credentials: anonymous });
    const sink = opened.servers.watch(nameSink().sink);
    sink.replaceServices([kubernetesService]);
    sink.replaceEndpointSlices([kubernetesSlice(plain)]);
    expect([opened.written, opened.servers.choice.order.length]).toEqual([[], 1]);
  });
});
