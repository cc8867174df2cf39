import { setTimeout as sleep } from 'node:timers/promises';
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

describe('two API servers', () => {
  /** Where the second one is, as `default/kubernetes` tells: no loopback address, for those can be nobody's. */
  const address = '192.0.2.77';
  const disk = `${node.directory}/disk`;
  let second: ApiServer;

  beforeEach(async () => {
    await node.shell.run(`ip address replace ${address}/32 dev lo; mkdir -p ${disk}
      mount -t tmpfs -o size=4k none ${disk}; head -c 4096 /dev/zero > ${disk}/full`);
    second = await startApiServer({ host: '0.0.0.0', tokens: ['good'] });
  });
  afterEach(async () => {
    await second.stop();
    await node.shell.run(`umount -l ${disk}; ip address delete ${address}/32 dev lo`);
  });

  /** What both say of `default/kubernetes`: the second one is its endpoint. */
  function applyEverywhere(...addresses: readonly string[]): void {
    const slice = {
      kind: 'EndpointSlice',
      metadata: { name: 'kubernetes', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      ports: [{ name: 'https', port: second.port, protocol: 'TCP' }],
      endpoints: addresses.map((each) => ({ addresses: [each] })),
    };
    for (const { objects } of [server, second]) {
      const addressesOfNode = [{ type: 'InternalIP', address }];
      objects.apply({ kind: 'Node', metadata: { name: 'lab' }, status: { addresses: addressesOfNode } });
      objects.apply(service('kubernetes', '10.96.0.2') as Parameters<typeof objects.apply>[0]);
      objects.apply(slice);
    }
  }

  it('stand in for each other, and a disk that is full costs one warning', async () => {
    const ca = `${server.ca}${second.ca}`;
    const config = node.write('config', server.kubeconfigFor({ ca, token: 'good' }));
    const apiServer = { cacheFile: `${disk}/servers.json` };
    const identity = { apiVersion: 'ipvs-proxier.io/v1alpha1', kind: 'ProxierConfiguration' };
    const args = [`--kubeconfig=${config}`, `--proxier-config=${node.write('proxier', { ...identity, apiServer })}`];
    applyEverywhere(address);

    const daemon = new DaemonProcess({ args });
    await daemon.line(/"The addresses of API servers cannot be cached.*the disk is full/);
    await daemon.line(/"Applied operations" kind="virtualServer"/);
    const offset = daemon.output.length;
    server.faults.refuseConnections();
    server.faults.killConnections();
    await daemon.line(new RegExp(`"Leaving an API server.* to="https://${address}:${second.port}"`), offset);
    const watches = () => second.faults.watches({ resource: 'services' }).length;
    for (let turn = 0; turn < 600 && watches() === 0; turn += 1) await sleep(200);
    expect([watches(), await node.virtualServers()]).toEqual([1, expect.arrayContaining(['-A -t 10.96.0.2:80 -s rr'])]);
    const { exit, output } = await daemon.stop();
    expect([exit, output.match(/cannot be cached/g)]).toEqual([0, ['cannot be cached']]);
  });
});
