import { describe, expect, it } from '@jest/globals';
import {
  addressEntry,
  addressPortAddressEntry,
  addressPortEntry,
  addressPortNetworkEntry,
  portEntry,
} from '../../../src/model/ip-set.ts';
import { cidr, ip } from '../../support/builders.ts';

const four = ip('10.96.0.1');
const six = ip('fd00::1');

describe('entries of IP sets', () => {
  it.each([
    ['an address', addressEntry(four), '10.96.0.1'],
    ['an IPv6 address', addressEntry(six), 'fd00::1'],
    ['a port of an address', addressPortEntry(four, 'UDP', 53), '10.96.0.1,udp:53'],
    ['a port of an IPv6 address', addressPortEntry(six, 'SCTP', 9), 'fd00::1,sctp:9'],
    ['two addresses', addressPortAddressEntry(four, 'TCP', 80, ip('10.244.0.1')), '10.96.0.1,tcp:80,10.244.0.1'],
    ['a network', addressPortNetworkEntry(four, 'TCP', 80, cidr('192.0.2.0/24')), '10.96.0.1,tcp:80,192.0.2.0/24'],
    [
      'a network of one host',
      addressPortNetworkEntry(four, 'TCP', 80, cidr('192.0.2.7/32')),
      '10.96.0.1,tcp:80,192.0.2.7',
    ],
    [
      'an IPv6 network of one host',
      addressPortNetworkEntry(six, 'TCP', 80, cidr('fd01::7/128')),
      'fd00::1,tcp:80,fd01::7',
    ],
    [
      'an IPv6 network of 32 bits',
      addressPortNetworkEntry(six, 'TCP', 80, cidr('fd01::/32')),
      'fd00::1,tcp:80,fd01::/32',
    ],
    ['a port', portEntry(30_080), '30080'],
  ])('%s is written as ipset lists it', (_name, entry, text) => {
    expect(entry.text).toBe(text);
  });

  it('keeps the network with its length, whatever the text says', () => {
    expect(addressPortNetworkEntry(four, 'TCP', 80, cidr('192.0.2.7/32'))).toMatchObject({ network: '192.0.2.7/32' });
  });
});
