import type { IpSet, IpSetName } from '../../../src/model/ip-set.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { addressEntry } from '../../../src/model/ip-set.ts';
import { ipSetFor } from '../../../src/plan/ip-sets.ts';
import { setMemberKey } from '../../../src/reconcile/desired-state.ts';
import { SetKeeper } from '../../../src/reconcile/set-keeper.ts';
import { ip } from '../../support/builders.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const set = ipSetFor('ipvsIps', 'IPv4');
const other = ipSetFor('clusterIp', 'IPv4');
const silent = { applied() {}, failed() {}, recovered() {}, drifted() {}, conflict() {} };
let kernel: FakeKernel;
let clock: ManualClock;
let keeper: SetKeeper;

beforeEach(() => {
  kernel = new FakeKernel();
  clock = new ManualClock();
  keeper = new SetKeeper({ sets: [set, other], driver: kernel.ipset, isNeeded: () => false, clock, observer: silent });
});

function want(address: string, wanted = true): void {
  const entry = addressEntry(ip(address));
  keeper.want(setMemberKey(set.name, entry), wanted ? { set: set.name, entry } : undefined);
}

function inKernel(shape: Partial<IpSet>, ...addresses: string[]): void {
  const entries = addresses.map((address) => addressEntry(ip(address)));
  kernel.sets.set(set.name, {
    set: { ...set, ...shape } as IpSet,
    entries: new Map(entries.map((entry) => [entry.text, entry])),
  });
}

async function settle(): Promise<void> {
  await keeper.observe();
  await keeper.applyAdditions();
  await keeper.applyRemovals();
}

const entries = () => [...(kernel.sets.get(set.name)?.entries.keys() ?? [])];

describe('SetKeeper', () => {
  it('makes a set and its entries in one call, so that it is made large enough', async () => {
    want('10.96.0.1');
    want('10.96.0.2');
    await settle();
    expect(kernel.batches).toBe(1);
    expect(entries()).toEqual(['10.96.0.1', '10.96.0.2']);
    expect(keeper.pendingCount).toBe(0);
  });

  it('replaces a set of another type by one that holds the entries from the start', async () => {
    inKernel({ type: 'hash:ip,port' }, '10.96.0.9');
    want('10.96.0.1');
    await settle();
    expect(kernel.writes).toEqual([`replaceSet ${set.name}`, `createSet ${other.name}`]);
    expect(entries()).toEqual(['10.96.0.1']);
    expect(kernel.sets.get(set.name)?.set.type).toBe('hash:ip');
  });

  it('never empties a set of another size while it replaces it', async () => {
    inKernel({ maxElements: 1_024 }, '10.96.0.1', '10.96.0.9');
    want('10.96.0.1');
    await settle();
    expect(kernel.writes.filter((write) => write.includes(set.name))).toEqual([`replaceSet ${set.name}`]);
    expect(entries()).toEqual(['10.96.0.1']);
    await settle();
    expect(kernel.writes.filter((write) => write.includes(set.name))).toHaveLength(1);
  });

  it('grows a set for more entries than it can hold', async () => {
    for (let index = 0; index < 65_537; index++) want(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
    expect(keeper.fill()).toEqual([]);
    await settle();
    expect(kernel.sets.get(set.name)?.set.maxElements).toBe(131_072);
    expect(keeper.fill()[0]).toEqual({ name: set.name, entries: 65_537, maxElements: 131_072 });
    expect(keeper.pendingCount).toBe(0);
  });

  it('goes on with the other sets when one cannot be made, and tries again', async () => {
    kernel.failWhen = (description) => description === `createSet ${set.name}`;
    want('10.96.0.1');
    await settle();
    expect(kernel.sets.has(other.name)).toBe(true);
    expect([...keeper.missing()]).toEqual([set.name]);
    kernel.failWhen = () => false;
    await clock.advance(500);
    await keeper.applyAdditions();
    expect(entries()).toEqual(['10.96.0.1']);
    expect(keeper.missing().size).toBe(0);
  });

  it('leaves an entry that is still needed', async () => {
    const needed = new Set<string>(['10.96.0.1']);
    keeper = new SetKeeper({
      sets: [set],
      driver: kernel.ipset,
      isNeeded: ({ entry }) => needed.has(entry.text),
      clock,
      observer: silent,
    });
    inKernel({}, '10.96.0.1', '10.96.0.2');
    await settle();
    expect(entries()).toEqual(['10.96.0.1']);
    needed.clear();
    await keeper.applyRemovals();
    expect(entries()).toEqual([]);
  });

  it('knows nothing of sets of other names', async () => {
    kernel.sets.set('FOREIGN', { set: { ...set, name: 'FOREIGN' as IpSetName }, entries: new Map() });
    await settle();
    expect(kernel.writes.some((write) => write.includes('FOREIGN'))).toBe(false);
  });
});
