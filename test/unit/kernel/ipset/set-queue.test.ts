import { describe, expect, it } from '@jest/globals';
import type { EntriesStep } from '../../../../src/kernel/ipset/set-queue.ts';
import { queueBySet, stepsAfter } from '../../../../src/kernel/ipset/set-queue.ts';
import type { IpAddress } from '../../../../src/model/ip.ts';
import type { IpSet, IpSetEntry, IpSetName } from '../../../../src/model/ip-set.ts';
import { addressPortAddressEntry, addressPortEntry, portEntry } from '../../../../src/model/ip-set.ts';
import type { IpSetOperation } from '../../../../src/model/operation.ts';

const ports: IpSet = { name: 'PORTS' as IpSetName, type: 'bitmap:port', maxElements: 65536 };
const others: IpSet = { ...ports, name: 'OTHERS' as IpSetName };
const add = (set: IpSet, entry: IpSetEntry): IpSetOperation => ({ kind: 'addEntry', set: set.name, entry });
const remove = (set: IpSet, entry: IpSetEntry): IpSetOperation => ({ kind: 'deleteEntry', set: set.name, entry });

describe('queueBySet', () => {
  it('gathers neighbours per set and keeps the order within a set', () => {
    const queues = queueBySet([
      { kind: 'createSet', set: ports },
      add(ports, portEntry(1)),
      add(others, portEntry(7)),
      add(ports, portEntry(2)),
      remove(ports, portEntry(3)),
      add(ports, portEntry(4)),
    ]);
    expect(queues.map((queue) => queue.map((step) => [step.kind, step.indexes]))).toEqual([
      [
        ['create', [0]],
        ['add', [1, 3]],
        ['delete', [4]],
        ['add', [5]],
      ],
      [['add', [2]]],
    ]);
  });

  it('tells a creation how many entries follow', () => {
    const [queue] = queueBySet([{ kind: 'createSet', set: ports }, add(ports, portEntry(1)), add(ports, portEntry(2))]);
    expect(queue?.[0]).toMatchObject({ kind: 'create', expectedEntries: 2 });
  });

  it('keeps messages to 1,500 entries of the commonest kind', () => {
    expect(messageSizes(3500, (n) => addressPortEntry(`10.0.${n >> 8}.${n & 255}` as IpAddress, 'TCP', 80))).toEqual([
      1500, 1500, 500,
    ]);
  });

  it('keeps messages of large entries below what an attribute can hold', () => {
    const sizes = messageSizes(1000, () =>
      addressPortAddressEntry('fd00::1' as IpAddress, 'TCP', 80, 'fd00::2' as IpAddress),
    );
    expect(sizes).toEqual([789, 211]);
  });

  function messageSizes(count: number, entry: (n: number) => IpSetEntry): number[] {
    const operations = Array.from({ length: count }, (_, n) => add(ports, entry(n)));
    return (queueBySet(operations)[0] ?? []).map((step) => step.indexes.length);
  }
});

describe('stepsAfter', () => {
  const step: EntriesStep = {
    kind: 'add',
    name: 'PORTS',
    entries: Array.from({ length: 200 }, (_, n) => portEntry(n)),
    indexes: Array.from({ length: 200 }, (_, n) => n + 1000),
  };

  it('leaves the rest in small messages', () => {
    const rest = stepsAfter(step, 10);
    expect(rest.map((part) => [part.indexes[0], part.entries[0]?.text, part.entries.length])).toEqual([
      [1010, '10', 64],
      [1074, '74', 64],
      [1138, '138', 62],
    ]);
  });

  it('leaves nothing after the last entry', () => {
    expect(stepsAfter(step, 200)).toEqual([]);
  });
});
