import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

jest.setTimeout(60_000);

const scripts = join(__dirname, '../../../charts/ipvs-proxier/files/tests');
const serviceAccount = mkdtempSync(join(tmpdir(), 'helm-test-'));

/** Stands in for the API server: answers what the checks read, to whoever has the token. */
const api = createServer((request, response) => {
  const isKnown = request.headers.authorization === 'Bearer secret';
  if (request.url === '/version') return void response.writeHead(403).end('{}');
  if (!isKnown) return void response.writeHead(401).end('{}');
  const known: Readonly<Record<string, number>> = { '/node-port': backendPort, '/local': backendPort, '/none': 1 };
  const port = known[request.url?.replace('/api/v1/namespaces/shop/services', '') ?? ''];
  if (port === undefined) return void response.writeHead(404).end('{}');
  response.end(JSON.stringify({ spec: { clusterIP: '127.0.0.1', ports: [{ port, nodePort: port }] } }));
});
let backendPort = 0;
let stopBackend: () => void = () => {};

beforeAll(async () => {
  writeFileSync(join(serviceAccount, 'token'), 'secret\n');
  await listening(api);
  backendPort = await freePort();
  const backend = spawn(process.execPath, [join(scripts, 'backend.cjs')], {
    env: { ...process.env, PORT: String(backendPort), POD_NAME: 'backend-1' },
  });
  stopBackend = () => backend.kill();
});

afterAll(() => {
  stopBackend();
  api.close();
  rmSync(serviceAccount, { recursive: true });
});

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

function check(name: string, environment: Readonly<Record<string, string>> = {}) {
  const env = {
    ...process.env,
    API_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
    SERVICE_ACCOUNT: serviceAccount,
    POD_NAMESPACE: 'shop',
    HOST_IP: '127.0.0.1',
    NODE_PORT_SERVICE: 'node-port',
    LOCAL_SERVICE: 'local',
    TIMEOUT_SECONDS: '20',
    ...environment,
  };
  return new Promise<{ code: number; output: string }>((resolve) => {
    execFile(process.execPath, [join(scripts, 'check.cjs'), name], { env }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
    });
  });
}

describe('a check of "helm test"', () => {
  it('of the API server takes any answer, a refusal included', async () => {
    expect(await check('api')).toEqual({ code: 0, output: expect.stringContaining('answers with status 403') });
  });

  it('of a node port and of policy Local tells who answered', async () => {
    for (const name of ['node-port', 'policy-local']) {
      expect(await check(name)).toEqual({ code: 0, output: expect.stringMatching(/^ok: .*answered by backend-1/) });
    }
  });

  it('of policy Local elsewhere fails when somebody answers', async () => {
    const { code, output } = await check('policy-local-elsewhere', { TIMEOUT_SECONDS: '0' });
    expect(code).toBe(1);
    expect(output).toMatch(/^failed: .*although its backend is on another node/);
    expect(await check('policy-local-elsewhere', { LOCAL_SERVICE: 'none' })).toMatchObject({ code: 0 });
  });

  it('fails with the reason when nobody answers', async () => {
    const run = await check('policy-local', { LOCAL_SERVICE: 'none', TIMEOUT_SECONDS: '0' });
    expect(run).toEqual({ code: 1, output: expect.stringMatching(/^failed: fetch failed: /) });
    expect(await check('node-port', { NODE_PORT_SERVICE: 'gone', TIMEOUT_SECONDS: '0' })).toEqual({
      code: 1,
      output: 'failed: /api/v1/namespaces/shop/services/gone: status 404\n',
    });
  });

  it('that there is not is refused', async () => {
    expect(await check('pod')).toEqual({
      code: 1,
      output: expect.stringContaining('no check pod; there are: api, dns'),
    });
  });
});
