import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { DaemonProcess, runDaemon } from './daemon-process.ts';
import { LabNode } from './lab-node.ts';
import { list } from './manifests.ts';

const node = new LabNode();
const manifests = `--manifests=${node.write('empty.json', list())}`;
let blocker: Server | undefined;

afterEach(async () => {
  await freed();
  await node.clear();
});
afterAll(() => node.close());

const servers: readonly (readonly [string, number, string, string])[] = [
  ['health server', 10256, '0.0.0.0', 'healthzBindAddress'],
  ['metrics server', 10249, '127.0.0.1', 'metricsBindAddress'],
];

describe.each(servers)('the port of the %s is in use', (name, port, host, field) => {
  const words = `${name} cannot listen on ${host}:${port}: EADDRINUSE: the port is already in use, perhaps by another kube-proxy on this node; set ${field} to change it`;

  it('so it is tried again, and taken when it is free', async () => {
    await blocked(port, host);
    const daemon = new DaemonProcess({ args: [manifests] });
    expect(await daemon.line(/^E.*Cannot listen, trying again/)).toContain(words);
    await daemon.line(/"Round finished"/);
    await freed();
    await daemon.line(new RegExp(`"Listening" server="${name}"`));
    expect(await daemon.stop()).toMatchObject({ exit: 0 });
  });

  it('so it ends with exit code 1 where the configuration says so', async () => {
    await blocked(port, host);
    const { exit, errors } = await runDaemon({ args: [manifests, '--bind-address-hard-fail'] });
    expect({ exit, errors }).toEqual({ exit: 1, errors: [expect.stringContaining(words)] });
  });
});

/** Who asks on the port hears nothing; a connection that stayed open would keep the port from being free again. */
function blocked(port: number, host: string): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  blocker = server;
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
}

function freed(): Promise<void> {
  const server = blocker;
  blocker = undefined;
  return new Promise((resolve) => {
    if (server === undefined) resolve();
    else server.close(() => resolve());
  });
}
