import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createNetServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { askDaemon, rememberAnswers } from '../../../../src/app/ipvs-status/status-client.ts';
import type { DaemonAnswer } from '../../../../src/cli/services/run-services.ts';

let directory: string;
let socket: string;
let server: Server | undefined;
const asked: (string | undefined)[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'client-'));
  socket = join(directory, 'status.sock');
  asked.length = 0;
});

afterEach(() => {
  server?.close();
  rmSync(directory, { recursive: true });
});

async function serve(answer: RequestListener): Promise<void> {
  server = createServer((request, response) => {
    asked.push(request.url);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server?.listen(socket, resolve));
}

const ours = { 'ipvs-proxier-protocol': '1', 'ipvs-proxier-version': '1.2.3' };
const end = '{"kind":"end","services":0}\n';
const all = (waitMs?: number) => askDaemon({ socket, service: '', namespace: '' }, waitMs);

it('hands on what was told', async () => {
  await serve((_, response) => response.writeHead(200, ours).end(`{"kind":"node","node":"n1"}\n${end}`));
  expect(await all()).toEqual({
    kind: 'told',
    lines: [
      { kind: 'node', node: 'n1' },
      { kind: 'end', services: 0 },
    ],
  });
  await askDaemon({ socket, service: 'a/b', namespace: 'a' });
  await askDaemon({ socket, service: '', namespace: '', virtualServer: '[fd00::1]:80' });
  const filters = { socket, service: '', namespace: '', address: '10.0.0.1', node: 'n1' };
  await askDaemon(filters); // what the tool looks for itself is not sent
  expect(asked).toEqual([
    '/v1/services',
    '/v1/services?service=a%2Fb&namespace=a',
    '/v1/services?address=%5Bfd00%3A%3A1%5D%3A80',
    '/v1/services',
  ]);
});

it.each<[string, RequestListener, RegExp]>([
  [
    'an older one',
    (_, r) => r.writeHead(404, { ...ours, 'ipvs-proxier-protocol': '0' }).end(),
    /1\.2\.3 is older than this tool/,
  ],
  [
    'a newer one',
    (_, r) => r.writeHead(404, { ...ours, 'ipvs-proxier-protocol': '2' }).end(),
    /1\.2\.3 is newer than this tool/,
  ],
  ['a newer one that knows us', (_, r) => r.writeHead(200, { ...ours, 'ipvs-proxier-protocol': '2' }).end(end), /^$/],
  ['one that refuses', (_, r) => r.writeHead(400, ours).end('no\nmore'), /1\.2\.3 refused: no$/],
  ['another program', (_, r) => r.end(end), /is not ipvs-proxier$/],
  ['an answer that breaks off', (_, r) => r.writeHead(200, ours).end('{"kind":"node"}\n'), /its answer broke off$/],
  [
    'a connection that breaks off',
    (_, r) => void r.writeHead(200, ours).write('{"ki', () => r.destroy()),
    /cannot be asked on .*: aborted$/,
  ],
  ['an answer that is no JSON', (_, r) => r.writeHead(200, ours).end('<html>\n'), /cannot be asked on .*JSON/],
  ['no answer', () => undefined, /it does not answer within 0\.05 s$/],
])('%s', async (_, answer, why) => {
  await serve(answer);
  const { kind, ...rest } = await all(50);
  const given = kind === 'away' && 'why' in rest ? rest.why : '';
  expect(given).toMatch(why);
  expect(given).not.toContain('\n');
  if (server !== undefined && 'closeAllConnections' in server)
    (server as { closeAllConnections(): void }).closeAllConnections();
});

it('nobody there', async () => {
  expect(await all()).toMatchObject({ kind: 'away', why: expect.stringMatching(/^there is no .*--socket\)$/) });
  writeFileSync(socket, '');
  expect(await all()).toMatchObject({ kind: 'away', why: expect.stringMatching(/^nobody listens on|cannot be asked/) });
});

it('a program that is no HTTP server', async () => {
  server = createNetServer((connection) => connection.end('hello\n'));
  await new Promise<void>((resolve) => server?.listen(socket, resolve));
  expect(await all()).toMatchObject({ kind: 'away', why: expect.stringContaining('cannot be asked') });
});

it('asks again only after a while', async () => {
  let now = 0;
  let count = 0;
  const ask = rememberAnswers(
    async (): Promise<DaemonAnswer> => {
      now += 1_000;
      return { kind: 'away', why: String((count += 1)) };
    },
    () => now,
  );
  expect(await ask({})).toMatchObject({ why: '1' });
  now += 9_999;
  expect(await ask({})).toMatchObject({ why: '1' });
  now += 2;
  expect(await ask({})).toMatchObject({ why: '2' });
});
