import fc from 'fast-check';
import { parseObject } from '../../scenarios/format/parse-object.ts';
import { blocksOf, sourceLines } from '../../scenarios/format/source-line.ts';
import type { ObjectChange } from '../../scenarios/format/scenario.ts';

/** Something that happens to a node, in words; see `test/scenarios/README.md` for those of objects. */
export type Happening =
  | { readonly kind: 'object'; readonly text: string }
  | { readonly kind: 'delete'; readonly resource: 'Service' | 'EndpointSlice'; readonly key: string }
  | { readonly kind: 'interfaces'; readonly addresses: readonly string[] }
  | { readonly kind: 'restart' }
  | { readonly kind: 'wait'; readonly seconds: number }
  /** So many of the next changes of the kernel fail: about one in three. */
  | { readonly kind: 'failures'; readonly changes: number; readonly reads: number }
  /** Every real server has so many connections, until told otherwise. */
  | { readonly kind: 'connections'; readonly count: number }
  | { readonly kind: 'command'; readonly line: string };

const names = ['a', 'b', 'c'];
const some = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const subset = (...values: readonly string[]) => fc.subarray([...values]).map((chosen) => chosen.join(','));

const service = fc
  .record({
    name: some(...names),
    type: some('ClusterIP', 'NodePort', 'LoadBalancer', 'LoadBalancer', 'ExternalName'),
    clusterIPs: some('10.96.0.1', '10.96.0.2', '10.96.0.3,fd00:96::3', 'fd00:96::4', '203.0.113.7', 'None'),
    ports: some('80', '80@30080', 'h:80@30080,d:53/UDP@30080', 'd:53/UDP', 's:9/SCTP@30009', 'h:81@30081', '65536'),
    externalIPs: subset('203.0.113.7', '192.168.0.10', '2001:db8::7', '127.0.0.1'),
    ingress: subset('198.51.100.9', '203.0.113.7', '198.51.100.10/Proxy', '2001:db8::9'),
    ranges: some('', '', '192.0.2.0/24', '192.168.0.0/16,192.0.2.7/32', '0.0.0.0/0'),
    internal: some('Cluster', 'Cluster', 'Local'),
    external: some('Cluster', 'Local'),
    affinity: some('None', 'None', '60', '300'),
    health: some(0, 32100),
    created: some(1, 2),
  })
  .map((it) => {
    const words = [
      `service ${it.name} ${it.type} clusterIPs=${it.clusterIPs} ports=${it.ports} externalIPs=${it.externalIPs}`,
      `ingress=${it.ingress} loadBalancerSourceRanges=${it.ranges} internalTrafficPolicy=${it.internal}`,
      `externalTrafficPolicy=${it.external} sessionAffinity=${it.affinity} healthCheckNodePort=${it.health}`,
      `created=2026-01-0${it.created}T00:00:00Z`,
    ];
    return words.join(' ');
  });

const endpoint = fc
  .record({
    number: fc.integer({ min: 1, max: 4 }),
    node: some('node-1', 'node-2'),
    condition: some('', '', 'unready', 'terminating', 'unready terminating'),
    hints: some('', '', 'zones=x', 'zones=y nodes=node-1'),
  })
  .map(({ number, node, condition, hints }) => ({ number, words: `${node} ${condition} ${hints}`.trimEnd() }));

const slice = fc
  .record({
    name: some(...names.flatMap((name) => [`${name}-1`, `${name}-2`])),
    family: some('IPv4', 'IPv4', 'IPv6'),
    ports: some('8080', '8080,h:8081,d:53/UDP', 'h:8080', 's:9/SCTP,d:54/UDP', ''),
    endpoints: fc.uniqueArray(endpoint, { maxLength: 3, selector: ({ number }) => number }),
  })
  .map(({ name, family, ports, endpoints }) => {
    const network = family === 'IPv4' ? '10.244.1.' : 'fd00:244::';
    const lines = endpoints.map(({ number, words }) => `  ${network}${number} ${words}`);
    return [`slice ${name} addressType=${family} ports=${ports}`, ...lines].join('\n');
  });

const node = fc
  .record({ zone: some('', 'zone=x', 'zone=y'), addresses: some('192.168.0.10', '192.0.2.10,fd00:168::10') })
  .map(({ zone, addresses }) => `node node-1 ${zone} InternalIP=${addresses}`);

const object = fc.oneof(
  { weight: 4, arbitrary: service },
  { weight: 4, arbitrary: slice },
  { weight: 1, arbitrary: node },
);

const deletion = fc.oneof(
  some(...names).map((name) => ({ kind: 'delete', resource: 'Service', key: `default/${name}` }) as const),
  some('a-1', 'b-1', 'c-2').map(
    (name) => ({ kind: 'delete', resource: 'EndpointSlice', key: `default/${name}` }) as const,
  ),
);

const changeOfObjects: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 5, arbitrary: object.map((text) => ({ kind: 'object', text }) as const) },
  { weight: 1, arbitrary: deletion },
);

const wait: fc.Arbitrary<Happening> = some(1, 5, 30, 700).map((seconds) => ({ kind: 'wait', seconds }));
const failures: fc.Arbitrary<Happening> = fc.record({
  kind: some('failures' as const),
  changes: some(1, 3, 10),
  reads: some(0, 0, 1, 2),
});
const connections: fc.Arbitrary<Happening> = some(0, 0, 1).map((count) => ({ kind: 'connections', count }));
const restart: fc.Arbitrary<Happening> = fc.constant({ kind: 'restart' });
const command: fc.Arbitrary<Happening> = some(
  'ipvsadm -C',
  'ipvsadm -E -t 10.96.0.1:80 -s wlc',
  'ipvsadm -d -t 10.96.0.1:80 -r 10.244.1.1:8080',
  'ipset flush KUBE-CLUSTER-IP',
  'ipset add KUBE-NODE-PORT-TCP 30099',
  'ip address del 10.96.0.1/32 dev kube-ipvs0',
  'ip address add 10.96.0.99/32 dev kube-ipvs0',
  'ip link del kube-ipvs0',
  'iptables -t nat -F KUBE-SERVICES',
).map((line) => ({ kind: 'command', line }));

const interfaces: fc.Arbitrary<Happening> = subset('192.168.0.10', '10.1.0.5', 'fd00:168::10', '203.0.113.7').map(
  (addresses) => ({ kind: 'interfaces', addresses: addresses === '' ? [] : addresses.split(',') }),
);

const life = (other: fc.Arbitrary<Happening>) =>
  fc.array(fc.oneof({ weight: 3, arbitrary: changeOfObjects }, { weight: 2, arbitrary: other }), {
    minLength: 3,
    maxLength: 30,
  });

/** A node that keeps its addresses, with failures, connections and new starts. */
export const troubledLife = life(fc.oneof(restart, wait, failures, connections));

/** One without new starts on which others change things: what tells that something is ours may be gone. */
export const sharedLife = life(fc.oneof(command, command, wait, failures));

/** One whose addresses change: what was ours on an address that is gone cannot be told any more. */
export const movingLife = life(interfaces);

/** The change that a happening makes to the objects of the API; undefined for others. */
export function objectChange(happening: Happening): ObjectChange | undefined {
  if (happening.kind === 'delete') return happening;
  if (happening.kind !== 'object') return undefined;
  const [block] = blocksOf(sourceLines(happening.text));
  return block === undefined ? undefined : { kind: 'put', object: parseObject('generated', block) };
}
