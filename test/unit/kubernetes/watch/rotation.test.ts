import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiConnection } from '../../../../src/kubernetes/watch/api-connection.ts';
import type { CredentialSource } from '../../../../src/kubernetes/watch/credentials.ts';
import { KubeClient } from '../../../../src/kubernetes/watch/kube-client.ts';
import { openKubeConfig } from '../../../../src/kubernetes/watch/kube-config.ts';
import { openServiceAccount } from '../../../../src/kubernetes/watch/service-account.ts';
import { TokenBucket } from '../../../../src/kubernetes/watch/token-bucket.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../../../support/api-server/start-api-server.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { onlyServer } from '../../../support/only-server.ts';
import { recordingLog } from './recording-log.ts';

let directory = '';
let server: ApiServer;
let clock: ManualClock;
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rotation-'));
  clock = new ManualClock();
  await clock.advance(Date.UTC(2026, 0, 1));
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await rm(directory, { recursive: true });
});

/** Lets everything run that is ready. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

const write = (name: string, text = '') => writeFile(join(directory, name), text);

async function start(options: ApiServerOptions = {}) {
  server = await startApiServer(options);
  closers.push(() => server.stop());
}

function clientOf(source: CredentialSource) {
  const { log, lines } = recordingLog();
  const connection = new ApiConnection({ source, clock, log });
  closers.push(() => connection.close());
  const limiter = new TokenBucket({ clock, perSecond: -1, burst: 0 });
  const client = new KubeClient({ connection, servers: onlyServer(server.url), clock, limiter, userAgent: 'test' });
  const { signal } = new AbortController();
  /** `ok`, or what went wrong. */
  const ask = () =>
    client.getJson('/api/v1/nodes', signal).then(
      () => 'ok',
      (error: unknown) => String(error),
    );
  return { ask, lines, client, signal };
}

/** A kubeconfig whose credentials are all in files, as those of nodes are. */
async function openFiles(user: object) {
  const config = {
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: server.url, 'certificate-authority': 'ca' } }],
    users: [{ name: 'u', user }],
  };
  await write('ca', server.ca);
  await write('config', JSON.stringify(config));
  return clientOf(await openKubeConfig(join(directory, 'config'), '', clock));
}

describe('a rotated certificate authority', () => {
  it('is taken up at the next try once it is there, without waiting for the minute to end', async () => {
    await start();
    const { ask } = await openFiles({});
    expect(await ask()).toBe('ok');
    server.rotateCertificate({ newAuthority: true });
    server.faults.killConnections();
    expect(await ask()).toMatch(/certificate of the server is not from the configured authority/);
    await write('ca', server.ca);
    expect(await ask()).toBe('ok');
  });

  it('that is half-written leaves the last one in force', async () => {
    await start();
    const { ask, lines } = await openFiles({});
    expect(await ask()).toBe('ok');
    await write('ca', server.ca?.slice(0, 100));
    await clock.advance(60_000);
    server.faults.killConnections();
    expect(await ask()).toBe('ok');
    expect(lines).toEqual([
      expect.stringMatching(/^error: Cannot renew the credentials.*certificate-authority is no cert/),
    ]);
  });

  it('of a pod is taken up too, and one that is empty for a moment is not', async () => {
    await start({ tokens: ['t1'] });
    const { hostname, port } = new URL(server.url);
    const environment = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    await write('token', 't1');
    await write('ca.crt', server.ca);
    const { log } = recordingLog();
    const { ask } = clientOf(await openServiceAccount({ environment, directory, log }));
    expect(await ask()).toBe('ok');
    await write('ca.crt', '');
    await clock.advance(60_000);
    expect(await ask()).toBe('ok');
    server.rotateCertificate({ newAuthority: true });
    server.faults.killConnections();
    expect(await ask()).toMatch(/not from the configured authority/);
    await write('ca.crt', server.ca);
    await clock.advance(5_000);
    expect(await ask()).toBe('ok');
  });
});

describe('a rotated client certificate', () => {
  it('is shown once certificate and key belong together, the old pair until then', async () => {
    await start({ clientCertificates: true });
    const [first, second] = [server.issueClientCertificate('one'), server.issueClientCertificate('two')];
    await write('cert', first.certificate);
    await write('key', first.key);
    const { ask, lines } = await openFiles({ 'client-certificate': 'cert', 'client-key': 'key' });
    expect(await ask()).toBe('ok');
    await write('cert', second.certificate);
    await clock.advance(60_000);
    server.faults.killConnections();
    expect(await ask()).toBe('ok');
    expect(lines).toEqual([expect.stringContaining('client-key does not belong to client-certificate')]);
    await write('key', second.key);
    await clock.advance(5_000);
    server.faults.killConnections();
    expect(await ask()).toBe('ok');
    expect(lines).toHaveLength(1);
  });
});

describe('a rotated token', () => {
  it('is read again when the old one is refused, and each minute', async () => {
    await start({ tokens: ['t1'] });
    await write('token', 't1');
    const { ask } = await openFiles({ tokenFile: 'token' });
    expect(await ask()).toBe('ok');
    await write('token', 't2');
    server.setTokens(['t2']);
    expect(await ask()).toBe('ok');
    await write('token', 't3');
    server.setTokens(['t2', 't3']);
    await clock.advance(60_000);
    expect(await ask()).toBe('ok');
    server.setTokens(['t3']);
    await rm(join(directory, 'token'));
    expect(await ask()).toBe('ok');
  });

  it('of a plugin is asked for before the old one ends, and the old one serves while the plugin fails', async () => {
    await start({ tokens: ['t1'] });
    const reads: boolean[] = [];
    const halfMinute = 30_000;
    const source: CredentialSource = {
      server: server.url,
      read: (fresh) => {
        reads.push(fresh);
        if (reads.length === 2) return Promise.reject(new Error('the plugin has a bad day'));
        const headers = { Authorization: 'Bearer t1' };
        return Promise.resolve({
          ca: server.ca ?? '',
          verifyServer: true,
          headers,
          renewAtMs: clock.nowMs() + halfMinute,
        });
      },
    };
    const { ask, lines } = clientOf(source);
    expect(await ask()).toBe('ok');
    await clock.advance(halfMinute - 1);
    expect([await ask(), reads.length]).toEqual(['ok', 1]);
    await clock.advance(1);
    expect([await ask(), reads.length]).toEqual(['ok', 2]);
    expect(lines.join()).toContain('the plugin has a bad day');
    await clock.advance(4_999);
    expect([await ask(), reads.length]).toEqual(['ok', 2]);
    await clock.advance(1);
    expect([await ask(), reads.length]).toEqual(['ok', 3]);
  });
});

describe('credentials that take long to read', () => {
  it('hold a request up for two seconds, unless the last ones were refused', async () => {
    await start({ tokens: ['t1'] });
    let finish: (token: string) => void = () => {};
    let token = Promise.resolve('t1');
    const read = async () => ({
      ca: server.ca ?? '',
      verifyServer: true,
      headers: { Authorization: `Bearer ${await token}` },
    });
    const { ask } = clientOf({ server: server.url, read });
    expect(await ask()).toBe('ok');
    token = new Promise((resolve) => {
      finish = resolve;
    });
    await clock.advance(60_000);
    const held = ask();
    await turn();
    await clock.advance(2_000);
    expect(await held).toBe('ok');
    server.setTokens(['t2']);
    const refused = ask();
    await turn();
    await clock.advance(2_000);
    while (server.requests.find().length < 3) await turn(); // it has been refused, and waits
    finish('t2');
    expect(await refused).toBe('ok');
  });
});

describe('a connection that the server closes while it is idle', () => {
  it('costs a GET nothing: it is sent again', async () => {
    await start();
    const { ask } = await openFiles({});
    expect(await ask()).toBe('ok');
    server.faults.inject({}, { kind: 'disconnect' }, 1);
    expect(await ask()).toBe('ok');
    server.faults.inject({}, { kind: 'disconnect' }, 2);
    expect(await ask()).toMatch(/ECONNRESET|socket hang up/);
  });

  it('fails a POST, which may have arrived', async () => {
    await start();
    const { ask, client, signal } = await openFiles({});
    expect(await ask()).toBe('ok');
    server.faults.inject({}, { kind: 'disconnect' }, 1);
    const body = { kind: 'Namespace', metadata: { name: 'x' } };
    await expect(client.sendJson('POST', '/api/v1/namespaces', body, signal)).rejects.toMatchObject({
      code: 'API_CONNECTION',
    });
  });
});

describe('a server whose certificate is not checked', () => {
  it('is warned of', async () => {
    await start();
    const source: CredentialSource = {
      server: server.url,
      read: () => Promise.resolve({ verifyServer: false, headers: {} }),
    };
    const { ask, lines } = clientOf(source);
    expect([await ask(), await ask()]).toEqual(['ok', 'ok']);
    expect(lines).toEqual([expect.stringMatching(/^warning: The certificate .* insecure-skip-tls-verify is set/)]);
  });
});
