import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from '@jest/globals';
import { DaemonProcess } from './daemon-process.ts';
import { LabNode } from './lab-node.ts';
import { list, service } from './manifests.ts';

const tool = join(import.meta.dirname, '..', '..', '..', 'dist', 'ipvs-status');
const socketPath = '/run/ipvs-proxier/status.sock';
const endpointAddress = '10.0.0.5';

const node = new LabNode();
const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  await node.shell.run(`ip address del ${endpointAddress}/32 dev lo || true`);
  await node.clear();
});
afterAll(() => node.close());

interface ShownItem {
  readonly address: string;
  readonly service?: { readonly namespace: string; readonly name: string; readonly port: string };
  readonly realServers: readonly { readonly address: string; readonly state: string; readonly pod?: string }[];
}

/** Output, error and exit code of the shipped tool. */
async function run(options: string): Promise<{ output: string; error: string; exitCode: string }> {
  const files = [`${node.directory}/output`, `${node.directory}/error`] as const;
  const exitCode = await node.shell.run(`${tool} ${options} >${files[0]} 2>${files[1]}; printf %s $?`);
  return { output: readFileSync(files[0], 'utf8'), error: readFileSync(files[1], 'utf8'), exitCode };
}

async function items(options = ''): Promise<readonly ShownItem[]> {
  const { output, error } = await run(`-o json ${options}`);
  expect(error).toBe('');
  return (JSON.parse(output) as { items: readonly ShownItem[] }).items;
}

function objects(endpoints: readonly object[]): object {
  return list(service('web', '10.96.0.1'), {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints,
  });
}

const pod = (address: string, name: string) => ({
  addresses: [address],
  nodeName: 'lab',
  zone: 'zone-a',
  targetRef: { kind: 'Pod', name, namespace: 'default' },
});

const steady = pod('10.0.0.9', 'web-steady');
const leaving = pod(endpointAddress, 'web-leaving');

async function connectThroughService(): Promise<void> {
  await node.shell.run(`ip address add ${endpointAddress}/32 dev lo`);
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  servers.push(server);
  await once(server.listen(8080, endpointAddress), 'listening');
  const socket = connect(80, '10.96.0.1');
  sockets.push(socket.on('error', () => undefined));
  await once(socket, 'connect');
}

it('tools learn names and states from the daemon, and do without it', async () => {
  const directory = `${node.directory}/objects`;
  mkdirSync(directory);
  node.write('objects/web.json', objects([leaving]));
  const daemon = new DaemonProcess({ args: [`--manifests=${directory}`] });
  await daemon.line(/"Applied operations" kind="virtualServer"/);
  expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  await connectThroughService();
  expect((await run('--services')).output).toMatch(
    /^default\/web:http {2}TCP 10\.96\.0\.1:80 {2}rr {2}ClusterIP {2}internal \(policy Cluster\)\n {2}10\.0\.0\.5:8080 +web-leaving +lab +zone-a +1 +1 +0 {2}active$/m,
  );

  node.write('objects/web.json', objects([steady]));
  await until(async () =>
    (await items()).some(({ realServers }) => realServers.some(({ state }) => state === 'draining')),
  );
  const [shown] = await items('--service default/web --address 10.96.0.1');
  expect(shown).toMatchObject({ address: '10.96.0.1', service: { namespace: 'default', name: 'web', port: 'http' } });
  expect(new Map(shown?.realServers.map(({ address, state, pod: name }) => [address, [state, name]]))).toEqual(
    new Map([
      ['10.0.0.9', ['active', 'web-steady']],
      [endpointAddress, ['draining', undefined]],
    ]),
  );

  await onATerminal();
  await daemon.kill();
  expect(existsSync(socketPath)).toBe(true);
  expect(await run('--services')).toMatchObject({
    output: expect.stringMatching(/^- {2}TCP 10\.96\.0\.1:80 {2}rr$/m),
    error: `ipvs-status: names are missing: nobody listens on ${socketPath}: ipvs-proxier does not run\n`,
    exitCode: '0',
  });

  const next = new DaemonProcess({ args: [`--manifests=${directory}`] });
  await until(async () => (await run('--service web')).exitCode === '0');
  expect(await next.stop()).toMatchObject({ exit: 0 });
  expect(existsSync(socketPath)).toBe(false);
}, 180_000);

/** A terminal has its screen back when the live view ends. */
async function onATerminal(): Promise<void> {
  const path = `${node.directory}/typescript`;
  const command = `${tool} --watch --interval 0.2 --count 3`;
  await node.shell.run(`script -qec "stty rows 20 cols 100; ${command}; stty -a >&2" ${path} >/dev/null`);
  const seen = readFileSync(path, 'utf8');
  expect(seen).toContain('\u001b[?1049h');
  expect(seen).toMatch(/default\/web:http +TCP 10\.96\.0\.1:80 +1\+1 /);
  const [, after = ''] = seen.split('\u001b[?1049l');
  expect(after).toMatch(/\bicanon\b/);
  expect(after).not.toMatch(/-icanon\b/);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error('it has not come to that within a minute');
  }
}
