import { describe, expect, it } from '@jest/globals';
import { createIpSetDriver, replacementSetName } from '../../../../src/kernel/ipset/driver.ts';
import { DriverError } from '../../../../src/kernel/errors.ts';
import type { IpAddress } from '../../../../src/model/ip.ts';
import type { IpSet, IpSetEntry, IpSetName } from '../../../../src/model/ip-set.ts';
import { addressEntry, portEntry } from '../../../../src/model/ip-set.ts';
import type { IpSetOperation } from '../../../../src/model/operation.ts';
import { NetlinkError } from '../../../../src/netlink/errors.ts';
import type { FakeKernel } from '../../../support/fake-transport.ts';
import { createFakeTransport, refusal } from '../../../support/fake-transport.ts';
import { FakeIpSetKernel } from './fake-ip-set-kernel.ts';

const addresses: IpSet = { name: 'ADDRESSES' as IpSetName, type: 'hash:ip', family: 'IPv4', maxElements: 65536 };
const ports: IpSet = { name: 'PORTS' as IpSetName, type: 'bitmap:port', maxElements: 65536 };
const entry = (last: number) => addressEntry(`10.0.${last >> 8}.${last & 255}` as IpAddress);
const add = (set: IpSet, added: IpSetEntry): IpSetOperation => ({ kind: 'addEntry', set: set.name, entry: added });
const remove = (set: IpSet, gone: IpSetEntry): IpSetOperation => ({ kind: 'deleteEntry', set: set.name, entry: gone });

function setUp(kernel = new FakeIpSetKernel()) {
  const transport = createFakeTransport(kernel.answer);
  return { kernel, transport, driver: createIpSetDriver({ transport }) };
}

function driverOver(kernel: FakeKernel) {
  return createIpSetDriver({ transport: createFakeTransport(kernel) });
}

describe('apply', () => {
  it('creates sets and adds entries in two exchanges', async () => {
    const { kernel, transport, driver } = setUp();
    const operations: IpSetOperation[] = [
      { kind: 'createSet', set: addresses },
      { kind: 'createSet', set: ports },
      add(addresses, entry(1)),
      add(ports, portEntry(80)),
    ];
    expect(await driver.apply(operations)).toEqual([]);
    expect(kernel.texts('ADDRESSES')).toEqual(['10.0.0.1']);
    expect(kernel.texts('PORTS')).toEqual(['80']);
    expect(transport.exchanges.map((messages) => messages.length)).toEqual([2, 2]);
  });

  it('does nothing for no operations', async () => {
    const { transport, driver } = setUp();
    expect(await driver.apply([])).toEqual([]);
    expect(transport.exchanges).toEqual([]);
  });

  it('sizes the table for the entries that follow, and asks for the revision once', async () => {
    const { kernel, transport, driver } = setUp();
    const many = Array.from({ length: 5000 }, (_, index) => add(addresses, entry(index + 1)));
    await driver.apply([{ kind: 'createSet', set: addresses }, ...many]);
    expect(kernel.set('ADDRESSES')).toMatchObject({ hashSize: 8192, revision: 4 });
    await driver.apply([{ kind: 'createSet', set: { ...addresses, name: 'MORE' as IpSetName } }]);
    expect(kernel.set('MORE')).toMatchObject({ hashSize: 1024, revision: 4 });
    const typeQueries = transport.requests.flat().filter((message) => message[4] === 13);
    expect(typeQueries).toHaveLength(1);
  });

  it('takes the kernel’s revision where that is older', async () => {
    const { kernel, driver } = setUp(new FakeIpSetKernel({ revision: 1 }));
    await driver.apply([{ kind: 'createSet', set: addresses }]);
    expect(kernel.set('ADDRESSES')?.revision).toBe(1);
  });

  it('reports the entry that the kernel refuses and goes on behind it', async () => {
    const { kernel, driver } = setUp();
    kernel.refused.add('10.0.0.3').add('10.0.0.5');
    const operations = [1, 2, 3, 4, 5, 6].map((last) => add(addresses, entry(last)));
    const failures = await driver.apply([{ kind: 'createSet', set: addresses }, ...operations]);
    expect(failures.map(({ index }) => index)).toEqual([3, 5]);
    expect(failures[0]?.error).toBeInstanceOf(DriverError);
    expect(failures[0]?.error.message).toBe(
      'add entry 10.0.0.3 to IP set ADDRESSES: IPSET_ERR_PROTOCOL: ' +
        'the set is probably of another type or family than the entry',
    );
    expect(kernel.texts('ADDRESSES')).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.4', '10.0.0.6']);
  });

  it('keeps the order on a set when an entry is refused', async () => {
    const { kernel, driver } = setUp();
    kernel.refused.add('10.0.0.1');
    await driver.apply([
      { kind: 'createSet', set: addresses },
      add(addresses, entry(1)),
      add(addresses, entry(2)),
      remove(addresses, entry(2)),
    ]);
    expect(kernel.texts('ADDRESSES')).toEqual([]);
  });

  it('reports every further addition to a full set, and deletes all the same', async () => {
    const { kernel, transport, driver } = setUp();
    const small = { ...addresses, maxElements: 3 };
    await driver.apply([{ kind: 'createSet', set: small }]);
    const operations = Array.from({ length: 500 }, (_, index) => add(small, entry(index + 1)));
    const failures = await driver.apply([...operations, remove(small, entry(2))]);
    expect(failures).toHaveLength(497);
    expect(failures[0]).toMatchObject({ index: 3, error: { errnoName: 'IPSET_ERR_HASH_FULL' } });
    expect(failures[0]?.error.hint).toContain('maxelem');
    expect(kernel.texts('ADDRESSES')).toEqual(['10.0.0.1', '10.0.0.3']);
    expect(transport.exchanges).toHaveLength(3);
  });

  it('fails all entries of a message that is refused as a whole', async () => {
    const { driver } = setUp();
    const failures = await driver.apply([add(addresses, entry(1)), remove(addresses, entry(2))]);
    expect(failures.map(({ index, error }) => [index, error.errnoName, error.hint])).toEqual([
      [0, 'ENOENT', 'the set is not there'],
      [1, 'ENOENT', 'the set is not there'],
    ]);
  });

  it('fails what was to be done with a set that exists differently', async () => {
    const { kernel, driver } = setUp();
    await driver.apply([{ kind: 'createSet', set: { ...addresses, maxElements: 10 } }]);
    const failures = await driver.apply([
      { kind: 'createSet', set: addresses },
      add(addresses, entry(1)),
      add(ports, portEntry(1)),
    ]);
    expect(failures.map(({ index, error }) => [index, error.errnoName])).toEqual([
      [0, 'EEXIST'],
      [1, 'EEXIST'],
      [2, 'ENOENT'],
    ]);
    expect(failures[0]?.error.message).toBe(
      'create IP set ADDRESSES (hash:ip IPv4, maxelem 65536): EEXIST: ' +
        'a set of this name exists with another type, family or size; it has to be replaced',
    );
    expect(kernel.texts('ADDRESSES')).toEqual([]);
  });

  it('notices a set of the other family, which the kernel accepts', async () => {
    const { driver } = setUp();
    await driver.apply([{ kind: 'createSet', set: { ...addresses, family: 'IPv6' } }]);
    const [failure] = await driver.apply([{ kind: 'createSet', set: addresses }]);
    expect(failure?.error.errnoName).toBe('EEXIST');
    expect(failure?.error.message).toContain('the set of this name is hash:ip IPv6');
  });

  it('names the module of a type that the kernel does not have', async () => {
    const { driver } = setUp(new FakeIpSetKernel({ types: ['hash:ip'] }));
    const set: IpSet = { ...addresses, name: 'NETS' as IpSetName, type: 'hash:ip,port,net' };
    const failures = await driver.apply([
      { kind: 'createSet', set },
      { kind: 'createSet', set: addresses },
    ]);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ index: 0, error: { errnoName: 'IPSET_ERR_FIND_TYPE' } });
    expect(failures[0]?.error.hint).toContain('ip_set_hash_ipportnet');
  });

  it('throws when the outcome is unknown', async () => {
    const driver = driverOver(() => {
      throw new NetlinkError('lost', 110);
    });
    await expect(driver.apply([add(addresses, entry(1))])).rejects.toThrow(NetlinkError);
  });
});

describe('list', () => {
  it('leaves out a set that is not there', async () => {
    const { driver } = setUp();
    await driver.apply([{ kind: 'createSet', set: addresses }, add(addresses, entry(1))]);
    const sets = await driver.list(['MISSING', 'ADDRESSES']);
    expect(sets).toEqual([
      { name: 'ADDRESSES', type: 'hash:ip', family: 'IPv4', maxElements: 65536, entries: [entry(1)] },
    ]);
  });

  it('throws on any other refusal', async () => {
    await expect(driverOver(() => refusal(1)).list(['ADDRESSES'])).rejects.toMatchObject({ errnoName: 'EPERM' });
  });

  it('names the module when the kernel does not know IP sets', async () => {
    await expect(driverOver(() => refusal(22)).list(['ADDRESSES'])).rejects.toThrow(
      'list IP set ADDRESSES: EINVAL: the kernel has no IP sets: the module ip_set is missing',
    );
  });
});

describe('replaceSet', () => {
  const larger: IpSet = { ...addresses, maxElements: 1_000_000 };

  it('swaps in a set of another size, with its entries', async () => {
    const { kernel, driver } = setUp();
    await driver.apply([{ kind: 'createSet', set: addresses }, add(addresses, entry(1))]);
    kernel.referTo('ADDRESSES');
    await driver.replaceSet(larger, [entry(2), entry(3)]);
    expect(kernel.set('ADDRESSES')?.maxElements).toBe(1_000_000);
    expect(kernel.texts('ADDRESSES')).toEqual(['10.0.0.2', '10.0.0.3']);
    expect(kernel.names()).toEqual(['ADDRESSES']);
  });

  it('makes a set that is missing', async () => {
    const { kernel, driver } = setUp();
    await driver.replaceSet(addresses, [entry(1)]);
    expect(kernel.texts('ADDRESSES')).toEqual(['10.0.0.1']);
    expect(kernel.names()).toEqual(['ADDRESSES']);
  });

  it('puts a set of another type in place where nothing refers to the present one', async () => {
    const { kernel, driver } = setUp();
    await driver.apply([{ kind: 'createSet', set: { ...ports, name: addresses.name } }]);
    await driver.replaceSet(addresses, [entry(1)]);
    expect(kernel.set('ADDRESSES')?.type).toBe('hash:ip');
    expect(kernel.names()).toEqual(['ADDRESSES']);
  });

  it('says that rules are in the way of another type, and leaves everything as it was', async () => {
    const { kernel, driver } = setUp();
    await driver.apply([{ kind: 'createSet', set: { ...ports, name: addresses.name } }]);
    kernel.referTo('ADDRESSES');
    const error = await driver.replaceSet(addresses, []).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DriverError);
    expect(error).toMatchObject({ errnoName: 'IPSET_ERR_TYPE_MISMATCH', hint: expect.stringContaining('rules refer') });
    expect(kernel.set('ADDRESSES')?.type).toBe('bitmap:port');
    expect(kernel.names()).toEqual(['ADDRESSES']);
  });

  it('leaves the present set alone when an entry does not fit', async () => {
    const { kernel, driver } = setUp();
    await driver.apply([{ kind: 'createSet', set: addresses }, add(addresses, entry(1))]);
    const tiny = { ...addresses, maxElements: 1 };
    await expect(driver.replaceSet(tiny, [entry(2), entry(3)])).rejects.toMatchObject({
      errnoName: 'IPSET_ERR_HASH_FULL',
    });
    expect(kernel.texts('ADDRESSES')).toEqual(['10.0.0.1']);
    expect(kernel.names()).toEqual(['ADDRESSES']);
  });

  it('removes what an earlier attempt left behind', async () => {
    const { kernel, driver } = setUp();
    await driver.apply([{ kind: 'createSet', set: { ...ports, name: replacementSetName } }]);
    await driver.replaceSet(addresses, [entry(1)]);
    expect(kernel.names()).toEqual(['ADDRESSES']);
  });

  it('has a name for the replacement that the kernel can hold', () => {
    expect(replacementSetName.length).toBeLessThanOrEqual(31);
  });
});

describe('destroy', () => {
  it('reports a set that rules refer to; a missing one is no failure', async () => {
    const { kernel, driver } = setUp();
    await driver.apply([
      { kind: 'createSet', set: addresses },
      { kind: 'createSet', set: ports },
    ]);
    kernel.referTo('PORTS');
    const failures = await driver.destroy(['MISSING', 'PORTS', 'ADDRESSES']);
    expect(failures.map(({ index, error }) => [index, error.message])).toEqual([
      [1, 'destroy IP set PORTS: IPSET_ERR_BUSY: packet filter rules or other sets still refer to it'],
    ]);
    expect(kernel.names()).toEqual(['PORTS']);
  });

  it('does nothing for no names', async () => {
    const { transport, driver } = setUp();
    expect(await driver.destroy([])).toEqual([]);
    expect(transport.exchanges).toEqual([]);
  });
});
