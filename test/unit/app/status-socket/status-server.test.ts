import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusServer, type StatusServerOptions } from '../../../../src/app/status-socket/status-server.ts';
import { ClusterTables } from '../../../../src/cluster/tables.ts';
import { serviceKey, type ServiceKey } from '../../../../src/model/service-key.ts';
import type { VirtualServerKey } from '../../../../src/model/virtual-server.ts';
import type { DrainingLine, StatusLine } from '../../../../src/model/status-protocol.ts';
import { aService, aSlice, anEndpoint } from '../../../support/builders.ts';
import { systemClock } from '../../../../src/app/system-clock.ts';

let directory: string;
let path: string;
let server: StatusServer | undefined;
let told: { message: string; why: unknown }[];
const tables = new ClusterTables(() => undefined);
const draining: DrainingLine[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'status-'));
  path = join(directory, 'run', 'status.sock');
  told = [];
  draining.length = 0;
  tables.replaceServices([aService(), aService({ name: 'api', key: serviceKey('shop', 'api'), namespace: 'shop' })]);
  tables.replaceEndpointSlices([aSlice([anEndpoint('10.244.1.2')])]);
});

afterEach(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

async function start(changes: Partial<StatusServerOptions> = {}): Promise<StatusServer> {
  const tell = (message: string, fields?: Readonly<Record<string, unknown>>) =>
    void told.push({ message, why: fields?.['why'] });
  server = new StatusServer({
    path,
    source: { nodeName: 'n1', program: '1.2.3', tables, holderOf: () => undefined, draining: () => draining },
    clock: systemClock,
    log: {
      info: tell,
      warning: tell,
      error: (message, error) => tell(message, { why: error }),
      debug: () => undefined,
      isVerbose: () => false,
    },
    ...changes,
  });
  await server.start();
  return server;
}

async function ask(target: string, method = 'GET') {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ socketPath: path, path: target, method, agent: false }, resolve).once('error', reject).end();
  });
  let body = '';
  for await (const piece of response.setEncoding('utf8')) body += String(piece);
  return { status: response.statusCode, headers: response.headers, body };
}

async function lines(target: string): Promise<readonly StatusLine[]> {
  const { status, body } = await ask(target);
  expect(status).toBe(200);
  return body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as StatusLine);
}

describe('answers', () => {
  it('with all Services, what drains, and an end', async () => {
    await start();
    draining.push({ kind: 'draining', protocol: 'TCP', address: '10.96.0.1', port: 80, realServers: [] });
    const found = await lines('/v1/services');
    expect(found.map(({ kind }) => kind)).toEqual(['node', 'service', 'service', 'draining', 'end']);
    expect(found[0]).toEqual({ kind: 'node', protocol: 1, program: '1.2.3', node: 'n1', inSync: true });
    expect(found[1]).toMatchObject({
      name: 'web',
      slices: [{ endpoints: [{ address: '10.244.1.2', state: 'ready' }] }],
    });
    expect(found[4]).toEqual({ kind: 'end', services: 2 });
  });

  it.each([
    ['?namespace=shop', ['shop/api']],
    ['?service=default%2Fweb', ['default/web']],
    ['?service=default/web&namespace=shop', []],
    ['?service=none/such', []],
    ['?namespace=', ['default/web', 'shop/api']],
  ])('with the Services of %s', async (query, expected) => {
    await start();
    const found = await lines(`/v1/services${query}`);
    const names = found.flatMap((line) => (line.kind === 'service' ? `${line.namespace}/${line.name}` : []));
    expect(names).toEqual(expected);
    expect(found.at(-1)).toEqual({ kind: 'end', services: expected.length });
  });

  it.each([
    ['10.96.0.1:80', ['shop/api']],
    ['10.96.0.1:53', ['default/web', 'shop/api']],
    ['10.96.0.1:81', []],
    ['[fd00::1]:80', ['default/web']],
  ])('with the Services that have %s, of any protocol, without a look at the others', async (address, expected) => {
    const held = new Map([
      ['TCP/10.96.0.1:80', 'shop/api'],
      ['TCP/10.96.0.1:53', 'default/web'],
      ['UDP/10.96.0.1:53', 'shop/api'],
      ['SCTP/10.96.0.1:53', 'shop/api'],
      ['TCP/[fd00::1]:80', 'default/web'],
    ]);
    const holderOf = (key: VirtualServerKey) => held.get(key) as ServiceKey | undefined;
    const walked = () => {
      throw new Error('all Services were looked at');
    };
    const known = { inSync: true, service: tables.service.bind(tables), slicesOf: tables.slicesOf.bind(tables) };
    const source = { nodeName: 'n1', program: '1.2.3', tables: { ...known, serviceKeys: walked }, holderOf };
    await start({ source: { ...source, draining: () => draining } });
    const found = await lines(`/v1/services?address=${encodeURIComponent(address)}`);
    const names = found.flatMap((line) => (line.kind === 'service' ? `${line.namespace}/${line.name}` : []));
    expect(names).toEqual(expected);
  });

  it.each([
    ['GET', '/v2/services', 404, '/v2/services is not known here; protocol 1 is /v1/services\n'],
    ['POST', '/v1/services', 405, 'POST is not allowed: this socket only tells\n'],
    ['GET', '/v1/services?pod=a', 400, 'unknown parameter "pod"\n'],
    ['GET', '/v1/services?address=web:80', 400, 'address "web:80" is not IP:PORT\n'],
    ['GET', '/v1/services?address=10.0.0.1', 400, 'address "10.0.0.1" is not IP:PORT\n'],
    ['GET', '/v1/services?service=web', 400, 'service "web" is not namespace/name\n'],
  ])('%s %s with %i', async (method, target, status, body) => {
    await start();
    const answer = await ask(target, method);
    expect(answer).toMatchObject({ status, body });
    expect(answer.headers).toMatchObject({ 'ipvs-proxier-protocol': '1', 'ipvs-proxier-version': '1.2.3' });
  });

  it('of any size, a little at a time, while other things go on', async () => {
    await start();
    const services = Array.from({ length: 4000 }, (_, index) => {
      const name = `web-${index}`;
      return aService({ name, key: serviceKey('default', name) });
    });
    tables.replaceServices(services);
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 0);
    const found = await lines('/v1/services');
    clearInterval(timer);
    expect(found.at(-1)).toEqual({ kind: 'end', services: 4000 });
    expect(turns).toBeGreaterThan(3);
  });

  it('not to the end when the client goes', async () => {
    await start();
    const key = serviceKey('default', 'web');
    let made = 0;
    const endless = {
      inSync: true,
      serviceKeys: function* () {
        for (; made < 1_000_000; made++) yield key;
      },
      service: () => tables.service(key),
      slicesOf: () => tables.slicesOf(key),
    };
    await server?.stop();
    await start({
      source: { nodeName: 'n1', program: '1', tables: endless, holderOf: () => undefined, draining: () => [] },
    });
    const client = connect(path);
    client.write('GET /v1/services HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(client, 'data');
    client.destroy();
    await server?.stop();
    expect(made).toBeLessThan(1_000_000);
    expect(told).toEqual([]);
  });
});

describe('the socket', () => {
  it('is for its user alone, and goes with the process', async () => {
    await start();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'run')).mode & 0o777).toBe(0o700);
    await server?.stop();
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  it('takes the place of one that nobody listens on', async () => {
    await leaveStaleSocket();
    await start();
    expect(await lines('/v1/services')).toHaveLength(4);
    expect(told).toEqual([]);
  });

  it('leaves alone one that another process listens on, and tells it once', async () => {
    const first = await start();
    const second = await start({ limits: { retryMs: 5 } });
    await until(() => told.length > 0);
    expect(told).toEqual([
      {
        message: expect.stringContaining('No status socket'),
        why: expect.stringMatching(/^another process listens on/),
      },
    ]);
    expect(await lines('/v1/services')).toHaveLength(4);
    await first.stop();
    await until(() => statSync(path, { throwIfNoEntry: false }) !== undefined);
    expect(await lines('/v1/services')).toHaveLength(4);
    expect(told).toHaveLength(1);
    await second.stop();
  });

  it.each([
    ['a file', (at: string) => writeFileSync(at, 'precious')],
    ['a link', (at: string) => symlinkSync('/etc/passwd', at)],
  ])('leaves alone %s', async (_, make) => {
    path = join(directory, 'status.sock');
    make(path);
    await start();
    expect(told[0]?.why).toBe(`${path} is there and is not a socket`);
    expect(statSync(path).isSocket()).toBe(false);
  });

  it('is told to be missing where its directory cannot be made', async () => {
    writeFileSync(join(directory, 'run'), '');
    chmodSync(join(directory, 'run'), 0o600);
    await start();
    expect(told[0]?.why).toMatch(/ENOTDIR|EEXIST/);
  });
});

describe('clients that do not behave', () => {
  it.each([
    ['say nothing', ''],
    ['do not finish', 'GET /v1/services HTTP/1.1\r\nHost: x\r\n'],
    ['talk nonsense', 'nonsense\r\n\r\n'],
    ['talk too much', `GET / HTTP/1.1\r\nX: ${'x'.repeat(9000)}\r\n\r\n`],
  ])('and %s are closed', async (_, sent) => {
    await start({ limits: { requestMs: 50, idleMs: 100 } });
    const client = connect(path).on('error', () => undefined);
    client.write(sent);
    client.resume();
    await once(client, 'close');
    expect(await lines('/v1/services')).toHaveLength(4);
  });

  it('are only so many at a time', async () => {
    await start({ limits: { connections: 2 } });
    const clients: Socket[] = [];
    for (let index = 0; index < 2; index++) {
      const client = connect(path);
      clients.push(client);
      await once(client, 'connect');
    }
    const third = connect(path).on('error', () => undefined);
    third.resume();
    await once(third, 'close');
    expect(clients.map(({ destroyed }) => destroyed)).toEqual([false, false]);
    for (const client of clients) client.destroy();
  });
});

/** What a process leaves that was killed. */
async function leaveStaleSocket(): Promise<void> {
  await start();
  await server?.stop();
  const abandoned: Server = createServer();
  await new Promise<void>((resolve) => abandoned.listen(`${path}.old`, resolve));
  const { linkSync } = await import('node:fs');
  linkSync(`${path}.old`, path);
  await new Promise((resolve) => abandoned.close(resolve));
}

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; !condition(); attempt++) {
    if (attempt > 2000) throw new Error('it has not come to that');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
