import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cleanUp } from '../../../src/app/cleanup/cleanup.ts';
import { type Kernel, openKernel } from '../../../src/app/node/open-kernel.ts';
import { IptablesRulesDriver } from '../../../src/kernel/rules/driver.ts';
import { ipFamilies } from '../../../src/model/ip.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { allIpSets } from '../../../src/plan/ip-sets.ts';
import { planRules } from '../../../src/plan/plan-rules.ts';
import { cidr, ip } from '../../support/builders.ts';
import { fullInput } from '../../support/rule-plans.ts';
import { clearNode } from '../../support/clear-node.ts';
import { Programs } from '../../support/programs.ts';

if (process.env.LAB === undefined) throw new Error('this test needs the kernel lab: test/lab/lab.ts run -- ...');

const programs = new Programs();
const { shell } = programs;
const rules = (['nft', 'legacy'] as const).map((flavour) => new IptablesRulesDriver({ flavour, run: programs.run }));
let kernel: Kernel;

beforeAll(async () => {
  await clearNode(shell);
  kernel = await openKernel(silentLog);
});

afterAll(async () => {
  await clearNode(shell);
  kernel.close();
  programs.close();
});

/** Everything that the tools show of the kernel's state, without counters and times. */
async function shownState(): Promise<string> {
  const state = await shell.run(
    [
      'ipvsadm -Sn',
      'ipset save',
      'for family in iptables ip6tables; do $family-nft-save | grep -v "^#" | sed "s/ \\[.*//"; done',
      'ip -o addr show | sed "s/^[0-9]*: //"',
    ].join('; '),
  );
  return state;
}

/** What others have on the node, in every place where we have something too. */
async function makeOthers(): Promise<void> {
  await shell.run(
    [
      'ip link add eth9 type dummy',
      'ip addr add 192.168.7.1/24 dev eth9',
      'ipvsadm -A -t 203.0.113.1:80 -s rr',
      'ipvsadm -a -t 203.0.113.1:80 -r 10.9.9.9:80 -m',
      'ipvsadm -A -t 192.168.7.1:8080 -s wlc',
      'ipvsadm -A -f 7 -s sh',
      'ipset create OTHERS hash:ip',
      'ipset add OTHERS 10.9.9.9',
      'iptables-nft -N OTHERS',
      'iptables-nft -A OTHERS -s 10.9.9.9 -m set --match-set OTHERS src -j ACCEPT',
      'iptables-nft -A INPUT -j OTHERS',
      'iptables-nft -t nat -A POSTROUTING -s 10.9.0.0/16 -j MASQUERADE',
      'ip6tables-nft -A FORWARD -s fd00:9::/64 -j DROP',
    ].join(' && '),
  );
}

/** What the ipvs mode has there: each kind of object in both families. */
async function makeOurs(): Promise<void> {
  const sets = ipFamilies.flatMap(allIpSets);
  expect(await kernel.ipset.apply(sets.map((set) => ({ kind: 'createSet', set })))).toEqual([]);
  for (const family of ipFamilies) await rules[0]?.apply(planRules(fullInput(family)));
  await kernel.address.ensureInterface();
  const addresses = [ip('10.96.0.1'), ip('fd00:10:96::1')];
  expect(await kernel.address.apply(addresses.map((address) => ({ kind: 'bindAddress', address })))).toEqual([]);
  await shell.run(
    [
      'ipset add KUBE-NODE-PORT-TCP 30080',
      'ipvsadm -A -t 10.96.0.1:443 -s rr',
      'ipvsadm -a -t 10.96.0.1:443 -r 10.244.1.5:6443 -m',
      'ipvsadm -A -u [fd00:10:96::1]:53 -s rr',
      'ipvsadm -A -t 192.168.7.1:30080 -s rr',
    ].join(' && '),
  );
}

const lines: string[] = [];
const run = async (excludeCidrs: string[] = []) =>
  await cleanUp({
    drivers: { ...kernel, rules },
    dryRun: false,
    config: { ipvs: { excludeCidrs: excludeCidrs.map(cidr) } as never }, // nothing else of it is read
    print: (line) => lines.push(line),
  });

it('removes what is ours and leaves what others have byte for byte', async () => {
  await makeOthers();
  // Tables that the rules need exist from here on, as they do on any node.
  await shell.run('ip6tables-nft -t nat -N X; ip6tables-nft -t nat -X X; iptables-nft -N X; iptables-nft -X X');
  const before = await shownState();
  await makeOurs();
  expect(await shownState()).not.toBe(before);
  expect(await run()).toEqual([]);
  expect(await shownState()).toBe(before);
  expect(lines).toContain('  TCP/192.168.7.1:30080');
  expect(lines).not.toContain('  TCP/192.168.7.1:8080');
});

it('does nothing more the second time', async () => {
  const before = await shownState();
  lines.length = 0;
  expect(await run()).toEqual([]);
  expect(lines.filter((line) => line.startsWith('  '))).toEqual([]);
  expect(await shownState()).toBe(before);
});

it('leaves the interface to addresses in excluded ranges', async () => {
  await makeOurs();
  expect(await run(['10.96.0.0/16'])).toEqual([]);
  expect(await shell.run('ip -o addr show dev kube-ipvs0')).toMatch(/10\.96\.0\.1\/32/);
  expect(await shell.run('ipvsadm -Sn')).toContain('-A -t 10.96.0.1:443');
  expect(await shell.run('ipvsadm -Sn')).not.toContain('fd00:10:96::1');
});
