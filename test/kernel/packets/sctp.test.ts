import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { endpointSlices, serviceObject, type ServiceTemplate } from '../../support/node-world/cluster-objects.ts';
import { LabProxier } from '../../support/node-world/lab-proxier.ts';
import {
  buildNetwork,
  gatewayAddresses,
  nodeAddresses,
  outsideAddresses,
  podAddresses,
  removeNetwork,
} from '../../support/node-world/network.ts';
import { SctpPeers } from '../../support/node-world/sctp.ts';
import { Programs } from '../../support/programs.ts';

const stream: ServiceTemplate = {
  name: 'stream',
  type: 'NodePort',
  clusterIPs: ['10.96.0.10', 'fd00:10:96::10'],
  ports: [{ name: 'stream', port: 9, protocol: 'SCTP', nodePort: 30_009 }],
};
const local: ServiceTemplate = {
  ...stream,
  name: 'local',
  clusterIPs: ['10.96.0.20', 'fd00:10:96::20'],
  ports: [{ name: 'stream', port: 9, protocol: 'SCTP', nodePort: 30_019 }],
  spec: { externalTrafficPolicy: 'Local' },
};
const objects = [stream, local].flatMap((service) => [serviceObject(service), ...endpointSlices(service, ['a', 'b'])]);

const programs = new Programs();
const { shell } = programs;
let peers: SctpPeers;
let proxier: LabProxier;

beforeAll(async () => {
  await buildNetwork(shell);
  peers = await SctpPeers.open(shell);
  await Promise.all(['a' as const, 'b' as const].map((pod) => peers.serve(`pod-${pod}`, pod, podAddresses[pod], 9000)));
  proxier = await LabProxier.start({ objects, programs });
});

afterAll(async () => {
  await proxier?.stop();
  peers?.close();
  await removeNetwork(shell);
  programs.close();
});

it.each(['IPv4', 'IPv6'] as const)(
  'SCTP over %s reaches every endpoint, with the source of its policy',
  async (family) => {
    const [cluster = '', own = ''] = [stream, local].map(({ clusterIPs }) => clusterIPs[family === 'IPv4' ? 0 : 1]);
    const client = podAddresses.d[family];
    const gateway = gatewayAddresses[family];
    const outside = outsideAddresses[family];
    const node = nodeAddresses[family];
    const answers = {
      'cluster IP, from a pod': await ask('pod-d', cluster, 9),
      'cluster IP, from outside': await ask('outside', cluster, 9),
      'cluster IP of an endpoint, from itself': await ask('pod-a', own, 9),
      'node port, from outside': await ask('outside', node, 30_009),
      'node port of policy Local, from outside': await ask('outside', node, 30_019),
    };
    expect(answers).toEqual({
      'cluster IP, from a pod': [`a ${client}`, `b ${client}`],
      'cluster IP, from outside': [`a ${gateway}`, `b ${gateway}`],
      'cluster IP of an endpoint, from itself': [`a ${gateway}`, `b ${podAddresses.a[family]}`],
      'node port, from outside': [`a ${gateway}`, `b ${gateway}`],
      'node port of policy Local, from outside': [`a ${outside}`, `b ${outside}`],
    });
  },
);

/** The different answers. Four questions are enough for round robin to reach both twice. */
async function ask(namespace: string, host: string, port: number): Promise<readonly string[]> {
  return [...new Set(await peers.ask(namespace, host, port, 4))].sort();
}
