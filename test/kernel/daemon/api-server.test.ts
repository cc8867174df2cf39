import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ApiServer, startApiServer } from '../../support/api-server/start-api-server.ts';
import { DaemonProcess } from './daemon-process.ts';
import { LabNode } from './lab-node.ts';
import { service } from './manifests.ts';

const node = new LabNode();
let server: ApiServer;
let kubeconfig = '';

beforeEach(async () => {
  server = await startApiServer({ tokens: ['good'] });
  kubeconfig = node.write('config', server.kubeconfig);
  const addresses = [{ type: 'InternalIP', address: '192.0.2.10' }]; // the daemon waits for them
  server.objects.apply({ kind: 'Node', metadata: { name: 'lab' }, status: { addresses } });
  server.objects.apply(service('web', '10.96.0.1') as Parameters<typeof server.objects.apply>[0]);
});
afterEach(async () => {
  await node.clear();
  await server.stop();
});
afterAll(() => node.close());

/** Starts the daemon in the face of a fault, and ends the fault when it has shown; what was logged and programmed. */
async function recovery(endFault: () => unknown) {
  const daemon = new DaemonProcess({ args: [`--kubeconfig=${kubeconfig}`] });
  const line = await daemon.line(/^E\d{4} .*List or watch failed, trying again.*resource="services"/);
  const before = await node.virtualServers();
  const offset = daemon.output.length;
  await endFault();
  await daemon.line(/"Applied operations" kind="virtualServer"/, offset);
  const after = await node.virtualServers();
  return { line, before, after, exit: (await daemon.stop()).exit };
}

/** The fault was named, nothing was programmed, and then the Service was. */
const recovered = (words: RegExp) => ({
  line: expect.stringMatching(words),
  before: [],
  after: ['-A -t 10.96.0.1:80 -s rr'],
  exit: 0,
});

describe('an API server', () => {
  it('that nobody can reach is asked again until it is there', async () => {
    server.faults.refuseConnections();
    expect(await recovery(() => server.faults.acceptConnections())).toEqual(
      recovered(/GET \/api\/v1\/services: https:\S+: connect ECONNREFUSED \S+; nothing listens there/),
    );
  });

  it('that refuses the credentials is asked again until it takes them', async () => {
    server.setTokens(['another']);
    expect(await recovery(() => server.setTokens(['good']))).toEqual(
      recovered(/: 401 Unauthorized: .*; the API server does not know these credentials: renew/),
    );
  });

  it('that denies the permission is asked again until it is given', async () => {
    const fault = server.faults.inject({}, { kind: 'status', code: 403, message: 'services is forbidden' });
    expect(await recovery(() => fault.remove())).toEqual(
      recovered(/: 403 Forbidden: services is forbidden; the ClusterRole system:node-proxier .* bind it/),
    );
  });

  it('with a certificate of another authority is not trusted, and asked again', async () => {
    const { port } = server;
    server.faults.refuseConnections();
    const impostor = await startApiServer({ port, tokens: ['good'] });
    const endFault = async () => {
      await impostor.stop();
      await server.faults.acceptConnections();
    };
    const words = /the certificate of the server is not from the configured authority/;
    expect(await recovery(endFault)).toEqual(recovered(words));
  });
});
