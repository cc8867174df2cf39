import type { IpvsDriver } from '../../../src/kernel/drivers.ts';
import type { IpvsOperation } from '../../../src/model/operation.ts';
import type { RealServer } from '../../../src/model/real-server.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Retirer } from '../../../src/reconcile/retirer.ts';
import { ServerTable } from '../../../src/reconcile/server-table.ts';
import { describeOperation } from '../../support/describe-operation.ts';
import { observedRealServer, planned, realServer, virtualServer } from '../../support/ipvs-builders.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const web = virtualServer('TCP', '10.96.0.1:80');
const one = realServer('10.244.0.1:8080');
const two = realServer('10.244.0.2:8080');
const draining = (server: RealServer): RealServer => ({ ...server, weight: 0 });
const remove = (server: RealServer) => `deleteRealServer ${web.key} ${server.key} weight=0`;

let table: ServerTable;
let clock: ManualClock;
let retirer: Retirer;
/** Active connections of real servers that are in the kernel. */
let connections: Map<string, number>;
let listings: number;

beforeEach(() => {
  table = new ServerTable();
  clock = new ManualClock();
  connections = new Map();
  listings = 0;
  const listRealServers: IpvsDriver['listRealServers'] = async (servers) => {
    listings++;
    return servers.map(({ key }) =>
      [...(table.observed(key)?.realServers.values() ?? [])].map((server) =>
        observedRealServer(server, connections.get(server.key) ?? 0),
      ),
    );
  };
  retirer = new Retirer({
    table,
    driver: { listRealServers } as Partial<IpvsDriver> as IpvsDriver, // it only asks for counters
    limits: { drainDeadlineMs: 600_000, drainUdpGraceMs: 5_000 },
    clock,
  });
});

/** The kernel has these; the plan wants the first and still lists those of `waiting`. */
function drain(
  servers: readonly RealServer[],
  wanted: readonly RealServer[],
  waiting: readonly RealServer[] = [],
): void {
  table.want(web.key, planned(web, wanted, waiting));
  table.replaceObserved([{ virtualServer: web, realServers: servers }]);
  retirer.follow([web.key]);
}

async function removals(): Promise<string[]> {
  const operations: readonly IpvsOperation[] = await retirer.removals();
  for (const operation of operations) table.applied(operation);
  retirer.follow([web.key]);
  return operations.map(describeOperation);
}

describe('Retirer', () => {
  it('has nothing to do, and never asks the kernel, when nothing drains', async () => {
    drain([one, two], [one, two]);
    expect(retirer.size).toBe(0);
    expect(retirer.nextDueMs()).toBeUndefined();
    expect(await removals()).toEqual([]);
    expect(listings).toBe(0);
  });

  it('looks a second later, and removes what has no connection', async () => {
    drain([one, draining(two)], [one]);
    expect(retirer.nextDueMs()).toBe(1_000);
    expect(await removals()).toEqual([]);
    expect(listings).toBe(0);
    await clock.advance(1_000);
    expect(await removals()).toEqual([remove(two)]);
    expect(retirer.size).toBe(0);
    expect(retirer.nextDueMs()).toBeUndefined();
  });

  it('never removes what is wanted, whatever its weight and connections', async () => {
    drain([draining(one), draining(two)], [one]);
    await clock.advance(1_000);
    expect(await removals()).toEqual([remove(two)]);
  });

  it('does not remove what still has its weight: the quiescing may have failed', async () => {
    drain([one, two], [one]);
    await clock.advance(1_000);
    expect(await removals()).toEqual([]);
  });

  it('waits for connections, and looks ever less often', async () => {
    connections.set(two.key, 1);
    drain([one, draining(two)], [one]);
    const looks: number[] = [];
    while (clock.monotonicMs() < 40_000) {
      await clock.advance((retirer.nextDueMs() as number) - clock.monotonicMs());
      looks.push(clock.monotonicMs());
      expect(await retirer.removals()).toEqual([]);
    }
    expect(looks).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 26_000, 36_000, 46_000]);
    connections.clear();
    await clock.advance(10_000);
    expect(await removals()).toEqual([remove(two)]);
  });

  it('removes at the deadline, connections or not', async () => {
    connections.set(two.key, 1);
    drain([one, draining(two)], [one]);
    await clock.advance(599_999);
    expect(await removals()).toEqual([]);
    await clock.advance(10_000);
    expect(await removals()).toEqual([remove(two)]);
  });

  it('has no deadline while the endpoint is listed; it begins when the endpoint goes', async () => {
    connections.set(two.key, 1);
    drain([one, draining(two)], [one], [two]);
    await clock.advance(3_600_000);
    expect(await removals()).toEqual([]);
    table.want(web.key, planned(web, [one]));
    retirer.follow([web.key]);
    await clock.advance(599_000);
    expect(await removals()).toEqual([]);
    await clock.advance(11_000);
    expect(await removals()).toEqual([remove(two)]);
  });

  it('begins anew with one that came back in between', async () => {
    connections.set(two.key, 1);
    drain([one, draining(two)], [one]);
    await clock.advance(599_000);
    drain([one, two], [one, two]);
    drain([one, draining(two)], [one]);
    await clock.advance(599_000);
    expect(await removals()).toEqual([]);
  });

  it('looks at once at a virtual server that begins to leave, and removes it whole', async () => {
    table.replaceObserved([{ virtualServer: web, realServers: [draining(one), draining(two)] }]);
    retirer.follow([web.key]);
    expect(await removals()).toEqual([`deleteVirtualServer ${web.key}`]);
    expect(retirer.size).toBe(0);
  });

  it('removes only the idle ones of a virtual server that leaves', async () => {
    connections.set(two.key, 1);
    table.replaceObserved([{ virtualServer: web, realServers: [draining(one), draining(two)] }]);
    retirer.follow([web.key]);
    expect(await removals()).toEqual([remove(one)]);
    connections.clear();
    await clock.advance(1_000);
    expect(await removals()).toEqual([`deleteVirtualServer ${web.key}`]);
  });

  it('looks at a virtual server that leaves no more often than at others', async () => {
    connections.set(one.key, 1);
    table.replaceObserved([{ virtualServer: web, realServers: [draining(one)] }]);
    retirer.follow([web.key]);
    expect(await removals()).toEqual([]);
    expect(retirer.nextDueMs()).toBe(1_000);
    expect(await removals()).toEqual([]);
    expect(listings).toBe(1);
  });

  it('is not woken for ever by a virtual server that went without its doing', async () => {
    connections.set(one.key, 1);
    table.replaceObserved([{ virtualServer: web, realServers: [draining(one)] }]);
    retirer.follow([web.key]);
    table.observeMissing(web.key);
    await clock.advance(60_000);
    expect(await removals()).toEqual([]);
    expect(retirer.size).toBe(0);
    expect(retirer.nextDueMs()).toBeUndefined();
  });

  it('does not remove a virtual server that was wanted again in the meantime', async () => {
    connections.set(one.key, 1);
    table.replaceObserved([{ virtualServer: web, realServers: [draining(one)] }]);
    retirer.follow([web.key]);
    expect(await removals()).toEqual([]);
    table.want(web.key, planned(web));
    retirer.follow([web.key]);
    connections.clear();
    await clock.advance(60_000);
    expect(await removals()).toEqual([remove(one)]);
  });

  it('removes nothing when the counters could not be read, and looks again', async () => {
    drain([one, draining(two)], [one]);
    const broken = new Retirer({
      table,
      driver: { listRealServers: () => Promise.reject(new Error('EINTR')) } as Partial<IpvsDriver> as IpvsDriver,
      limits: { drainDeadlineMs: 1, drainUdpGraceMs: 1 },
      clock,
    });
    broken.follow([web.key]);
    await clock.advance(1_000);
    await expect(broken.removals()).rejects.toThrow('EINTR');
    expect(broken.size).toBe(1);
    expect(table.draining(web.key)).toHaveLength(1);
  });
});

it('tells what drains, and since when', async () => {
  drain([one, draining(two)], [one], [two]);
  await clock.advance(3_000);
  expect([...retirer.draining()]).toEqual([
    {
      virtualServer: web,
      realServers: [{ key: two.key, sinceMs: 0, goneSinceMs: undefined, realServer: draining(two) }],
    },
  ]);
  drain([one], [one]);
  expect([...retirer.draining()]).toEqual([]);
});
