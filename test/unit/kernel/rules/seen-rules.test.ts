import { describe, expect, it } from '@jest/globals';
import type { Iptables } from '../../../../src/kernel/rules/find-iptables.ts';
import { parseSave } from '../../../../src/kernel/rules/parse-save.ts';
import { SeenFamilies, seenIn } from '../../../../src/kernel/rules/seen-rules.ts';

const iptables: Iptables = {
  family: 'IPv4',
  flavour: 'nft',
  save: 'iptables-nft-save',
  restore: 'iptables-nft-restore',
};
const masquerade = '*nat\n:A - [0:0]\n-A A -m comment --comment "x" -j MASQUERADE --random-fully\nCOMMIT\n';

describe('what rules show of a node', () => {
  it('is whether there is a nat table, and which extensions they use', () => {
    expect(seenIn(iptables, parseSave(masquerade))).toEqual({
      iptables,
      hasNat: true,
      answered: new Set(['comment', 'MASQUERADE', 'random-fully']),
    });
    expect(seenIn(iptables, parseSave('*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n'))).toMatchObject({
      hasNat: false,
      answered: new Set(),
    });
  });

  it('is known of the families that were seen, and extensions are told once', () => {
    const seen = new SeenFamilies([seenIn(iptables, parseSave(masquerade))]);
    expect([seen.iptables('IPv4'), seen.iptables('IPv6')]).toEqual([iptables, undefined]);
    expect([seen.hasNat('IPv4'), seen.hasNat('IPv6')]).toEqual([true, false]);
    expect(seen.takeAnswered('IPv6')).toBeUndefined();
    expect(seen.takeAnswered('IPv4')?.size).toBe(3);
    expect(seen.takeAnswered('IPv4')).toBeUndefined();
  });
});
