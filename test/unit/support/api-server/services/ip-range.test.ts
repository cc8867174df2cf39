import { describe, expect, it } from '@jest/globals';
import { familyOf, IpRange, isCidr } from '../../../../support/api-server/services/ip-range.ts';

describe('IpRange', () => {
  it('hands out addresses in order, from the part that is not meant for chosen ones', () => {
    const range = new IpRange('10.96.0.0/16');
    const used = new Set(['10.96.1.2']);
    const isUsed = (address: string) => used.has(address);
    expect([range.nextFree(isUsed), range.nextFree(isUsed)]).toEqual(['10.96.1.1', '10.96.1.3']);
    expect(range.first).toBe('10.96.0.1');
  });

  it('uses the whole of a small range and then has none', () => {
    const range = new IpRange('192.0.2.0/29');
    const used = new Set<string>();
    for (
      let address = range.nextFree((each) => used.has(each));
      address;
      address = range.nextFree((each) => used.has(each))
    ) {
      used.add(address);
    }
    expect([...used].sort()).toEqual([1, 2, 3, 4, 5, 6].map((last) => `192.0.2.${last}`));
  });

  it('knows what is inside', () => {
    const four = new IpRange('10.96.0.0/24');
    expect(
      ['10.96.0.0', '10.96.0.1', '10.96.0.254', '10.96.0.255', '10.96.1.0', 'fd00::1'].map((each) =>
        four.contains(each),
      ),
    ).toEqual([false, true, true, false, false, false]);
    const six = new IpRange('fd00::/112');
    expect(['fd00::', 'fd00::1', 'fd00::ffff', 'fd00::1:0'].map((each) => six.contains(each))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(six.nextFree(() => false)).toBe('fd00::101');
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/31', 'x/8', '10.0.0.0/8/9'])('refuses %s', (cidr) => {
    expect(() => new IpRange(cidr)).toThrow('service CIDR');
  });
});

describe('address texts', () => {
  it.each([
    ['10.0.0.1', 'IPv4'],
    ['fd00::1', 'IPv6'],
    ['::ffff:10.0.0.1', 'IPv6'],
    ['010.0.0.1', undefined],
    ['10.1', undefined],
    ['fe80::1%eth0', undefined],
    ['', undefined],
  ])('%s is %s', (text, family) => expect(familyOf(text)).toBe(family));

  it.each([
    ['10.0.0.0/8', true],
    ['fd00::/64', true],
    ['10.0.0.0', false],
    ['10.0.0.0/', false],
    ['fd00::/129', false],
  ])('%s as CIDR: %s', (text, valid) => expect(isCidr(text)).toBe(valid));
});
