import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { clearKernel, dumpKernel, type KernelDump } from '../../support/node-world/kernel-state.ts';
import { LabProxier } from '../../support/node-world/lab-proxier.ts';
import { nodeAddresses } from '../../support/node-world/network.ts';
import { Programs } from '../../support/programs.ts';
import { upstreamObjects } from './upstream-objects.ts';
import { type Flavour, upstreamCommands, upstreamSyncCommands } from './upstream-state.ts';

const programs = new Programs();
const { shell } = programs;
let proxier: LabProxier | undefined;

beforeAll(async () => {
  await shell.run(
    [
      'ip link add eth0 type dummy',
      `ip address add ${nodeAddresses.IPv4}/24 dev eth0`,
      `ip address add ${nodeAddresses.IPv6}/64 dev eth0 nodad`,
      'ip link set eth0 up',
    ].join('\n'),
  );
});

beforeEach(() => clearKernel(shell));

afterEach(async () => {
  await proxier?.stop();
  proxier = undefined;
});

afterAll(async () => {
  await clearKernel(shell);
  await shell.run('ip link del eth0');
  programs.close();
});

describe.each<Flavour>(['nft', 'legacy'])('where kube-proxy used iptables-%s', (flavour) => {
  it('writes the one rule that is ours where upstream left everything as it should be, and nothing after that', async () => {
    await shell.run(upstreamCommands('rr', flavour));
    const before = await dumpKernel(shell);
    expect(accessOfTheNode(before, flavour)).toEqual({ allowed: 4, refused: 4 });
    proxier = await start();
    expect(await dumpKernel(shell)).toEqual(withOurRule(before));
    expect(await written()).toEqual({ rules: 2 });
    const counted = await countedRules(flavour);
    expect(counted.filter((line) => !line.includes('-A KUBE-SERVICES ')).length).toBeGreaterThan(20);
    for (const line of counted) expect(line).toMatch(/^\[7:420\] |^\[0:0\] -A KUBE-SERVICES /);
    const changes = /Set sysctl|somebody else|[Ff]ailed/;
    expect(proxier.log().filter((line) => changes.test(line))).toEqual([]);
    await proxier.stop();
    proxier = await start();
    expect(await dumpKernel(shell)).toEqual(withOurRule(before));
    expect(await written()).toEqual({});
  });

  it('leaves behind what upstream can take over again, and takes it over from there again', async () => {
    await shell.run(upstreamCommands('rr', flavour));
    const upstream = await dumpKernel(shell);
    proxier = await start();
    await proxier.stop();
    await shell.run(upstreamSyncCommands(flavour));
    expect(await dumpKernel(shell)).toEqual(upstream);
    proxier = await start();
    expect(await dumpKernel(shell)).toEqual(withOurRule(upstream));
    expect(await written()).toEqual({ rules: 2 });
  });

  it('makes on an empty node what upstream would have left, so that it can come back', async () => {
    await shell.run(upstreamCommands('rr', flavour));
    const upstream = withOurRule(await dumpKernel(shell));
    await clearKernel(shell);
    proxier = await start(flavour);
    const ours = await dumpKernel(shell);
    expect({ ...ours, rules: inAnyOrder(ours.rules) }).toEqual({ ...upstream, rules: inAnyOrder(upstream.rules) });
  });
});

it('adds the fallback flag to mh, and nothing else', async () => {
  await shell.run(upstreamCommands('mh -b mh-port'));
  const before = withOurRule(await dumpKernel(shell));
  proxier = await start('auto', '--ipvs-scheduler=mh');
  const after = await dumpKernel(shell);
  const flagged = before.virtualServers.map((line) => line.replace('-b mh-port', '-b mh-fallback,mh-port'));
  expect(after).toEqual({ ...before, virtualServers: flagged.sort() });
  const count = flagged.filter((line) => line.startsWith('-A')).length;
  expect(await written()).toEqual({ rules: 2, virtualServer: count });
});

it('leaves virtual servers of others exactly as they are', async () => {
  const others = [
    '-A -t 172.16.5.5:80 -s wlc',
    '-a -t 172.16.5.5:80 -r 172.16.6.1:80 -g -w 3',
    '-A -u [fd00:5::5]:53 -s sh -b sh-port',
    '-A -f 42 -s lc -p 60',
    '-a -f 42 -r 172.16.6.2:0 -i -w 5',
    `-A -t ${nodeAddresses.IPv4}:8443 -s rr`,
    '-A -t 10.96.200.1:80 -s rr',
    '-a -t 10.96.200.1:80 -r 172.16.6.3:80 -m -w 2',
  ];
  await shell.run(`${upstreamCommands()}\nipvsadm -R <<'END'\n${others.join('\n')}\nEND`);
  await shell.run('ip address add 10.96.200.1/32 dev kube-ipvs0');
  const before = await dumpKernel(shell);
  proxier = await start('auto', '--ipvs-exclude-cidrs=10.96.200.0/24');
  expect(await dumpKernel(shell)).toEqual(withOurRule(before));
  expect(await written()).toEqual({ rules: 2 });
});

it('takes away what upstream left of Services that are gone, and gives weight to who came back', async () => {
  await shell.run(upstreamCommands());
  const clean = await dumpKernel(shell);
  await shell.run(
    [
      'ip address add 10.96.77.7/32 dev kube-ipvs0',
      'ipvsadm -A -t 10.96.77.7:80 -s rr',
      'ipset add KUBE-CLUSTER-IP 10.96.77.7,tcp:80',
      'ipset add KUBE-IPVS-IPS 10.96.77.7',
      'ipset add KUBE-NODE-PORT-TCP 30777',
      `ipvsadm -A -t ${nodeAddresses.IPv4}:30777 -s rr`,
      'ipvsadm -e -t 10.96.10.30:80 -r 10.244.1.12:8080 -m -w 0',
    ].join('\n'),
  );
  proxier = await start();
  expect(await dumpKernel(shell)).toEqual(withOurRule(clean));
});

/** With `auto` the flavour follows from what is on the node. */
function start(flavour: Flavour | 'auto' = 'auto', ...flags: readonly string[]): Promise<LabProxier> {
  return LabProxier.start({ objects: upstreamObjects, programs, flags, settings: { iptables: { flavour } } });
}

/** Load balancer addresses with source ranges: entries that let the node's own processes in, and rules that keep them out. */
function accessOfTheNode({ sets, rules }: KernelDump, flavour: Flavour) {
  const saved = Object.entries(rules).flatMap(([program, lines]) => (program.includes(flavour) ? lines : []));
  return {
    allowed: sets.filter((line) => /^add KUBE-(6-)?LOAD-BALANCER-SOURCE-IP /.test(line)).length,
    refused: saved.filter((line) => line.startsWith('-A KUBE-IPVS-OUT-FILTER ')).length,
  };
}

/** The IPv4 rules of our chains with their counters, which a rule that is written anew loses. */
async function countedRules(flavour: Flavour): Promise<readonly string[]> {
  return (await shell.run(`iptables-${flavour}-save -c 2>/dev/null | grep -e "-A KUBE"`)).trim().split('\n');
}

/** The one rule of ours that upstream does not have: node ports are served on addresses of the node only. */
function withOurRule(dump: KernelDump): KernelDump {
  const rules = Object.entries(dump.rules).map(([program, lines]) => {
    const set = program.startsWith('ip6') ? 'KUBE-6-IPVS-IPS' : 'KUBE-IPVS-IPS';
    const ours = `-m set ! --match-set ${set} dst -j KUBE-NODE-PORT`;
    return [program, lines.map((line) => line.replace(/(?<=^-A KUBE-SERVICES .*)-j KUBE-NODE-PORT$/, ours))] as const;
  });
  return { ...dump, rules: Object.fromEntries(rules) };
}

/** Operations on the kernel by kind, failed ones included. */
async function written(): Promise<Record<string, number>> {
  const values = (await proxier?.metric('ipvs_proxier_operations_total')) ?? {};
  const kinds = Object.entries(values).map(([labels, value]) => [/kind="(.*?)"/.exec(labels)?.[1], value] as const);
  return Object.fromEntries(kinds.filter(([, value]) => value > 0));
}

/** The output filters of the fixture stand in another order than ours; the order of all other rules counts. */
function inAnyOrder(rules: Readonly<Record<string, readonly string[]>>): unknown {
  const sortable = (line: string) => line.startsWith('-A KUBE-IPVS-OUT-FILTER');
  return Object.entries(rules).map(([program, lines]) => [
    program,
    lines.filter((line) => !sortable(line)),
    lines.filter(sortable).sort(),
  ]);
}
