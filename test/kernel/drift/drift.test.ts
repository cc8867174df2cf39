import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { endpointSlices, serviceObject, type ServiceTemplate } from '../../support/node-world/cluster-objects.ts';
import { dumpKernel, type KernelDump } from '../../support/node-world/kernel-state.ts';
import { LabProxier } from '../../support/node-world/lab-proxier.ts';
import { buildNetwork, removeNetwork } from '../../support/node-world/network.ts';
import { Programs } from '../../support/programs.ts';

const web: ServiceTemplate = {
  name: 'web',
  type: 'LoadBalancer',
  clusterIPs: ['10.96.0.10', 'fd00:10:96::10'],
  ports: [
    { name: 'http', port: 80, nodePort: 30_010 },
    { name: 'dns', port: 53, protocol: 'UDP', nodePort: 30_053 },
  ],
  ingress: ['198.51.100.10', '2001:db8:1::10'],
  spec: { externalIPs: ['203.0.113.10'], loadBalancerSourceRanges: ['192.0.2.0/24', '192.168.7.100/32'] },
};
/** Its port is that of its endpoints, which other forwarding methods than masquerading need. */
const plain: ServiceTemplate = { name: 'plain', clusterIPs: ['10.96.0.11'], ports: [{ name: 'http', port: 8080 }] };

/** IPv4: three addresses, and the node's two, with two ports each; IPv6: two addresses, and two of the node; and `plain`. */
const virtualServerCount = 10 + 8 + 1;

const objects = [
  ...[web, plain].map(serviceObject),
  ...endpointSlices(web, ['a', 'b', 'c']),
  ...endpointSlices(plain, ['a', 'b']),
];

/**
 * Something that somebody does to the kernel, how many differences of each kind are then found, and the name of what was
 * changed where the log names it.
 */
type Interference = readonly [commands: string, found: Readonly<Record<string, number>>, name?: string];

/** Each of them concerns other objects than all the others; one new virtual server is on an address that goes, too. */
const small: readonly Interference[] = [
  ['ipvsadm -D -t 10.96.0.10:80', { virtualServer: 1 }],
  ['ipvsadm -D -u 192.168.7.1:30053', { virtualServer: 1 }],
  ['ipvsadm -D -t [fd00:10:96::10]:80', { virtualServer: 1 }],
  ['ipvsadm -E -u 10.96.0.10:53 -s lc', { virtualServer: 1 }],
  ['ipvsadm -E -t 198.51.100.10:80 -s rr -p 100', { virtualServer: 1 }],
  ['ipvsadm -A -t 10.96.0.10:81 -s rr', { virtualServer: 1 }],

  ['ipvsadm -d -t 203.0.113.10:80 -r 10.244.1.11:8080', { realServer: 1 }],
  ['ipvsadm -e -t 203.0.113.10:80 -r 10.244.1.12:8080 -m -w 7', { realServer: 1 }],
  ['ipvsadm -e -t 203.0.113.10:80 -r 10.244.2.13:8080 -m -w 0', { realServer: 1 }],
  ['ipvsadm -a -t 203.0.113.10:80 -r 10.244.1.99:8080 -m', { realServer: 1 }],
  ['ipvsadm -e -t 10.96.0.11:8080 -r 10.244.1.11:8080 -g -w 1', { realServer: 1 }],

  ['ip address del 10.96.0.10/32 dev kube-ipvs0', { address: 1 }],
  ['ip address del fd00:10:96::10/128 dev kube-ipvs0', { address: 1 }],
  ['ip address add 10.96.9.9/32 dev kube-ipvs0', { address: 1 }],

  ['ipset del KUBE-CLUSTER-IP 10.96.0.10,tcp:80', { setEntry: 1 }],
  ['ipset add KUBE-CLUSTER-IP 10.96.9.9,tcp:80', { setEntry: 1 }],
  ['ipset add KUBE-NODE-PORT-TCP 31999', { setEntry: 1 }],
  ['ipset del KUBE-LOAD-BALANCER-SOURCE-CIDR 198.51.100.10,tcp:80,192.168.7.100', { setEntry: 1 }],
  ['ipset destroy KUBE-6-NODE-PORT-SCTP-HASH', { ipSet: 1 }],

  ['iptables-nft -w -t nat -D KUBE-POSTROUTING 1', { rules: 1 }],
  ['ip6tables-nft -w -t nat -D KUBE-MARK-MASQ 1', { rules: 1 }],
  ['iptables-nft -w -I KUBE-FORWARD 1 -j DROP', { rules: 1 }],
  ['iptables-nft -w -D INPUT 1', { rules: 1 }],

  ['sysctl -qw net.ipv4.vs.conntrack=0', { sysctl: 1 }, 'net/ipv4/vs/conntrack'],
];

const large: readonly Interference[] = [
  ['ipvsadm -C', { virtualServer: virtualServerCount }],
  ['ip link del kube-ipvs0', { interface: 1, address: 6 }],
  ['ipset flush KUBE-LOOP-BACK', { setEntry: 4 }],
  ['iptables-nft -w -F KUBE-IPVS-FILTER', { rules: 6 }],
  ['iptables-nft -w -t nat -F', { rules: 17 }],
  ['sysctl -qw net.ipv4.ip_forward=0', { sysctl: 1 }, 'net/ipv4/ip_forward'],
];

const programs = new Programs();
const { shell } = programs;
let proxier: LabProxier;
let wanted: KernelDump;

/** What the log has told of, as `KIND OBJECT`; it tells again only after ten minutes. */
const told = new Set<string>();

beforeAll(async () => {
  await buildNetwork(shell);
  // Without a period, so that none of the audits comes in the middle of an interference.
  proxier = await LabProxier.start({ objects, programs, settings: { audit: { period: '0s' } } });
  wanted = await dumpKernel(shell);
});

afterAll(async () => {
  await proxier.stop();
  await removeNetwork(shell);
  programs.close();
});

it.each([
  ['small things', small],
  ['everything', large],
] as const)('repairs, counts and tells once what somebody else changed: %s', async (_what, interferences) => {
  const before = await repairs();
  const logged = proxier.log().length;
  await shell.run(interferences.map(([commands]) => `${commands} || exit 9`).join('\n'));
  await proxier.audit();
  await repaired();
  const found = difference(before, await repairs());
  expect(found).toEqual(sum(interferences.map(([, counted]) => counted)));
  const names = interferences.flatMap(([, counted, name = '']) =>
    Object.keys(counted).map((kind) => `${kind} ${name}`),
  );
  const untold = new Set(names.filter((name) => !told.has(name)));
  expect(proxier.log().slice(logged).map(changeOf).sort()).toEqual([...untold].sort());
  for (const name of untold) told.add(name);
});

it('repairs nothing that nobody changed', async () => {
  const before = await repairs();
  await proxier.audit();
  expect(await repairs()).toEqual(before);
  expect(await dumpKernel(shell)).toEqual(wanted);
});

/** Resolves when the kernel is as it was; at the latest, the test's time-out shows what it is instead. */
async function repaired(): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (JSON.stringify(await dumpKernel(shell)) === JSON.stringify(wanted)) return;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  expect(await dumpKernel(shell)).toEqual(wanted);
}

/** Differences found so far, by kind. */
async function repairs(): Promise<Record<string, number>> {
  const values = await proxier.metric('ipvs_proxier_drift_repairs_total');
  return Object.fromEntries(Object.entries(values).map(([labels, value]) => [/kind="(.*)"/.exec(labels)?.[1], value]));
}

function difference(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  const changes = Object.entries(after).map(([kind, value]) => [kind, value - (before[kind] ?? 0)] as const);
  return Object.fromEntries(changes.filter(([, change]) => change !== 0));
}

function sum(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const count of counts)
    for (const [kind, value] of Object.entries(count)) total[kind] = (total[kind] ?? 0) + value;
  return total;
}

/** What a line on changes of others tells of, as `KIND OBJECT`; any other line as it is. */
function changeOf(line: string): string {
  const [, kind, object = ''] =
    /"Found changes made by somebody else, repairing them" kind="(\w+)" count=\d+(?: object="(.*?)")?/.exec(line) ?? [];
  return kind === undefined ? line : `${kind} ${object}`;
}
