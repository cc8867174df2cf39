import { describe, expect, it } from '@jest/globals';
import type { IpAddress } from '../../../src/model/ip.ts';
import { DeltaMap } from '../../../src/reconcile/delta-map.ts';
import { KernelMirror } from '../../../src/reconcile/kernel-mirror.ts';
import { RulesKeeper } from '../../../src/reconcile/rules-keeper.ts';
import { ServerTable } from '../../../src/reconcile/server-table.ts';
import { SetKeeper } from '../../../src/reconcile/set-keeper.ts';
import { cidr, ip } from '../../support/builders.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { virtualServer } from '../../support/ipvs-builders.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const observer = { applied() {}, failed() {}, recovered() {}, drifted() {}, conflict() {} };

/** A mirror of a kernel with these addresses on the dummy interface, where 10.96.200.0/24 belongs to somebody else. */
function mirrorOf(...bound: readonly string[]) {
  const kernel = new FakeKernel();
  kernel.hasInterface = true;
  for (const address of bound) kernel.addresses.add(ip(address));
  const { drivers } = kernel;
  const clock = new ManualClock();
  const addresses = new DeltaMap<IpAddress, true>(() => true);
  const servers = new ServerTable();
  const mirror = new KernelMirror({
    drivers,
    servers,
    addresses,
    sets: new SetKeeper({ sets: [], driver: drivers.ipset, isNeeded: () => false, clock, observer }),
    rules: new RulesKeeper({
      driver: drivers.rules,
      planRules: async ({ family }) => ({ family, chains: [], jumps: [] }),
      clock,
      observer,
    }),
    families: ['IPv4'],
    excludeCidrs: [cidr('10.96.200.0/24')],
    observer,
  });
  return { kernel, mirror, addresses, servers };
}

describe('KernelMirror', () => {
  it('sees addresses of the families that are served', async () => {
    const { mirror, addresses } = mirrorOf('10.96.0.1', 'fd00::1');
    await mirror.read();
    expect([...addresses.observedKeys()]).toEqual(['10.96.0.1']);
  });

  it('leaves addresses in excluded ranges to whoever bound them', async () => {
    const { mirror, addresses } = mirrorOf('10.96.0.1', '10.96.200.1');
    await mirror.read();
    expect([...addresses.observedKeys()]).toEqual(['10.96.0.1']);
    await mirror.auditAddresses();
    expect([...addresses.observedKeys()]).toEqual(['10.96.0.1']);
  });

  it('sees an address in an excluded range that a Service wants', async () => {
    const { mirror, addresses } = mirrorOf('10.96.200.1');
    addresses.want(ip('10.96.200.1'), true);
    await mirror.read();
    expect(addresses.pendingCount).toBe(0);
  });

  it('takes a virtual server for ours while its address has been taken away from us', async () => {
    const { kernel, mirror, addresses, servers } = mirrorOf();
    addresses.want(ip('10.96.0.1'), true);
    const ours = virtualServer('TCP', '10.96.0.1:81');
    const foreign = virtualServer('TCP', '10.96.0.2:81');
    await kernel.drivers.ipvs.apply([
      { kind: 'addVirtualServer', virtualServer: ours },
      { kind: 'addVirtualServer', virtualServer: foreign },
    ]);
    await mirror.read();
    expect(servers.observed(ours.key)).toBeDefined();
    expect(servers.observed(foreign.key)).toBeUndefined();
  });
});
