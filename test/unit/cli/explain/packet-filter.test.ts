import { describe, expect, it } from '@jest/globals';
import { type FilteredPacket, filterPacket, type FilterTable } from '../../../../src/cli/explain/packet-filter.ts';
import { ip } from '../../../support/builders.ts';

const packet: FilteredPacket = {
  source: ip('203.0.113.9'),
  destination: ip('10.96.0.1'),
  protocol: 'TCP',
  destinationPort: 80,
  state: 'NEW',
  memberOf: ['KUBE-CLUSTER-IP', 'KUBE-IPVS-IPS'],
};

function judge(policy: string, rules: readonly string[], chains: FilterTable = {}): string {
  const { kind, by } = filterPacket({ INPUT: { policy, rules }, ...chains }, 'INPUT', packet);
  return `${kind} by ${by}`;
}

describe('a packet in a chain', () => {
  it.each([
    ['ACCEPT', [], 'passes by policy ACCEPT of INPUT'],
    ['DROP', [], 'dropped by policy DROP of INPUT'],
    ['DROP', ['-p tcp -m tcp --dport 80 -j ACCEPT'], 'passes by INPUT: -p tcp -m tcp --dport 80 -j ACCEPT'],
    ['DROP', ['-p tcp -m multiport --dports 22,443 -j ACCEPT'], 'dropped by policy DROP of INPUT'],
    [
      'DROP',
      ['-p tcp -m multiport --dports 22,70:90 -j ACCEPT'],
      'passes by INPUT: -p tcp -m multiport --dports 22,70:90 -j ACCEPT',
    ],
    [
      'DROP',
      ['-i lo -j ACCEPT', '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'],
      'dropped by policy DROP of INPUT',
    ],
    ['DROP', ['-i eth0 -j ACCEPT'], 'unsure by policy DROP of INPUT'],
    ['ACCEPT', ['-i eth0 -j DROP'], 'unsure by INPUT: -i eth0 -j DROP'],
    [
      'ACCEPT',
      ['-s 203.0.113.9/32 -j REJECT --reject-with tcp-reset'],
      'dropped by INPUT: -s 203.0.113.9/32 -j REJECT --reject-with tcp-reset',
    ],
    ['ACCEPT', ['! -s 203.0.113.0/24 -j DROP'], 'passes by policy ACCEPT of INPUT'],
    ['ACCEPT', ['-d 10.96.0.0/12 -p udp -j DROP'], 'passes by policy ACCEPT of INPUT'],
    ['ACCEPT', ['-m comment --comment "drop -j DROP" -j LOG', '-j DROP'], 'dropped by INPUT: -j DROP'],
    [
      'ACCEPT',
      ['-m set --match-set KUBE-CLUSTER-IP dst,dst -j DROP'],
      'dropped by INPUT: -m set --match-set KUBE-CLUSTER-IP dst,dst -j DROP',
    ],
    ['ACCEPT', ['-m set --match-set KUBE-LOAD-BALANCER dst,dst -j DROP'], 'passes by policy ACCEPT of INPUT'],
  ])('with policy %s and rules %j: %s', (policy, rules, verdict) => {
    expect(judge(policy, rules)).toBe(verdict);
  });

  it('goes through chains and comes back', () => {
    const chains = {
      FIRST: { rules: ['-p udp -j DROP', '-p tcp -j RETURN', '-j DROP'] },
      SECOND: { rules: ['-j THIRD'] },
      THIRD: { rules: ['-p tcp -j DROP'] },
    };
    expect(judge('ACCEPT', ['-j FIRST', '-g SECOND'], chains)).toBe('dropped by THIRD: -p tcp -j DROP');
    expect(judge('ACCEPT', ['-j FIRST'], chains)).toBe('passes by policy ACCEPT of INPUT');
  });

  it('is let in by source ranges, which are looked at for themselves', () => {
    const chains = {
      RANGES: { rules: ['-m set --match-set KUBE-LOAD-BALANCER-SOURCE-CIDR dst,dst,src -j RETURN', '-j DROP'] },
    };
    expect(judge('ACCEPT', ['-m set --match-set KUBE-CLUSTER-IP dst,dst -j RANGES'], chains)).toMatch(/^passes/);
  });

  it('may have returned from a chain where that hangs on something unknown', () => {
    const chains = { FIRST: { rules: ['-i eth0 -j RETURN', '-j DROP'] } };
    expect(judge('ACCEPT', ['-j FIRST'], chains)).toBe('unsure by FIRST: -j DROP');
    expect(judge('DROP', ['-j FIRST'], chains)).toBe('dropped by policy DROP of INPUT');
  });

  it('goes to an address of the node, and is the first of its connection', () => {
    const notLocal = { FIRST: { rules: ['-m addrtype --dst-type LOCAL -j RETURN', '-j DROP'] } };
    expect(judge('ACCEPT', ['-j FIRST'], notLocal)).toBe('passes by policy ACCEPT of INPUT');
    const noSyn = '-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j DROP';
    expect(judge('ACCEPT', [noSyn])).toBe('passes by policy ACCEPT of INPUT');
    expect(judge('ACCEPT', [noSyn.replace('! ', '')])).toContain('dropped by INPUT: -p tcp');
    expect(judge('ACCEPT', ['-p tcp -m tcp --tcp-flags FIN,RST NONE -j DROP'])).toContain('dropped');
  });

  it('ends in chains that call each other', () => {
    const chains = { A: { rules: ['-j B'] }, B: { rules: ['-j A'] } };
    expect(judge('DROP', ['-j A'], chains)).toBe('dropped by policy DROP of INPUT');
  });
});
