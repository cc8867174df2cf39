import { describe, expect, it } from '@jest/globals';
import { flavourInUse } from '../../../../src/kernel/rules/choose-flavour.ts';
import { parseSave } from '../../../../src/kernel/rules/parse-save.ts';

const hint = '*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n';
const canary = '*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n';
const kubernetes = '*nat\n:KUBE-SERVICES - [0:0]\nCOMMIT\n';
const rules = (count: number) => `*filter\n:INPUT ACCEPT [0:0]\n${'-A INPUT -j DROP\n'.repeat(count)}COMMIT\n`;

describe('flavourInUse', () => {
  it.each<[string, string[], string[], 'nft' | 'legacy' | undefined]>([
    ['nothing anywhere', [], [], undefined],
    ['empty tables', [rules(0)], [rules(0)], undefined],
    ['hint in nft, many rules in legacy', [hint], [kubernetes, rules(100)], 'nft'],
    ['canary of IPv6 in legacy, rules in nft', [rules(100)], [rules(0), canary], 'legacy'],
    ['hints in both', [hint], [hint], 'nft'],
    ['chains of Kubernetes in legacy, more rules in nft', [rules(9)], [kubernetes], 'legacy'],
    ['more rules in legacy', [rules(1)], [rules(2)], 'legacy'],
    ['as many rules in both', [rules(2)], [rules(2)], 'nft'],
  ])('%s', (_name, nft, legacy, expected) => {
    expect(flavourInUse({ nft: nft.map(parseSave), legacy: legacy.map(parseSave) })).toBe(expected);
  });
});
