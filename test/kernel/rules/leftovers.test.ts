import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { leftoverPlaces } from '../../../src/app/cleanup/leftover-places.ts';
import { IptablesRulesDriver } from '../../../src/kernel/rules/driver.ts';
import type { IpFamily } from '../../../src/model/ip.ts';
import { planRules } from '../../../src/plan/plan-rules.ts';
import { clearNode } from '../../support/clear-node.ts';
import { Programs } from '../../support/programs.ts';
import { emptyInput } from '../../support/rule-plans.ts';

if (process.env.LAB === undefined) throw new Error('this test needs the kernel lab: test/lab/lab.ts run -- ...');

// Each test starts dozens of programs, which takes long in a lab on a busy machine.
jest.setTimeout(300_000);

const programs = new Programs();
const { shell } = programs;

beforeAll(() => clearNode(shell));
afterAll(async () => {
  await clearNode(shell);
  programs.close();
});

/** What kube-proxy in mode iptables writes for one Service with a node port, in short. */
const iptablesMode = `*mangle
:KUBE-PROXY-CANARY - [0:0]
COMMIT
*filter
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
-I INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-I INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-I OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-I FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m tcp --dport 80 -j REJECT
COMMIT
*nat
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SEP-SXIVWICOYRO3J4NJ - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-XPGD46QRK7WJZT7O - [0:0]
-I PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-XPGD46QRK7WJZT7O
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j KUBE-SVC-XPGD46QRK7WJZT7O
-A KUBE-SVC-XPGD46QRK7WJZT7O -j KUBE-SEP-SXIVWICOYRO3J4NJ
-A KUBE-SEP-SXIVWICOYRO3J4NJ -p tcp -m tcp -j DNAT --to-destination 10.244.0.5:8080
COMMIT
`;

/** Rules of ours that need no IP sets. */
const rulesOfOurs = (family: IpFamily) =>
  planRules({ ...emptyInput(family), capabilities: { randomFully: true, missing: new Set(['set']) } });
const ours = rulesOfOurs('IPv4');

const rulesOf = async (save: string) =>
  (await programs.output(save)).replace(/^#.*\n/gm, '').replaceAll(/\[\d+:\d+\]/g, '');

async function removeAll(): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const place of leftoverPlaces('nft', programs.run)) {
    removed.push(...(await place.remove()).map((name) => `${place.name}: ${name}`));
  }
  return removed;
}

it('removes what the other modes have left, in both flavours, and nothing of ours or of others', async () => {
  const driver = new IptablesRulesDriver({ flavour: 'nft', run: programs.run });
  await programs.output(
    'iptables-nft-restore',
    ['--noflush'],
    '*filter\n:OTHERS - [0:0]\n-A INPUT -j OTHERS\nCOMMIT\n',
  );
  await driver.apply(ours);
  const wanted = await rulesOf('iptables-nft-save');
  // Mode iptables was there before us: its own chains, beside those that both have and that are ours now.
  await programs.output('iptables-nft-restore', ['--noflush'], iptablesMode);
  await driver.apply(ours);
  await programs.output('iptables-legacy-restore', ['--noflush'], iptablesMode);
  // Mode ipvs was there in the flavour that we do not use.
  await new IptablesRulesDriver({ flavour: 'legacy', run: programs.run }).apply(rulesOfOurs('IPv6'));
  await shell.run('nft add table ip kube-proxy; nft add table ip6 kube-proxy; nft add table ip others');

  const removed = await removeAll();
  expect(removed).toEqual(
    expect.arrayContaining([
      'IPv4 rules of mode iptables (nft): nat KUBE-SVC-XPGD46QRK7WJZT7O',
      'IPv4 rules of mode iptables (legacy): filter KUBE-SERVICES',
      'IPv4 rules of mode iptables (legacy): nat KUBE-SERVICES',
      'IPv6 rules of mode ipvs (legacy): nat KUBE-SERVICES',
      'tables of mode nftables: table ip kube-proxy',
      'tables of mode nftables: table ip6 kube-proxy',
    ]),
  );
  expect(removed.join('\n')).not.toContain('OTHERS');
  const kept = await rulesOf('iptables-nft-save');
  expect(kept.replace(/^\*mangle\n[^*]*COMMIT\n/m, '')).toBe(wanted);
  for (const save of ['iptables-legacy-save', 'ip6tables-legacy-save']) {
    expect(await rulesOf(save)).not.toContain('KUBE-');
  }
  expect(await shell.run('nft list tables | grep -E "kube-proxy|others"')).toBe('table ip others\n');
  expect(await removeAll()).toEqual([]);
});
