import { describe, expect, it } from '@jest/globals';
import { isUsableVersion, parseIptablesVersion } from '../../../../src/kernel/rules/iptables-version.ts';

describe('parseIptablesVersion', () => {
  it.each([
    ['iptables v1.8.9 (nf_tables)\n', { numbers: [1, 8, 9], flavour: 'nft' }],
    ['ip6tables v1.8.9 (legacy)', { numbers: [1, 8, 9], flavour: 'legacy' }],
    ['iptables v1.6.2', { numbers: [1, 6, 2], flavour: 'legacy' }],
    ['iptables v1.8 (nf_tables)', { numbers: [1, 8], flavour: 'nft' }],
    ['something else', undefined],
  ])('%j', (text, expected) => {
    expect(parseIptablesVersion(text)).toEqual(expected);
  });
});

describe('isUsableVersion', () => {
  it.each([
    ['v1.6.1', false],
    ['v1.6', false],
    ['v1.4.21', false],
    ['v1.6.2', true],
    ['v1.8', true],
    ['v1.10.0', true],
    ['v2.0.0', true],
  ])('%s: %s', (text, usable) => {
    const version = parseIptablesVersion(text);
    expect(version && isUsableVersion(version)).toBe(usable);
  });
});
