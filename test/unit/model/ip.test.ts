import { describe, expect, it } from '@jest/globals';
import {
  addressBits,
  familyOf,
  hostCidr,
  ipBytes,
  ipFromBytes,
  isInCidr,
  isLinkLocal,
  isLoopback,
  networkAddressOf,
  parseCidr,
  parseIp,
  prefixLengthOf,
  unservableReason,
} from '../../../src/model/ip.ts';
import { cidr, ip } from '../../support/builders.ts';

describe('parseIp', () => {
  it.each([
    ['10.96.0.1', '10.96.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['010.096.000.001', '10.96.0.1'],
    ['::', '::'],
    ['2001:DB8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::ffff:10.96.0.1', '10.96.0.1'],
    ['::ffff:a60:1', '10.96.0.1'],
    // IPv4-compatible, not IPv4-mapped
    ['::10.96.0.1', '::a60:1'],
  ])('reads %s as %s', (text, expected) => {
    expect(parseIp(text)).toBe(expected);
  });

  it.each([
    '',
    'localhost',
    '10.96.0',
    '10.96.0.1.2',
    '10.96.0.256',
    '10.96.0.-1',
    '0x0a.96.0.1',
    ' 10.96.0.1',
    '10.96.0.1 ',
    '10.96.0.1/32',
    '10.96.0.1:80',
    '[::1]',
    ':::',
    '2001:db8::1::2',
    '12345::',
    'fe80::1%eth0',
    '1:2:3:4:5:6:7:8:9',
  ])('refuses %j', (text) => {
    expect(parseIp(text)).toBeUndefined();
  });
});

describe('parseCidr', () => {
  it.each([
    ['10.244.0.0/16', '10.244.0.0/16'],
    ['10.244.7.9/16', '10.244.0.0/16'],
    ['10.244.7.9/21', '10.244.0.0/21'],
    ['10.244.7.9/32', '10.244.7.9/32'],
    ['10.244.7.9/0', '0.0.0.0/0'],
    ['10.244.0.0/016', '10.244.0.0/16'],
    ['2001:db8::ffff/64', '2001:db8::/64'],
    ['2001:db8:0:ff00::/57', '2001:db8:0:ff00::/57'],
    ['2001:db8:0:ff80::/56', '2001:db8:0:ff00::/56'],
    ['2001:db8::1/128', '2001:db8::1/128'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
  ])('reads %s as %s', (text, expected) => {
    expect(parseCidr(text)).toBe(expected);
  });

  it.each([
    '10.244.0.0',
    '10.244.0.0/',
    '10.244.0.0/33',
    '10.244.0.0/-1',
    '10.244.0.0/a',
    '::/129',
    '::ffff:10.0.0.0/95',
    'x/8',
  ])('refuses %j', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });
});

describe('isInCidr', () => {
  it.each<[string, string, boolean]>([
    ['10.244.255.255', '10.244.0.0/16', true],
    ['10.245.0.0', '10.244.0.0/16', false],
    ['10.244.7.255', '10.244.0.0/21', true],
    ['10.244.8.0', '10.244.0.0/21', false],
    ['10.244.7.9', '10.244.7.9/32', true],
    ['10.244.7.8', '10.244.7.9/32', false],
    ['198.51.100.1', '0.0.0.0/0', true],
    ['2001:db8::1', '0.0.0.0/0', false],
    ['10.0.0.1', '::/0', false],
    ['2001:db8:0:1::', '2001:db8::/63', true],
    ['2001:db8:0:2::', '2001:db8::/63', false],
  ])('%s in %s: %s', (address, network, expected) => {
    expect(isInCidr(ip(address), cidr(network))).toBe(expected);
  });
});

describe('kinds of addresses', () => {
  it.each<[string, boolean, boolean]>([
    ['127.0.0.1', true, false],
    ['127.255.0.1', true, false],
    ['128.0.0.1', false, false],
    ['::1', true, false],
    ['::2', false, false],
    ['169.254.0.1', false, true],
    ['169.253.0.1', false, false],
    ['fe80::1', false, true],
    ['febf::1', false, true],
    ['fec0::1', false, false],
    ['fe7f::1', false, false],
  ])('%s: loopback %s, link-local %s', (address, loopback, linkLocal) => {
    expect([isLoopback(ip(address)), isLinkLocal(ip(address))]).toEqual([loopback, linkLocal]);
  });

  it.each([
    ['127.0.0.5', 'a loopback or link-local address'],
    ['fe80::1', 'a loopback or link-local address'],
    ['0.0.0.0', 'the unspecified address'],
    ['::', 'the unspecified address'],
    ['255.255.255.255', 'the broadcast address'],
    ['224.0.0.1', 'a multicast address'],
    ['239.255.255.255', 'a multicast address'],
    ['ff02::1', 'a multicast address'],
    ['223.255.255.255', undefined],
    ['240.0.0.1', undefined],
    ['fd00::1', undefined],
    ['ff::1', undefined],
  ])('%s cannot be served because it is: %s', (address, reason) => {
    expect(unservableReason(ip(address))).toBe(reason);
  });

  it('have a family and its number of bits', () => {
    expect([familyOf(ip('10.0.0.1')), familyOf(ip('::')), familyOf(cidr('10.0.0.0/8'))]).toEqual([
      'IPv4',
      'IPv6',
      'IPv4',
    ]);
    expect([addressBits('IPv4'), addressBits('IPv6')]).toEqual([32, 128]);
    expect([hostCidr(ip('10.0.0.1')), hostCidr(ip('fd00::1'))]).toEqual(['10.0.0.1/32', 'fd00::1/128']);
  });

  it('networks have an address and a length', () => {
    expect([networkAddressOf(cidr('fd00::/64')), prefixLengthOf(cidr('fd00::/64'))]).toEqual(['fd00::', 64]);
  });
});

describe('ipBytes and ipFromBytes', () => {
  it.each([
    ['10.96.0.1', [10, 96, 0, 1]],
    ['::', Array.from({ length: 16 }, () => 0)],
    ['2001:db8::1', [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['fd00::1:0:0:ff00:0', [0xfd, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0xff, 0, 0, 0]],
    ['1:2:3:4:5:6:7:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
    ['::1', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['fe80::', [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ])('%s', (address, bytes) => {
    expect(ipBytes(ip(address))).toEqual(bytes);
    expect(ipFromBytes(bytes)).toBe(address);
  });

  it('prints an IPv4-mapped address as IPv4', () => {
    expect(ipFromBytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 96, 0, 1])).toBe('10.96.0.1');
  });
});
