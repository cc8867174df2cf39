import { describe, expect, it } from '@jest/globals';
import {
  LeftoversInUseError,
  removeIptablesMode,
  renderIptablesModeRemoval,
} from '../../../../src/kernel/rules/iptables-mode-rules.ts';
import { parseSave } from '../../../../src/kernel/rules/parse-save.ts';
import type { Command } from '../../../../src/kernel/rules/run-command.ts';

/** A node that ran kube-proxy in mode iptables, once mode ipvs has written its own chains. */
const left = `*mangle
:PREROUTING ACCEPT [0:0]
:KUBE-KUBELET-CANARY - [0:0]
:KUBE-PROXY-CANARY - [0:0]
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-NODE-PORT - [0:0]
:KUBE-SERVICES - [0:0]
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-A INPUT -m comment --comment "kubernetes health check rules" -j KUBE-NODE-PORT
-A INPUT -j KUBE-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SEP-SXIVWICOYRO3J4NJ - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-XPGD46QRK7WJZT7O - [0:0]
:OTHERS - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-NODEPORTS -p tcp --dport 30080 -j KUBE-SVC-XPGD46QRK7WJZT7O
-A KUBE-SVC-XPGD46QRK7WJZT7O -j KUBE-SEP-SXIVWICOYRO3J4NJ
-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT
COMMIT
`;

describe('renderIptablesModeRemoval', () => {
  it('removes the chains that only mode iptables has, and the jumps to them', () => {
    expect(renderIptablesModeRemoval(parseSave(left), 'inUse').input).toBe(`*nat
:KUBE-NODEPORTS - [0:0]
:KUBE-SEP-SXIVWICOYRO3J4NJ - [0:0]
:KUBE-SVC-XPGD46QRK7WJZT7O - [0:0]
-X KUBE-NODEPORTS
-X KUBE-SEP-SXIVWICOYRO3J4NJ
-X KUBE-SVC-XPGD46QRK7WJZT7O
COMMIT
*filter
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
-D INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-D INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-D OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-X KUBE-EXTERNAL-SERVICES
-X KUBE-NODEPORTS
-X KUBE-SERVICES
COMMIT
*mangle
:KUBE-PROXY-CANARY - [0:0]
-X KUBE-PROXY-CANARY
COMMIT
`);
  });

  it('refuses while a chain in force still uses one of them', () => {
    const inForce = left.replace(
      '-A KUBE-SERVICES -m set',
      '-A KUBE-SERVICES -j KUBE-NODEPORTS\n-A KUBE-SERVICES -m set',
    );
    expect(() => renderIptablesModeRemoval(parseSave(inForce), 'inUse')).toThrow(LeftoversInUseError);
    expect(() => renderIptablesModeRemoval(parseSave(inForce), 'inUse')).toThrow('chain KUBE-SERVICES of table nat');
  });

  const shared = left
    .replace('-A KUBE-SERVICES -m set', '-A KUBE-SERVICES -j KUBE-NODEPORTS\n-A KUBE-SERVICES -m set')
    .replace('-A KUBE-SVC', '-A KUBE-SVC-XPGD46QRK7WJZT7O -j KUBE-MARK-MASQ\n-A KUBE-SVC');

  it('removes what both modes have, too, in a flavour that mode ipvs does not use', () => {
    const { chains, input } = renderIptablesModeRemoval(parseSave(shared), 'notInUse');
    expect(chains).toEqual(expect.arrayContaining(['nat KUBE-SERVICES', 'nat KUBE-MARK-MASQ', 'filter KUBE-FORWARD']));
    expect(input).toContain('-D PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES');
    expect(chains.filter((name) => /OTHERS|KUBE-FIREWALL|KUBELET/.test(name))).toEqual([]);
  });

  it('keeps masquerading where a chain of somebody else uses it', () => {
    const used = shared.replace('-A KUBE-SVC', '-A OTHERS -j KUBE-MARK-MASQ\n-A KUBE-SVC');
    const { chains } = renderIptablesModeRemoval(parseSave(used), 'notInUse');
    expect(chains).toContain('nat KUBE-SERVICES');
    expect(chains).not.toContain('nat KUBE-MARK-MASQ');
  });

  it('leaves a node alone that has nothing of it', () => {
    const clean = parseSave('*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\nCOMMIT\n');
    expect(renderIptablesModeRemoval(clean, 'notInUse')).toEqual({ input: '', chains: [] });
  });
});

describe('removeIptablesMode', () => {
  const nft = { family: 'IPv4', flavour: 'nft', use: 'inUse' } as const;
  const runs: Command[] = [];
  const runner = (saved: string) => async (command: Command) => {
    runs.push(command);
    const stdout = command.parameters[0] === '--version' ? 'iptables v1.8.9 (nf_tables)' : saved;
    return { exitCode: 0, stdout, stderr: '' };
  };

  it('writes once, and nothing where there is nothing', async () => {
    expect(await removeIptablesMode(runner(left), nft)).toContain('nat KUBE-SVC-XPGD46QRK7WJZT7O');
    expect(runs.map(({ file }) => file)).toEqual(['iptables-nft', 'iptables-nft-save', 'iptables-nft-restore']);
    runs.length = 0;
    expect(await removeIptablesMode(runner(''), nft)).toEqual([]);
    expect(runs.map(({ file }) => file)).toEqual(['iptables-nft', 'iptables-nft-save']);
    expect(await removeIptablesMode(runner(left), { ...nft, flavour: 'legacy' })).toEqual([]); // there is none of that flavour
  });
});
