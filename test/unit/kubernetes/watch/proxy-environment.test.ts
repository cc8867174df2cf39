import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '../../../../src/observe/log.ts';
import { ApiConnection } from '../../../../src/kubernetes/watch/api-connection.ts';
import type { CredentialSource } from '../../../../src/kubernetes/watch/credentials.ts';
import { KubeClient } from '../../../../src/kubernetes/watch/kube-client.ts';
import { checkProxy, proxyFor } from '../../../../src/kubernetes/watch/proxy-environment.ts';
import { TokenBucket } from '../../../../src/kubernetes/watch/token-bucket.ts';
import { startApiServer } from '../../../support/api-server/start-api-server.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { onlyServer } from '../../../support/only-server.ts';

const proxy = 'http://proxy:3128';

describe('proxyFor', () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ['https://10.0.0.1:6443', {}, undefined],
    ['https://10.0.0.1:6443', { HTTPS_PROXY: proxy }, proxy],
    ['https://10.0.0.1:6443', { https_proxy: proxy }, proxy],
    ['https://10.0.0.1:6443', { HTTPS_PROXY: proxy, https_proxy: 'http://other' }, proxy],
    ['https://10.0.0.1:6443', { HTTPS_PROXY: '', https_proxy: 'http://other' }, 'http://other'],
    ['https://10.0.0.1:6443', { HTTP_PROXY: proxy, ALL_PROXY: proxy }, undefined],
    ['http://10.0.0.1:8080', { HTTP_PROXY: proxy }, proxy],
    ['https://10.0.0.1:6443', { HTTPS_PROXY: 'proxy:3128' }, 'http://proxy:3128'],
    ['https://localhost:6443', { HTTPS_PROXY: proxy }, undefined],
    ['https://127.0.0.1:6443', { HTTPS_PROXY: proxy }, undefined],
    ['https://[::1]:6443', { HTTPS_PROXY: proxy }, undefined],
  ])('for %s with %j is %s', (server, environment, expected) => {
    expect(proxyFor(server, environment)).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ['https://10.0.0.1:6443', '*', true],
    ['https://10.0.0.1:6443', 'a, 10.0.0.1 ,b', true],
    ['https://10.0.0.1:6443', '10.0.0.1:6443', true],
    ['https://10.0.0.1:6443', '10.0.0.1:443', false],
    ['https://10.0.0.1', '10.0.0.1:443', true],
    ['https://10.0.0.1:6443', '10.0.0.0/8', true],
    ['https://11.0.0.1:6443', '10.0.0.0/8', false],
    ['https://10.0.0.1:6443', 'fd00::/8', false],
    ['https://[fd00::1]:6443', 'fd00::/8', true],
    ['https://[fd00::1]:6443', 'fd00:0:0::1', true],
    ['https://[fd00::1]:6443', '[fd00::1]:6443', true],
    ['https://[fd00::1]:6443', '[fd00::1]:443', false],
    ['https://api.example.com:6443', 'example.com', true],
    ['https://api.Example.com:6443', 'EXAMPLE.com', true],
    ['https://example.com:6443', 'example.com', true],
    ['https://example.com:6443', '.example.com', false],
    ['https://api.example.com:6443', '.example.com', true],
    ['https://api.example.com:6443', '*.example.com', true],
    ['https://notexample.com:6443', 'example.com', false],
    ['https://api.example.com:6443', 'example.com:443', false],
    ['https://api.example.com:6443', ',,', false],
    ['https://10.0.0.1:6443', '10.0.0.0/99', false],
  ])('for %s, with NO_PROXY %s, is none: %s', (server, exceptions, isNone) => {
    for (const name of ['NO_PROXY', 'no_proxy']) {
      expect(proxyFor(server, { HTTPS_PROXY: proxy, [name]: exceptions }) === undefined).toBe(isNone);
    }
  });

  it('refuses a proxy of another kind, says where it is written, and shows no password', () => {
    const use = (text: string) => () => proxyFor('https://10.0.0.1', { https_proxy: text });
    expect(use('socks5://user:secret@proxy')).toThrow(
      'environment variable https_proxy: socks5://proxy is no proxy that is supported; use http://host:port',
    );
    expect(use('http://user:secret@')).toThrow(/^environment variable https_proxy: (?!.*secret)/);
    expect(() => checkProxy('http://', 'proxy-url')).toThrow('proxy-url: ');
  });
});

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A proxy that leads wherever it is asked to, or refuses. */
async function startProxy(status = 200) {
  const asked: string[] = [];
  const server = createServer();
  server.on('connect', (request, socket) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? 'anonymous'}`);
    const [host = '', port] = (request.url ?? '').split(':');
    if (status !== 200) return socket.end(`HTTP/1.1 ${status} no\r\n\r\n`);
    socket.on('error', () => {}); // a client that goes is nothing to a proxy
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 ok\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    return onward.on('error', () => {});
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => server.close());
  return { asked, url: `http://user:pw@127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function clientThrough(proxyUrl: string) {
  const server = await startApiServer({});
  const { ca = '' } = server;
  const source: CredentialSource = {
    server: server.url,
    proxyUrl,
    read: () => Promise.resolve({ ca, verifyServer: true, headers: {} }),
  };
  const clock = new ManualClock();
  const connection = new ApiConnection({ source, clock, log: silentLog });
  closers.push(
    () => connection.close(),
    () => server.stop(),
  );
  const limiter = new TokenBucket({ clock, perSecond: -1, burst: 0 });
  const client = new KubeClient({ connection, servers: onlyServer(server.url), clock, limiter, userAgent: 'test' });
  return { client, clock, server, port: server.port };
}

describe('an API server behind a proxy', () => {
  const { signal } = new AbortController();

  it('is reached through a tunnel, and its certificate is checked', async () => {
    const { url, asked } = await startProxy();
    const { client, port } = await clientThrough(url);
    const { value } = await client.getJson('/api/v1/nodes', signal);
    expect(value).toMatchObject({ kind: 'NodeList' });
    expect(asked).toEqual([`127.0.0.1:${port} Basic ${Buffer.from('user:pw').toString('base64')}`]);
  });

  it('has as long for its answer as one without a proxy, on new and on used connections', async () => {
    const { url } = await startProxy();
    const { client, clock, server } = await clientThrough(url);
    for (let round = 1; round <= 2; round += 1) {
      const hang = server.faults.inject({}, { kind: 'hang' }, 1);
      const asking = client.getJson('/api/v1/nodes', signal);
      while (hang.hits === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      await Promise.all([expect(asking).rejects.toThrow('no answer within 30 s'), clock.advance(30_000)]);
      await client.getJson('/api/v1/nodes', signal);
    }
  });

  it('that refuses is named, without its password', async () => {
    const { url } = await startProxy(403);
    const { client } = await clientThrough(url);
    const asking = client.getJson('/api/v1/nodes', signal);
    await expect(asking).rejects.toThrow(/the proxy on the way does not lead there; see proxy-url .* NO_PROXY/);
    await expect(asking).rejects.toThrow(/^(?!.*pw@)/);
  });
});
