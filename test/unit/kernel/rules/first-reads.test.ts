import { describe, expect, it } from '@jest/globals';
import type { Iptables } from '../../../../src/kernel/rules/find-iptables.ts';
import { FirstReads } from '../../../../src/kernel/rules/first-reads.ts';
import { parseSave } from '../../../../src/kernel/rules/parse-save.ts';

const nft4 = program('iptables-nft', 'nft', 'IPv4');
const nft6 = program('ip6tables-nft', 'nft', 'IPv6');
const legacy4 = program('iptables-legacy', 'legacy', 'IPv4');
const saved = parseSave('*nat\nCOMMIT\n');

function program(name: string, flavour: Iptables['flavour'], family: Iptables['family']): Iptables {
  return { family, flavour, save: `${name}-save`, restore: `${name}-restore` };
}

function all(): FirstReads {
  const reads = new FirstReads();
  for (const iptables of [nft4, nft6, legacy4]) reads.set(iptables, saved);
  return reads;
}

describe('FirstReads', () => {
  it('hands out what was read as often as asked, and forgets it when it is taken', () => {
    const reads = all();
    expect([reads.get(nft4), reads.get(nft4), reads.take(nft4)]).toEqual([saved, saved, saved]);
    expect([reads.get(nft4), reads.take(nft4)]).toEqual([undefined, undefined]);
    expect(reads.get(nft6)).toBe(saved);
  });

  it('forgets other flavours and families', () => {
    const reads = all();
    reads.keep('nft', ['IPv4']);
    expect([nft4, nft6, legacy4].map((iptables) => reads.get(iptables))).toEqual([saved, undefined, undefined]);
  });
});
