import { describe, expect, it } from '@jest/globals';
import { normalizeRule, targetOf } from '../../../../src/kernel/rules/normalize.ts';

describe('normalizeRule', () => {
  it.each<[string, string, string]>([
    [
      'source moved to the front',
      '-m comment --comment "a b" -m set --match-set S dst,dst ! -s 10.244.0.0/16 -j M',
      '! -s 10.244.0.0/16 -m comment --comment "a b" -m set --match-set S dst,dst -j M',
    ],
    [
      'interface moved to the front',
      '-m set --match-set S dst ! -i veth+ -j M',
      '! -i veth+ -m set --match-set S dst -j M',
    ],
    ['host prefix, IPv4', '-s 198.51.100.9 -j DROP', '-s 198.51.100.9/32 -j DROP'],
    ['host prefix, IPv6', '-s 2001:DB8:0::9 -j DROP', '-s 2001:db8::9/128 -j DROP'],
    ['or-mark', '-j MARK --or-mark 0x00004000', '-j MARK --set-xmark 0x4000/0x4000'],
    ['xor-mark', '-j MARK --xor-mark 0x00004000', '-j MARK --set-xmark 0x4000/0x0'],
    ['and-mark', '-j MARK --and-mark 0x1', '-j MARK --set-xmark 0x0/0xfffffffe'],
    ['set-mark', '-j MARK --set-mark 0x1/0x3', '-j MARK --set-xmark 0x1/0x3'],
    ['set-mark without mask', '-j MARK --set-mark 5', '-j MARK --set-xmark 0x5/0xffffffff'],
    ['or-mark of bit 31', '-j MARK --or-mark 0x80000000', '-j MARK --set-xmark 0x80000000/0x80000000'],
    ['mark', '-m mark ! --mark 0x00004000/0x00004000 -j X', '-m mark ! --mark 0x4000/0x4000 -j X'],
    ['mark without mask', '-m mark --mark 1', '-m mark --mark 0x1/0xffffffff'],
    ['default rejection, IPv4', '-j REJECT', '-j REJECT --reject-with icmp-port-unreachable'],
    ['default rejection, IPv6', '-j REJECT', '-j REJECT --reject-with icmp6-port-unreachable'],
    [
      'protocol of ipvs and order of options',
      '-m ipvs --vaddr 1.2.3.4 --vproto tcp --vport 80 -j DROP',
      '-m ipvs --vproto 6 --vaddr 1.2.3.4 --vport 80 -j DROP',
    ],
    ['protocol number', '-p 132 -j X', '-p sctp -j X'],
    ['order of states', '-m conntrack --ctstate ESTABLISHED,RELATED', '-m conntrack --ctstate RELATED,ESTABLISHED'],
    [
      'order of matches',
      '-m mark --mark 0x1 -m addrtype --dst-type LOCAL',
      '-m addrtype --dst-type LOCAL -m mark --mark 0x1',
    ],
    ['quotes of a one-word comment', '-m comment --comment "q" -j X', '-m comment --comment q -j X'],
    ['escaped apostrophes', `-m comment --comment "'a b'"`, String.raw`-m comment --comment "\'a b\'"`],
    ['long options', '--source 10.0.0.0/8 --jump X', '-s 10.0.0.0/8 -j X'],
  ])('sees %s as equal', (_name, one, other) => {
    expect(normalizeRule(one)).toBe(normalizeRule(other));
    expect(normalizeRule(normalizeRule(one))).toBe(normalizeRule(one));
  });

  it.each<[string, string, string]>([
    ['negation', '-m set --match-set S dst -j X', '-m set ! --match-set S dst -j X'],
    ['negated source', '-s 10.0.0.0/8 -j X', '! -s 10.0.0.0/8 -j X'],
    ['comment', '-m comment --comment a -j X', '-m comment --comment b -j X'],
    ['comment that looks like a target', '-m comment --comment "-j X"', '-m comment --comment a -j X'],
    ['directions', '-m set --match-set S dst,dst -j X', '-m set --match-set S src,dst -j X'],
    ['mark mask', '-m mark --mark 0x1/0x1', '-m mark --mark 0x1/0x3'],
    ['xor and or', '-j MARK --xor-mark 0x1', '-j MARK --or-mark 0x1'],
    ['another rejection', '-j REJECT', '-j REJECT --reject-with tcp-reset'],
    ['goto', '-j X', '-g X'],
    ['random-fully', '-j MASQUERADE', '-j MASQUERADE --random-fully'],
    ['network length', '-s 10.0.0.0/8 -j X', '-s 10.0.0.0/9 -j X'],
    ['no target', '-p tcp', '-p tcp -j X'],
    ['source type', '-m addrtype --src-type LOCAL -j X', '-m addrtype --dst-type LOCAL -j X'],
  ])('tells %s apart', (_name, one, other) => {
    expect(normalizeRule(one)).not.toBe(normalizeRule(other));
  });

  it('keeps what it does not know', () => {
    expect(normalizeRule('-m recent --rcheck --seconds 5 -j MARK --set-xmark x/y')).toBe(
      '-m recent --rcheck --seconds 5 -j MARK --set-xmark x/y',
    );
  });
});

describe('targetOf', () => {
  it.each([
    ['-p tcp -j DROP', 'DROP'],
    ['-g CHAIN', 'CHAIN'],
    ['-m comment --comment "-j X"', undefined],
    ['-j MARK --set-xmark 0x1/0x1', 'MARK'],
  ])('%s', (rule, expected) => {
    expect(targetOf(rule)).toBe(expected);
  });
});
