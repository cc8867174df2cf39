import type { ShownVirtualServer } from '../../../../src/cli/services/service-view.ts';
import { type DaemonAnswer, runServices } from '../../../../src/cli/services/run-services.ts';
import { DaemonPicture } from '../../../../src/cli/services/daemon-picture.ts';
import { serviceView } from '../../../../src/cli/services/service-view.ts';
import type { ListedVirtualServer } from '../../../../src/kernel/drivers.ts';
import { noTraffic } from '../../../../src/kernel/ipvs/decode-counters.ts';
import type { ObservedRealServer, TrafficCounters } from '../../../../src/model/real-server.ts';
import type { StatusLine } from '../../../../src/model/status-protocol.ts';
import { type VirtualServer, virtualServerKey } from '../../../../src/model/virtual-server.ts';
import { markedVirtualServer, observedRealServer, realServer, virtualServer } from '../../../support/ipvs-builders.ts';

const web = virtualServer('TCP', '10.96.0.1:80');
const webOnNode = virtualServer('TCP', '192.168.0.10:30080');
const dns = virtualServer('UDP', '[fd00::a]:53', { scheduler: 'lc', persistenceTimeoutSeconds: 600 });
const foreign = markedVirtualServer(7, 'IPv4');

function seen(endpoint: string, weight: number, active: number): ObservedRealServer {
  return { ...observedRealServer(realServer(endpoint, { weight }), active) };
}

/** A table with a Service that drains, one over IPv6, and a virtual server that is no Service's. */
const table: readonly (readonly [VirtualServer, readonly ObservedRealServer[]])[] = [
  [web, [seen('10.244.1.2:8080', 1, 12), seen('10.244.1.3:8080', 0, 1), seen('10.244.1.4:8080', 0, 2)]],
  [webOnNode, [seen('10.244.1.2:8080', 1, 0), seen('10.244.9.9:8080', 0, 0)]],
  [dns, [seen('[fd00:244::2]:5353', 1, 0)]],
  [foreign, []],
];

export const told: readonly StatusLine[] = [
  { kind: 'node', protocol: 1, program: '1.2.3', node: 'n1', inSync: true },
  {
    kind: 'service',
    namespace: 'shop',
    name: 'web',
    type: 'NodePort',
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Local',
    sessionAffinity: 0,
    addresses: [{ address: '10.96.0.1', from: 'clusterIP' }],
    ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30_080 }],
    slices: [
      {
        ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
        endpoints: [
          { address: '10.244.1.2', state: 'ready', pod: 'web-6d4b75cb6d-hx2zk', node: 'n1', zone: 'z-a' },
          { address: '10.244.1.3', state: 'serving', terminating: true, pod: 'web-6d4b75cb6d-p9qlm', node: 'n2' },
        ],
      },
    ],
  },
  {
    kind: 'service',
    namespace: 'kube-system',
    name: 'kube-dns',
    type: 'ClusterIP',
    internalTrafficPolicy: 'Local',
    externalTrafficPolicy: 'Cluster',
    sessionAffinity: 600,
    addresses: [{ address: 'fd00::a', from: 'clusterIP' }],
    ports: [{ name: '', protocol: 'UDP', port: 53, nodePort: 0 }],
    slices: [
      {
        ports: [{ name: '', protocol: 'UDP', port: 5353 }],
        endpoints: [{ address: 'fd00:244::2', state: 'ready', pod: 'coredns-0', node: 'n2' }],
      },
    ],
  },
  {
    kind: 'draining',
    protocol: 'TCP',
    address: '10.96.0.1',
    port: 80,
    realServers: [
      { address: '10.244.1.3', port: 8080, forSeconds: 75 },
      { address: '10.244.1.4', port: 8080, forSeconds: 12, goneForSeconds: 12 },
    ],
  },
  { kind: 'end', services: 2 },
];

export const away: DaemonAnswer = { kind: 'away', why: 'nobody is there' };

/** Each virtual server with these counters, by its index in the table. */
export function view(
  lines: readonly StatusLine[] = told,
  counters: readonly Partial<TrafficCounters>[] = [],
): readonly ShownVirtualServer[] {
  return serviceView(listed(counters), ({ key }) => serversOf(key), new DaemonPicture(lines));
}

function listed(counters: readonly Partial<TrafficCounters>[] = []): readonly ListedVirtualServer[] {
  return table.map(([each], index) => ({
    virtualServer: each,
    counters: { ...noTraffic, ...counters[index] },
    netmask: 0xffff_ffff,
  }));
}

function serversOf(key: string): readonly ObservedRealServer[] {
  return table.find(([each]) => each.key === key)?.[1] ?? [];
}

/** Runs the program on the made-up table. */
export async function run(
  commandLine: string,
  { answer = { kind: 'told', lines: told } as DaemonAnswer, fail = '', refuse = '' } = {},
) {
  const printed = { output: '', error: '', closed: 0, asked: [] as object[] };
  const exitCode = await runServices(commandLine.split(' ').filter(Boolean), {
    program: 'ipvs-status',
    terminal: { width: 100, colours: false },
    openKernel: async () => {
      if (fail !== '') throw new Error(fail);
      return {
        info: async () => {
          if (refuse !== '') throw new Error(refuse);
        },
        listVirtualServers: async () => listed(),
        listRealServers: async (virtualServers) => virtualServers.map(({ key }) => serversOf(key)),
        readTable: () => ({ realServersOf: (identity) => serversOf(virtualServerKey(identity)) }),
        close: () => void (printed.closed += 1),
      };
    },
    askDaemon: async (question) => {
      printed.asked.push(question);
      return answer;
    },
    writeOutput: (text) => void (printed.output += text),
    writeError: (text) => void (printed.error += text),
    watch: async (_, takePicture) => (await takePicture()).view.length,
  });
  return { ...printed, exitCode };
}
