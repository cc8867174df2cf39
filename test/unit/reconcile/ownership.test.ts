import type { VirtualServer } from '../../../src/model/virtual-server.ts';
import { describe, expect, it } from '@jest/globals';
import { isOurs } from '../../../src/reconcile/ownership.ts';
import { cidr, ip } from '../../support/builders.ts';
import { markedVirtualServer, virtualServer } from '../../support/ipvs-builders.ts';

const evidence = {
  boundAddresses: new Set([ip('10.96.0.1'), ip('192.0.2.1')]),
  nodeAddresses: new Set([ip('192.168.0.10'), ip('fd00::10')]),
  nodePorts: new Set(['TCP/30080', 'UDP/30053']),
  namedServers: new Set([virtualServer('TCP', '192.168.0.10:443').key, virtualServer('TCP', '192.168.9.1:443').key]),
  excludeCidrs: [cidr('192.0.2.0/24'), cidr('192.168.9.0/24')],
};

describe('isOurs', () => {
  it.each<[string, VirtualServer, boolean]>([
    ['on an address of the dummy interface', virtualServer('TCP', '10.96.0.1:80'), true],
    ['on an address of the dummy interface, another protocol', virtualServer('SCTP', '10.96.0.1:9'), true],
    ['on an address that nobody has', virtualServer('TCP', '10.96.0.2:80'), false],
    ['on an address in an excluded range, though bound', virtualServer('TCP', '192.0.2.1:80'), false],
    ['on a node address, with a node port', virtualServer('TCP', '192.168.0.10:30080'), true],
    ['on an IPv6 node address, with a node port', virtualServer('TCP', '[fd00::10]:30080'), true],
    ['on a node address, with the node port of another protocol', virtualServer('UDP', '192.168.0.10:30080'), false],
    ['on a node address, with another port', virtualServer('TCP', '192.168.0.10:8080'), false],
    ['on a node address, named by a set of external addresses', virtualServer('TCP', '192.168.0.10:443'), true],
    ['that such a set names for another protocol', virtualServer('UDP', '192.168.0.10:443'), false],
    ['that such a set names, in an excluded range', virtualServer('TCP', '192.168.9.1:443'), false],
    ['with a node port, on a foreign address', virtualServer('TCP', '172.16.0.1:30080'), false],
    ['of a firewall mark', markedVirtualServer(1, 'IPv4'), false],
  ])('a virtual server %s', (_name, server, expected) => {
    expect(isOurs(server, evidence)).toBe(expected);
  });
});
