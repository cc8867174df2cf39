import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { knowsProxies, openApiSource, requireApiAccess } from '../../../../src/app/objects/open-source.ts';
import type { ObjectSink } from '../../../../src/kubernetes/source.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { type ApiServer, startApiServer } from '../../../support/api-server/start-api-server.ts';
import { emptySink } from '../../../support/empty-sink.ts';

let directory = '';
const servers: ApiServer[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'open-source-'));
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  await rm(directory, { recursive: true });
});

async function start(): Promise<ApiServer> {
  const server = await startApiServer();
  servers.push(server);
  return server;
}

/** A connection whose kubeconfig leads to one server and trusts all that were started. */
async function connectionTo(
  server: ApiServer,
  text = server.kubeconfigFor({ ca: servers.map(({ ca }) => ca).join('') }),
) {
  const kubeconfig = join(directory, 'config');
  await writeFile(kubeconfig, text);
  return { kubeconfig, master: '', contentType: '', acceptContentTypes: '', qps: 5, burst: 10 };
}

/** A sink that only tells when Services have been listed. */
function listingSink() {
  let told: (names: string) => void = () => {};
  const listed = new Promise<string>((resolve) => {
    told = resolve;
  });
  const sink: ObjectSink = { ...emptySink, replaceServices: (all) => told([...all].map(({ name }) => name).join()) };
  return { sink, listed };
}

describe('openApiSource', () => {
  it('leads to a listed server when the configured one is dead', async () => {
    const [dead, alive] = [await start(), await start()];
    const spec = { ports: [{ port: 80 }] };
    alive.objects.apply({ kind: 'Service', metadata: { namespace: 'shop', name: 'web' }, spec });
    dead.faults.refuseConnections();
    const used: string[] = [];
    const { sink, listed } = listingSink();
    const opened = await openApiSource({
      connection: await connectionTo(dead),
      apiServer: { urls: [alive.url], tlsServerName: '', discovery: true, cacheFile: join(directory, 'cache') },
      nodeName: 'n1',
      version: 'v1.36.0',
      sink,
      log: silentLog,
      onServer: ({ url }, reason) => used.push(`${url} ${reason}`),
    });
    opened.source.start();
    expect(await listed).toBe('web');
    expect(used).toEqual([`${dead.url} start`, `${alive.url} unreachable`]);
    opened.source.stop();
    opened.stop();
  });
});

describe('requireApiAccess', () => {
  it('refuses a kubeconfig whose proxy cannot be used, before anything is asked', async () => {
    const server = await start();
    const text = server.kubeconfig.replace(/ {4}server:/, '    proxy-url: ftp://proxy\n    server:');
    const connection = await connectionTo(server, text);
    await expect(requireApiAccess(connection)).rejects.toThrow('proxy-url of cluster "local": ftp://proxy is no proxy');
    expect(server.requests.find()).toEqual([]);
  });
});

describe('knowsProxies', () => {
  it.each([
    ['22.20.0', false],
    ['22.21.0', true],
    ['23.11.0', false],
    ['24.4.1', false],
    ['24.5.0', true],
    ['24.21.0', true],
    ['26.0.0', true],
  ])('Node %s: %s', (version, expected) => {
    expect(knowsProxies(version)).toBe(expected);
  });
});
