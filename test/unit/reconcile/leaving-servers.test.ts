import type { Protocol } from '../../../src/model/service-key.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { addressEntry, addressPortEntry, portEntry } from '../../../src/model/ip-set.ts';
import { type SetRole, ipSetFor } from '../../../src/plan/ip-sets.ts';
import { LeavingServers } from '../../../src/reconcile/leaving-servers.ts';
import { ip } from '../../support/builders.ts';
import { markedVirtualServer, virtualServer } from '../../support/ipvs-builders.ts';

let leaving: LeavingServers;

beforeEach(() => {
  leaving = new LeavingServers();
});

function leave(protocol: Protocol, endpoint: string): void {
  const { key, identity } = virtualServer(protocol, endpoint);
  leaving.note(key, identity);
}

const member = (role: SetRole, port: number, family: 'IPv4' | 'IPv6' = 'IPv4') => ({
  set: ipSetFor(role, family).name,
  entry: portEntry(port),
});

describe('LeavingServers', () => {
  it('needs nothing when none leaves', () => {
    expect(leaving.needsAddress(ip('10.96.0.1'))).toBe(false);
    expect(leaving.needsMember(member('nodePortTcp', 30080))).toBe(false);
  });

  it('needs the address, and the entry that says it is bound', () => {
    leave('TCP', '10.96.0.1:80');
    expect(leaving.needsAddress(ip('10.96.0.1'))).toBe(true);
    expect(leaving.needsAddress(ip('10.96.0.2'))).toBe(false);
    const set = ipSetFor('ipvsIps', 'IPv4').name;
    expect(leaving.needsMember({ set, entry: addressEntry(ip('10.96.0.1')) })).toBe(true);
    expect(leaving.needsMember({ set, entry: addressEntry(ip('10.96.0.2')) })).toBe(false);
  });

  it.each<[Protocol, SetRole, boolean]>([
    ['TCP', 'nodePortTcp', true],
    ['UDP', 'nodePortUdp', true],
    ['TCP', 'nodePortUdp', false],
    ['UDP', 'nodePortTcp', false],
    ['TCP', 'nodePortLocalTcp', false],
    ['TCP', 'healthCheckNodePort', false],
  ])('of %s: needs its port in %s: %s', (protocol, role, expected) => {
    leave(protocol, '192.168.0.10:30080');
    expect(leaving.needsMember(member(role, 30080))).toBe(expected);
    expect(leaving.needsMember(member(role, 30081))).toBe(false);
  });

  it('needs the entry of an SCTP node port', () => {
    leave('SCTP', '192.168.0.10:30080');
    const entry = addressPortEntry(ip('192.168.0.10'), 'SCTP', 30080);
    expect(leaving.needsMember({ set: ipSetFor('nodePortSctp', 'IPv4').name, entry })).toBe(true);
  });

  it.each<[SetRole, boolean]>([
    ['externalIp', true],
    ['externalIpLocal', true],
    ['loadBalancer', true],
    ['loadBalancerFirewall', false],
  ])('needs the entry that names it in %s: %s', (role, expected) => {
    leave('TCP', '192.168.0.10:80');
    const set = ipSetFor(role, 'IPv4').name;
    const entryOf = (protocol: Protocol, port: number) => addressPortEntry(ip('192.168.0.10'), protocol, port);
    expect(leaving.needsMember({ set, entry: entryOf('TCP', 80) })).toBe(expected);
    expect(leaving.needsMember({ set, entry: entryOf('UDP', 80) })).toBe(false);
    expect(leaving.needsMember({ set, entry: entryOf('TCP', 81) })).toBe(false);
  });

  it('does not need what other sets say of its address and port', () => {
    leave('TCP', '10.96.0.1:80');
    const entry = addressPortEntry(ip('10.96.0.1'), 'TCP', 80);
    expect(leaving.needsMember({ set: ipSetFor('clusterIp', 'IPv4').name, entry })).toBe(false);
  });

  it('needs an address until the last one on it is gone', () => {
    leave('TCP', '10.96.0.1:80');
    leave('TCP', '10.96.0.1:443');
    leaving.note(virtualServer('TCP', '10.96.0.1:80').key, undefined);
    expect(leaving.needsAddress(ip('10.96.0.1'))).toBe(true);
    leaving.note(virtualServer('TCP', '10.96.0.1:443').key, undefined);
    expect(leaving.needsAddress(ip('10.96.0.1'))).toBe(false);
    expect(leaving.size).toBe(0);
  });

  it('counts one that is noted twice once', () => {
    leave('TCP', '10.96.0.1:80');
    leave('TCP', '10.96.0.1:80');
    leaving.note(virtualServer('TCP', '10.96.0.1:80').key, undefined);
    leaving.note(virtualServer('TCP', '10.96.0.1:80').key, undefined);
    expect(leaving.needsAddress(ip('10.96.0.1'))).toBe(false);
  });

  it('needs no address for a firewall mark', () => {
    const { key, identity } = markedVirtualServer(7, 'IPv4');
    leaving.note(key, identity);
    expect(leaving.size).toBe(1);
    leaving.note(key, undefined);
    expect(leaving.size).toBe(0);
  });
});
