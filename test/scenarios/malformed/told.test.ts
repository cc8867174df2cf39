import { describe, expect, it } from '@jest/globals';
import { consecutive } from '../format/many-endpoints.ts';
import { ip } from '../../support/builders.ts';
import { type RawObject, TellingNode } from './telling-node.ts';

interface Row {
  readonly what: string;
  readonly objects: readonly RawObject[];
  /** Reasons of Warning Events, each with the object that it is about. */
  readonly told: readonly string[];
  /** Virtual servers beside those of the neighbour, as a result of the stated rule. */
  readonly servers: Readonly<Record<string, string>>;
}

const meta = (name: string) => ({ namespace: 'shop', name, uid: `uid-${name}` });

function service(
  spec: object = {},
  { name = 'web', ...rest }: { readonly name?: string; readonly [field: string]: unknown } = {},
): RawObject {
  const usual = { type: 'ClusterIP', clusterIP: '10.96.0.20', ports: [{ name: 'http', port: 80 }] };
  return { kind: 'Service', metadata: meta(name), spec: { ...usual, ...spec }, ...rest };
}

function slice(
  endpoints: readonly object[],
  { name = 'web-1', service: owner = 'web', ...rest } = {} as {
    readonly name?: string;
    readonly service?: string;
    readonly [field: string]: unknown;
  },
): RawObject {
  return {
    kind: 'EndpointSlice',
    metadata: { ...meta(name), labels: { 'kubernetes.io/service-name': owner } } as RawObject['metadata'],
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints,
    ...rest,
  };
}

const at = (address: string, rest: object = {}) => ({ addresses: [address], nodeName: 'node-2', ...rest });
const good = slice([at('10.244.2.6')]);
const otherNode: RawObject = {
  kind: 'Node',
  metadata: { name: 'node-2' },
  status: { addresses: [{ type: 'InternalIP', address: '192.168.0.11' }] },
};
const balancer = (spec: object, ...ips: readonly string[]) =>
  service(
    { type: 'LoadBalancer', ...spec },
    { status: { loadBalancer: { ingress: ips.map((each) => ({ ip: each })) } } },
  );

const server = '10.244.2.6:8080';
const served = { 'TCP/10.96.0.20:80': server };
const hinted = (zone: string) => ({ zone: 'a', hints: { forZones: [{ name: zone }] } });
const older = '2026-01-01T00:00:00Z';

const rows: readonly Row[] = [
  {
    what: 'an external IP with leading zeros is decimal',
    objects: [service({ externalIPs: ['203.000.113.007'] }), good],
    told: ['InvalidField Service web'],
    servers: { ...served, 'TCP/203.0.113.7:80': server },
  },
  {
    what: 'an endpoint with leading zeros is decimal',
    objects: [service(), slice([at('010.244.2.6')])],
    told: ['InvalidField Service web'],
    servers: served,
  },
  {
    what: 'an external IP that is none is left out',
    objects: [service({ externalIPs: ['203.0.113.256', '203.0.113.7'] }), good],
    told: ['InvalidField Service web'],
    servers: { ...served, 'TCP/203.0.113.7:80': server },
  },
  {
    what: 'a cluster IP of another family than it is said to be: the Service is absent',
    objects: [service({ clusterIPs: ['10.96.0.20'], ipFamilies: ['IPv6'] }), good],
    told: ['InvalidField Service web'],
    servers: {},
  },
  {
    what: 'an external IP of a family that the Service does not have is left out',
    objects: [service({ externalIPs: ['2001:db8::7'] }), good],
    told: ['AddressWithoutFamily Service web'],
    servers: served,
  },
  {
    what: 'an endpoint of another family than its slice is left out',
    objects: [service(), slice([at('fd00:244::6'), at('10.244.2.6')])],
    told: ['InvalidField Service web'],
    servers: served,
  },
  {
    what: 'loopback and link-local addresses are not served',
    objects: [service({ externalIPs: ['127.0.0.7', '169.254.20.10'] }), good],
    told: ['AddressNotBindable Service web', 'AddressNotBindable Service web'],
    servers: served,
  },
  {
    what: 'an endpoint on a loopback address is left out',
    objects: [service(), slice([at('127.0.0.1'), at('10.244.2.6')])],
    told: ['InvalidField Service web'],
    servers: served,
  },
  {
    what: 'an external IP that is an address of an interface of the node is served and not bound',
    objects: [service({ externalIPs: ['192.168.0.10'] }), good],
    told: ['AddressOfNode Service web'],
    servers: { ...served, 'TCP/192.168.0.10:80': server },
  },
  {
    what: 'a cluster IP that is an address of an interface of the node is served and not bound',
    objects: [service({ clusterIP: '192.168.0.10' }), good],
    told: ['AddressTaken Service web'],
    servers: { 'TCP/192.168.0.10:80': server },
  },
  {
    what: 'an external IP that is an address of another Node is neither bound nor served',
    objects: [otherNode, service({ externalIPs: ['192.168.0.11'] }), good],
    told: ['AddressTaken Service web'],
    servers: served,
  },
  {
    what: 'a port out of range: the Service is absent',
    objects: [service({ ports: [{ port: 65_536 }] }), good],
    told: ['InvalidField Service web'],
    servers: {},
  },
  {
    what: 'a node port out of range: the Service is absent',
    objects: [service({ type: 'NodePort', ports: [{ port: 80, nodePort: -1 }] }), good],
    told: ['InvalidField Service web'],
    servers: {},
  },
  {
    what: 'a slice port out of range: the slice is absent',
    objects: [service(), good, slice([at('10.244.2.7')], { name: 'web-2', ports: [{ name: 'http', port: 70_000 }] })],
    told: ['InvalidField Service web'],
    servers: served,
  },
  {
    what: 'two Services on one address and port: the older one has it',
    objects: [
      service(
        { externalIPs: ['203.0.113.9'] },
        { name: 'old', metadata: { ...meta('old'), creationTimestamp: older } },
      ),
      service(
        { clusterIP: '10.96.0.21', externalIPs: ['203.0.113.9'] },
        { name: 'young', metadata: { ...meta('young'), creationTimestamp: '2026-02-01T00:00:00Z' } },
      ),
      slice([at('10.244.2.6')], { name: 'old-1', service: 'old' }),
      slice([at('10.244.2.7')], { name: 'young-1', service: 'young' }),
    ],
    told: ['AddressConflict Service young'],
    servers: { ...served, 'TCP/10.96.0.21:80': '10.244.2.7:8080', 'TCP/203.0.113.9:80': server },
  },
  {
    what: 'two ports of one Service on one number: the first has it',
    objects: [
      service({
        ports: [
          { name: 'http', port: 80 },
          { name: 'again', port: 80 },
        ],
      }),
      good,
    ],
    told: ['InvalidField Service web'],
    servers: served,
  },
  {
    what: 'a source range that does not parse is left out, and the others hold',
    objects: [balancer({ loadBalancerSourceRanges: ['192.0.2.0/33', '192.0.2.0/24'] }, '198.51.100.9'), good],
    told: ['InvalidSourceRange Service web'],
    servers: { ...served, 'TCP/198.51.100.9:80': server },
  },
  {
    what: 'a slice without ports gives no real server',
    objects: [
      service(),
      good,
      slice([at('10.244.2.7')], { name: 'web-2', ports: null }),
      slice([at('10.244.2.8')], { name: 'web-3', ports: [] }),
    ],
    told: ['SliceWithoutPorts Service web'],
    servers: served,
  },
  {
    what: 'hints for unknown zones: all endpoints are used',
    objects: [service(), slice([at('10.244.2.6', hinted('y')), at('10.244.2.7', hinted('z'))])],
    told: ['HintsForUnknownZones Service web'],
    servers: { 'TCP/10.96.0.20:80': `${server} 10.244.2.7:8080` },
  },
  {
    what: 'an unknown protocol: the port is left out',
    objects: [
      service({
        ports: [
          { name: 'http', port: 80 },
          { name: 'odd', port: 81, protocol: 'DCCP' },
        ],
      }),
      good,
    ],
    told: ['InvalidField Service web'],
    servers: served,
  },
  {
    what: '60,000 endpoints in one Service: all are served',
    objects: [
      service(),
      ...Array.from({ length: 60 }, (_, index) => {
        const endpoints = consecutive(ip('10.128.0.0'), 60_000).slice(index * 1_000, (index + 1) * 1_000);
        return slice(
          endpoints.map((address) => at(address)),
          { name: `web-${index}` },
        );
      }),
    ],
    told: ['ManyEndpoints Service web'],
    servers: { 'TCP/10.96.0.20:80': '60000 servers' },
  },
];

/** A Service that has nothing to do with any of this. */
const neighbour = [
  service({ clusterIP: '10.96.0.99', externalIPs: ['203.0.113.99'] }, { name: 'neighbour' }),
  slice([at('10.244.2.99')], { name: 'neighbour-1', service: 'neighbour' }),
];
const neighbourServers = { 'TCP/10.96.0.99:80': '10.244.2.99:8080', 'TCP/203.0.113.99:80': '10.244.2.99:8080' };
const ofNeighbour = /10\.96\.0\.99|203\.0\.113\.99|10\.244\.2\.99/;

const withVersion = (objects: readonly RawObject[], resourceVersion: string) =>
  objects.map((object) => ({ ...object, metadata: { ...object.metadata, resourceVersion } }));

describe('bad input', () => {
  it.each(rows)('$what, which is told once, and others are unaffected', async ({ objects, told, servers }) => {
    const node = new TellingNode();
    await node.take(neighbour);
    node.written();
    await node.take(withVersion(objects, '1'));
    expect(node.servers()).toEqual({ ...neighbourServers, ...servers });
    expect(node.bound()).toEqual(expect.arrayContaining(['10.96.0.99', '203.0.113.99']));
    expect(node.bound()).not.toContain('192.168.0.10');
    expect(node.written().filter((line) => ofNeighbour.test(line))).toEqual([]);
    const summary = () =>
      node.events.map(({ type, reason, regarding }) => `${type} ${reason} ${regarding.kind} ${regarding.name}`);
    expect(summary()).toEqual(told.map((each) => `Warning ${each}`));
    // The same again, a revision that says the same, and a comparison with the kernel: nothing is told or written.
    await node.take(withVersion(objects, '1'));
    await node.take(withVersion(objects, '2'));
    await node.audit();
    expect(summary()).toHaveLength(told.length);
    expect(node.written()).toEqual([]);
    const reasons = told.map((each) => each.split(' ')[0] ?? '');
    expect(await node.counted()).toEqual(
      Object.fromEntries(reasons.map((reason) => [reason, reasons.filter((each) => each === reason).length])),
    );
  });

  it('that is put right and comes back is told again', async () => {
    const node = new TellingNode();
    const bad = service({ externalIPs: ['nonsense'] });
    for (const [version, object] of [bad, service(), bad].entries())
      await node.take(withVersion([object], String(version)));
    expect(await node.counted()).toEqual({ InvalidField: 2 });
  });

  it('that has a bad revision drains, and is served again when it is good', async () => {
    const node = new TellingNode();
    await node.take(withVersion([service(), good], '1'));
    await node.take(withVersion([service({ ports: [{ port: 0 }] })], '2'));
    expect(node.servers()).toEqual({});
    await node.take(withVersion([service()], '3'));
    expect(node.servers()).toEqual(served);
  });
});
