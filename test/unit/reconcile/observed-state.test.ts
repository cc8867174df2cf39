import type { AddressDriver, IpvsDriver, ObservedIpSet } from '../../../src/kernel/drivers.ts';
import type { IpSetEntry } from '../../../src/model/ip-set.ts';
import type { VirtualServer } from '../../../src/model/virtual-server.ts';
import type { SetRole } from '../../../src/plan/ip-sets.ts';
import { describe, expect, it } from '@jest/globals';
import { noTraffic } from '../../../src/kernel/ipvs/decode-counters.ts';
import { addressPortEntry, portEntry } from '../../../src/model/ip-set.ts';
import { ipSetFor } from '../../../src/plan/ip-sets.ts';
import { readObserved } from '../../../src/reconcile/observed-state.ts';
import { ip } from '../../support/builders.ts';
import { virtualServer } from '../../support/ipvs-builders.ts';

const node = ip('192.168.0.10');

const filled = (role: SetRole, entry: IpSetEntry, family: 'IPv4' | 'IPv6' = 'IPv4'): ObservedIpSet => ({
  ...ipSetFor(role, family),
  family,
  entries: [entry],
});

/** Whether the virtual server counts as ours when the kernel has these sets. */
async function isTaken(server: VirtualServer, sets: readonly ObservedIpSet[], known: readonly VirtualServer[] = []) {
  const { ours, foreign } = await readObserved({
    drivers: {
      ipvs: {
        list: async () => [{ virtualServer: server, realServers: [], counters: noTraffic }],
      } as Partial<IpvsDriver> as IpvsDriver,
      address: { listNodeAddresses: async () => [node] } as Partial<AddressDriver> as AddressDriver,
    },
    boundAddresses: new Set([ip('10.96.0.1')]),
    sets,
    families: ['IPv4'],
    excludeCidrs: [],
    isKnown: (key) => known.some((each) => each.key === key),
  });
  expect(ours.length + foreign.size).toBe(1);
  return ours.length === 1;
}

describe('readObserved', () => {
  it('takes what is on an address of ours', async () => {
    expect(await isTaken(virtualServer('TCP', '10.96.0.1:80'), [])).toBe(true);
  });

  it('takes what is known, without any evidence', async () => {
    const foreign = virtualServer('TCP', '172.16.0.1:80');
    expect(await isTaken(foreign, [])).toBe(false);
    expect(await isTaken(foreign, [], [foreign])).toBe(true);
  });

  it.each<[string, VirtualServer, ObservedIpSet, boolean]>([
    ['a TCP node port', virtualServer('TCP', '192.168.0.10:30080'), filled('nodePortTcp', portEntry(30_080)), true],
    ['a UDP node port', virtualServer('UDP', '192.168.0.10:30080'), filled('nodePortUdp', portEntry(30_080)), true],
    [
      'an SCTP node port',
      virtualServer('SCTP', '192.168.0.10:30080'),
      filled('nodePortSctp', addressPortEntry(node, 'SCTP', 30_080)),
      true,
    ],
    [
      'no port of another protocol',
      virtualServer('UDP', '192.168.0.10:30080'),
      filled('nodePortTcp', portEntry(30_080)),
      false,
    ],
    [
      'no health check port',
      virtualServer('TCP', '192.168.0.10:30080'),
      filled('healthCheckNodePort', portEntry(30_080)),
      false,
    ],
    [
      'no port of a family that does not work',
      virtualServer('TCP', '192.168.0.10:30080'),
      filled('nodePortTcp', portEntry(30_080), 'IPv6'),
      false,
    ],
    [
      'an external IP that is an address of the node',
      virtualServer('TCP', '192.168.0.10:80'),
      filled('externalIp', addressPortEntry(node, 'TCP', 80)),
      true,
    ],
    [
      'no other port of such an address',
      virtualServer('TCP', '192.168.0.10:81'),
      filled('externalIp', addressPortEntry(node, 'TCP', 80)),
      false,
    ],
  ])('takes %s', async (_name, server, set, expected) => {
    expect(await isTaken(server, [set])).toBe(expected);
  });

  it('gives nothing rather than a part when the kernel does not answer', async () => {
    const reading = readObserved({
      drivers: {
        ipvs: { list: () => Promise.reject(new Error('ETIMEDOUT')) } as Partial<IpvsDriver> as IpvsDriver,
        address: { listNodeAddresses: async () => [] } as Partial<AddressDriver> as AddressDriver,
      },
      boundAddresses: new Set(),
      sets: [],
      families: ['IPv4'],
      excludeCidrs: [],
      isKnown: () => false,
    });
    await expect(reading).rejects.toThrow('ETIMEDOUT');
  });
});
