import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sortRealServers, sortVirtualServers } from '../../../../src/cli/ipvs-status/listing-order.ts';
import { ip } from '../../../support/builders.ts';
import { markedVirtualServer, realServer, virtualServer } from '../../../support/ipvs-builders.ts';

const sortedEndpoints = (endpoints: readonly string[]) =>
  sortRealServers(endpoints.map((endpoint) => realServer(endpoint))).map(({ key }) => key as string);

describe('order of real servers', () => {
  it('by address as a number, then by port', () => {
    expect(sortedEndpoints(['10.0.0.10:1', '10.0.0.9:2', '10.0.0.9:1', '9.255.255.255:9'])).toEqual([
      '9.255.255.255:9',
      '10.0.0.9:1',
      '10.0.0.9:2',
      '10.0.0.10:1',
    ]);
  });

  it('what ipvsadm 1.31 printed of addresses that are far apart, and of mixed families', () => {
    const inKernel = [
      '60.1.1.2',
      '127.1.1.2',
      '200.1.1.2',
      '[b00::5]',
      '[8000::5]',
      '[::5]',
      '[fd00:1::5]',
      '10.1.1.2',
    ];
    expect(sortedEndpoints([...inKernel.map((host) => `${host}:80`), '10.1.1.1:8080'])).toEqual([
      '[8000::5]:80',
      '200.1.1.2:80',
      '[fd00:1::5]:80',
      '[::5]:80',
      '10.1.1.1:8080',
      '10.1.1.2:80',
      '[b00::5]:80',
      '60.1.1.2:80',
      '127.1.1.2:80',
    ]);
  });

  it('does not depend on the order of the input where addresses are near', () => {
    const near = fc
      .tuple(fc.integer({ min: 64, max: 127 }), fc.nat(255), fc.nat(3))
      .map((parts) => `${parts[0]}.0.${parts[1]}.${parts[2]}`);
    const endpoint = fc.record({ address: near.map(ip), port: fc.integer({ min: 0, max: 65535 }) });
    fc.assert(
      fc.property(fc.uniqueArray(endpoint, { selector: ({ address, port }) => `${address} ${port}` }), (endpoints) => {
        const value = ({ address, port }: { address: string; port: number }) =>
          address.split('.').reduce((word, byte) => word * 256 + Number(byte), 0) * 65536 + port;
        const expected = [...endpoints].sort((one, two) => value(one) - value(two));
        expect(sortRealServers(endpoints)).toEqual(expected);
        expect(sortRealServers([...endpoints].reverse())).toEqual(expected);
      }),
    );
  });
});

describe('order of virtual servers', () => {
  it('by mark, family, protocol, address and port', () => {
    const expected = [
      markedVirtualServer(0xffff_ffff, 'IPv6'),
      virtualServer('TCP', '10.0.0.2:80'),
      virtualServer('TCP', '10.0.0.2:443'),
      virtualServer('TCP', '10.0.0.3:1'),
      virtualServer('UDP', '10.0.0.1:1'),
      virtualServer('SCTP', '10.0.0.1:1'),
      virtualServer('TCP', '[fd00::1]:1'),
      markedVirtualServer(1, 'IPv4'),
      markedVirtualServer(1, 'IPv6'),
      markedVirtualServer(2, 'IPv4'),
    ];
    const keys = sortVirtualServers([...expected].reverse(), ({ identity }) => identity).map(({ key }) => key);
    expect(keys).toEqual(expected.map(({ key }) => key));
  });

  it('what ipvsadm 1.31 printed of a table whose addresses are far apart', () => {
    expect(sortVirtualServers(inKernel, ({ identity }) => identity).map(({ key }) => key as string)).toEqual(printed);
  });
});

const tcp = (endpoint: string) => virtualServer('TCP', endpoint);
const inKernel = [
  ...['10.0.0.2:81', '[fd00::1]:81', '10.0.0.2:82', '154.0.0.1:80', '153.0.0.1:80', '152.0.0.1:80'].map(tcp),
  ...['151.0.0.1:80', '150.0.0.1:80', '60.0.0.1:80', '223.0.0.1:80', '200.0.0.1:80', '129.0.0.1:80'].map(tcp),
  ...['100.0.0.1:80', '1.0.0.1:80', '10.0.0.1:80', '60.0.0.1:30'].map(tcp),
  ...['[9000::1]:53', '10.0.0.2:53'].map((endpoint) => virtualServer('UDP', endpoint)),
  ...['10.0.0.1:80', '10.0.0.1:2905'].map((endpoint) => virtualServer('SCTP', endpoint)),
  tcp('60.0.0.1:40000'),
  virtualServer('UDP', '10.0.0.2:5060'),
  ...['[9000::1]:443', '[1::1]:443', '[7000::1]:443', '[fd00::1]:443'].map(tcp),
  ...[2147483648, 1, 3].map((mark) => markedVirtualServer(mark, 'IPv4')),
  markedVirtualServer(4294967295, 'IPv6'),
];
const printed = [
  'FWM/4294967295/IPv6',
  'TCP/60.0.0.1:30',
  'TCP/60.0.0.1:40000',
  'TCP/151.0.0.1:80',
  'TCP/152.0.0.1:80',
  'TCP/153.0.0.1:80',
  'TCP/154.0.0.1:80',
  'TCP/200.0.0.1:80',
  'TCP/223.0.0.1:80',
  'TCP/1.0.0.1:80',
  'TCP/10.0.0.1:80',
  'TCP/10.0.0.2:81',
  'TCP/10.0.0.2:82',
  'TCP/60.0.0.1:80',
  'TCP/100.0.0.1:80',
  'TCP/129.0.0.1:80',
  'TCP/150.0.0.1:80',
  'UDP/10.0.0.2:53',
  'UDP/10.0.0.2:5060',
  'SCTP/10.0.0.1:80',
  'SCTP/10.0.0.1:2905',
  'TCP/[9000::1]:443',
  'TCP/[fd00::1]:81',
  'TCP/[fd00::1]:443',
  'TCP/[1::1]:443',
  'TCP/[7000::1]:443',
  'UDP/[9000::1]:53',
  'FWM/1/IPv4',
  'FWM/3/IPv4',
  'FWM/2147483648/IPv4',
];
