import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endpointSlices, serviceObject, type ServiceTemplate } from '../../support/node-world/cluster-objects.ts';
import { clearKernel } from '../../support/node-world/kernel-state.ts';
import { LabProxier } from '../../support/node-world/lab-proxier.ts';
import {
  gatewayAddresses,
  nodeAddresses,
  outsideAddresses,
  type PodName,
  podAddresses,
} from '../../support/node-world/network.ts';
import { NodeWorld } from '../../support/node-world/node-world.ts';

type Family = 'IPv4' | 'IPv6';
type Client = 'pod' | 'endpoint' | 'node' | 'outside';

const ports = (nodePort: number) => [
  { name: 'http', port: 80, nodePort },
  { name: 'dns', port: 53, protocol: 'UDP' as const, nodePort: nodePort + 100 },
];

/** Every kind of address, policies Cluster. */
const everywhere: ServiceTemplate = {
  name: 'everywhere',
  type: 'LoadBalancer',
  clusterIPs: ['10.96.0.10', 'fd00:10:96::10'],
  ports: ports(30_010),
  ingress: ['198.51.100.10', '2001:db8:1::10'],
  spec: { externalIPs: ['203.0.113.10', '2001:db8:2::10'] },
};

/** The same with policies Local. */
const local: ServiceTemplate = {
  name: 'local',
  type: 'LoadBalancer',
  clusterIPs: ['10.96.0.20', 'fd00:10:96::20'],
  ports: ports(30_020),
  ingress: ['198.51.100.20', '2001:db8:1::20'],
  spec: {
    externalIPs: ['203.0.113.20', '2001:db8:2::20'],
    internalTrafficPolicy: 'Local',
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 32_020,
  },
};

/** The same, and its only endpoint is on the other node. */
const elsewhere: ServiceTemplate = {
  name: 'elsewhere',
  type: 'LoadBalancer',
  clusterIPs: ['10.96.0.30', 'fd00:10:96::30'],
  ports: ports(30_030),
  ingress: ['198.51.100.30', '2001:db8:1::30'],
  spec: { ...local.spec, externalIPs: ['203.0.113.30', '2001:db8:2::30'], healthCheckNodePort: 32_030 },
};

const nobody: ServiceTemplate = {
  ...everywhere,
  name: 'nobody',
  clusterIPs: ['10.96.0.40', 'fd00:10:96::40'],
  ports: ports(30_040),
  ingress: ['198.51.100.40', '2001:db8:1::40'],
  spec: { externalIPs: ['203.0.113.40', '2001:db8:2::40'] },
};

const objects = [
  ...([everywhere, local, elsewhere, nobody] as const).map(serviceObject),
  ...endpointSlices(everywhere, ['a', 'b', 'c']),
  ...endpointSlices(local, ['a', 'b', 'c']),
  ...endpointSlices(elsewhere, ['c']),
  ...endpointSlices(nobody, []),
];

/** The addresses of a Service, of one family, with their ports. */
const addressKinds = {
  'cluster IP': (service: ServiceTemplate, family: Family) => ofFamily(service.clusterIPs, family),
  'external IP': ({ spec }: ServiceTemplate, family: Family) => ofFamily(spec?.externalIPs as string[], family),
  'load balancer IP': ({ ingress }: ServiceTemplate, family: Family) => ofFamily(ingress ?? [], family),
  'node port': (_service: ServiceTemplate, family: Family) => nodeAddresses[family],
};

/**
 * Who answers, and whom it sees. `own`: the client's own address. `node`: the address of the node towards the
 * endpoint. `service`: the service address, which a process of the node sends from, for it is an address of the node.
 * Whatever is said, an endpoint that reaches itself sees the node. `refused` is the kernel's answer where nobody is,
 * `silence` a connection that comes to nothing.
 *
 * Policy Cluster masquerades what comes in through an external address, since the answer has to come back through this
 * node; through the cluster IP only what does not come from a pod. Policy Local never masquerades external addresses.
 */
const table: readonly {
  readonly service: ServiceTemplate;
  readonly address: keyof typeof addressKinds;
  readonly answers: Readonly<Record<Client, string>>;
}[] = [
  row(everywhere, 'cluster IP', 'abc own ', 'abc own ', 'abc node   ', 'abc node'),
  row(everywhere, 'external IP', 'abc node', 'abc node', 'abc node   ', 'abc node'),
  row(everywhere, 'load balancer IP', 'abc node', 'abc node', 'abc node   ', 'abc node'),
  row(everywhere, 'node port', 'abc node', 'abc node', 'abc node   ', 'abc node'),

  row(local, 'cluster IP', 'ab  own ', 'ab  own ', 'ab  node   ', 'ab  node'),
  row(local, 'external IP', 'ab  own ', 'ab  own ', 'ab  service', 'ab  own '),
  row(local, 'load balancer IP', 'ab  own ', 'ab  own ', 'ab  service', 'ab  own '),
  row(local, 'node port', 'ab  own ', 'ab  own ', 'ab  own    ', 'ab  own '),

  // Without a local endpoint the internal policy refuses. The external one falls back to the other node, with the
  // client's address: the answer comes back through this node only to its pods and to its own address.
  row(elsewhere, 'cluster IP', 'refused', 'refused', 'refused', 'refused'),
  row(elsewhere, 'external IP', 'c   own ', 'c   own ', 'silence    ', 'silence'),
  row(elsewhere, 'load balancer IP', 'c   own ', 'c   own ', 'silence    ', 'silence'),
  row(elsewhere, 'node port', 'c   own ', 'c   own ', 'c   own    ', 'silence'),

  row(nobody, 'cluster IP', 'refused', 'refused', 'refused', 'refused'),
  row(nobody, 'external IP', 'refused', 'refused', 'refused', 'refused'),
  row(nobody, 'load balancer IP', 'refused', 'refused', 'refused', 'refused'),
  row(nobody, 'node port', 'refused', 'refused', 'refused', 'refused'),
];

function row(
  service: ServiceTemplate,
  address: keyof typeof addressKinds,
  ...cells: readonly [string, string, string, string]
) {
  const [pod, endpoint, node, outside] = cells;
  return { service, address, answers: { pod, endpoint, node, outside } };
}

const clients: readonly Client[] = ['pod', 'endpoint', 'node', 'outside'];

let world: NodeWorld;

beforeAll(async () => {
  world = await NodeWorld.open();
});

afterAll(() => world.close());

describe.each([
  ['nft', ['TCP', 'UDP']],
  ['legacy', ['TCP']],
] as const)('with iptables %s', (flavour, protocols) => {
  let proxier: LabProxier;

  beforeAll(async () => {
    const settings = { iptables: { flavour }, traffic: { metrics: 'endpoint' } };
    proxier = await LabProxier.start({ objects, programs: world.programs, settings });
  });

  afterAll(async () => {
    await proxier.stop();
    await clearKernel(world.shell);
  });

  describe.each(protocols)('%s', (protocol) => {
    it.each(table)('$address of $service.name', async ({ service, address, answers }) => {
      const expected: string[] = [];
      const seen: Promise<string>[] = [];
      for (const family of ['IPv4', 'IPv6'] as const) {
        const host = addressKinds[address](service, family);
        const target = { host, port: portOf(service, address, protocol), protocol };
        for (const client of clients) {
          const cell = answers[client].trim();
          expected.push(`${family} ${client}: ${expectedAnswers(cell, client, family, host)}`);
          const answer = ask(client, target, cell).then((text) => `${family} ${client}: ${text}`);
          // Round robin reaches everybody when one client asks at a time. The others all wait for nothing.
          if (hasAnswers(cell)) await answer;
          seen.push(answer);
        }
      }
      expect(await Promise.all(seen)).toEqual(expected);
    });
  });

  it('has counted what it carried', async () => {
    await proxier.audit();
    const of = (service: string) => `namespace="default",service="${service}",port="http",protocol="TCP"`;
    const connections = await proxier.metric('ipvs_proxier_service_connections_total');
    // Four kinds of addresses in two families, asked six times by each of four clients.
    expect([connections[of('everywhere')], connections[of('nobody')]]).toEqual([4 * 2 * 4 * 6, 0]);
    const packets = await proxier.metric('ipvs_proxier_service_packets_total');
    const bytes = await proxier.metric('ipvs_proxier_service_bytes_total');
    for (const direction of ['in', 'out']) {
      const labels = `${of('everywhere')},direction="${direction}"`;
      expect(packets[labels]).toBeGreaterThan(4 * 2 * 4 * 6 * 3);
      expect(bytes[labels]).toBeGreaterThan(40 * (packets[labels] ?? 0));
    }
    const servers = await proxier.metric('ipvs_proxier_virtual_server_connections');
    expect(servers).toHaveProperty([`${of('local')},address="10.96.0.20:80",state="active"`]);
    const endpoints = await proxier.metric('ipvs_proxier_endpoint_connections');
    expect(endpoints).toHaveProperty([`${of('elsewhere')},endpoint="${podAddresses.c.IPv4}:8080",state="inactive"`]);
  });
});

/** What the client's questions are answered, each answer once. Six are enough for round robin to reach everybody twice. */
async function ask(
  client: Client,
  { host, port, protocol }: { readonly host: string; readonly port: number; readonly protocol: 'TCP' | 'UDP' },
  cell: string,
): Promise<string> {
  const peers = { pod: world.pods.d, endpoint: world.pods.a, node: world.node, outside: world.outside };
  const options = { count: hasAnswers(cell) ? 6 : 1, protocol, ...(cell === 'silence' && { timeoutMs: 700 }) };
  const lines = await peers[client].ask(host, port, options);
  return [...new Set(lines)].sort().join(', ');
}

function hasAnswers(cell: string): boolean {
  return cell.includes(' ');
}

/** The answers that a cell of the table stands for. */
function expectedAnswers(cell: string, client: Client, family: Family, serviceAddress: string): string {
  const [pods = '', source] = cell.split(/\s+/);
  if (source === undefined) return cell === 'refused' ? 'ECONNREFUSED' : cell;
  const lines = pods.split('').map((name) => {
    const pod = name as PodName;
    const towards = pod === 'c' ? nodeAddresses[family] : gatewayAddresses[family];
    const isHairpin = client === 'endpoint' && pod === 'a';
    if (isHairpin || source === 'node') return `${name} ${towards}`;
    return `${name} ${source === 'service' ? serviceAddress : ownAddress(client, family)}`;
  });
  return lines.join(', ');
}

function ownAddress(client: Client, family: Family): string {
  const own = { pod: podAddresses.d, endpoint: podAddresses.a, node: nodeAddresses, outside: outsideAddresses };
  return own[client][family];
}

function portOf(service: ServiceTemplate, address: keyof typeof addressKinds, protocol: 'TCP' | 'UDP'): number {
  const port = service.ports.find((candidate) => (candidate.protocol ?? 'TCP') === protocol);
  return (address === 'node port' ? port?.nodePort : port?.port) ?? 0;
}

function ofFamily(addresses: readonly string[], family: Family): string {
  return addresses.find((address) => address.includes(':') === (family === 'IPv6')) ?? '';
}
