import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createIpSetDriver } from '../../../src/kernel/ipset/driver.ts';
import { setLooks } from '../../../src/kernel/ipset/set-looks.ts';
import type { IpSetDriver } from '../../../src/kernel/drivers.ts';
import type { Cidr, IpAddress } from '../../../src/model/ip.ts';
import type { IpSet, IpSetEntry, IpSetName } from '../../../src/model/ip-set.ts';
import {
  addressEntry,
  addressPortAddressEntry,
  addressPortEntry,
  addressPortNetworkEntry,
  portEntry,
} from '../../../src/model/ip-set.ts';
import type { IpSetOperation } from '../../../src/model/operation.ts';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { openAddonTransport } from '../../../src/netlink/connection.ts';
import { netlinkProtocol } from '../../../src/netlink/constants.ts';
import { loadPackageTransport } from '../../../src/netlink/package-transport.ts';
import type { Transport } from '../../../src/netlink/transport.ts';
import { feed, ipsetList, ipsetNames, run } from './ipset-tool.ts';

const ip = (text: string) => text as IpAddress;
const net = (text: string) => text as Cidr;
const name = (text: string) => text as IpSetName;

const cases: readonly { set: IpSet; header: RegExp; entries: readonly IpSetEntry[] }[] = [
  {
    set: { name: name('T-IP'), type: 'hash:ip', family: 'IPv4', maxElements: 65536 },
    header: /^family inet hashsize 1024 maxelem 65536\b/,
    entries: [addressEntry(ip('10.96.0.1')), addressEntry(ip('255.255.255.255'))],
  },
  {
    set: { name: name('T-IP-PORT'), type: 'hash:ip,port', family: 'IPv4', maxElements: 100 },
    header: /^family inet hashsize 1024 maxelem 100\b/,
    entries: [
      addressPortEntry(ip('10.96.0.1'), 'TCP', 443),
      addressPortEntry(ip('10.96.0.1'), 'UDP', 53),
      addressPortEntry(ip('10.96.0.1'), 'SCTP', 65535),
      addressPortEntry(ip('10.96.0.1'), 'TCP', 0),
    ],
  },
  {
    set: { name: name('T-IP-PORT-IP'), type: 'hash:ip,port,ip', family: 'IPv4', maxElements: 65536 },
    header: /^family inet hashsize 1024 maxelem 65536\b/,
    entries: [addressPortAddressEntry(ip('10.244.1.7'), 'TCP', 8080, ip('10.244.1.9'))],
  },
  {
    set: { name: name('T-IP-PORT-NET'), type: 'hash:ip,port,net', family: 'IPv4', maxElements: 65536 },
    header: /^family inet hashsize 1024 maxelem 65536\b/,
    entries: [
      addressPortNetworkEntry(ip('192.0.2.10'), 'TCP', 80, net('198.51.100.0/24')),
      addressPortNetworkEntry(ip('192.0.2.10'), 'TCP', 80, net('203.0.113.5/32')),
      addressPortNetworkEntry(ip('192.0.2.10'), 'TCP', 80, net('128.0.0.0/1')),
    ],
  },
  {
    set: { name: name('T-PORT'), type: 'bitmap:port', maxElements: 65536 },
    header: /^range 0-65535$/,
    entries: [portEntry(0), portEntry(30080), portEntry(65535)],
  },
  {
    set: { name: name('T-6-IP'), type: 'hash:ip', family: 'IPv6', maxElements: 65536 },
    header: /^family inet6 hashsize 1024 maxelem 65536\b/,
    entries: [addressEntry(ip('fd00:10:96::1')), addressEntry(ip('2001:db8:0:1:2:3:4:5'))],
  },
  {
    set: { name: name('T-6-IP-PORT'), type: 'hash:ip,port', family: 'IPv6', maxElements: 65536 },
    header: /^family inet6 hashsize 1024 maxelem 65536\b/,
    entries: [addressPortEntry(ip('fd00:10:96::1'), 'SCTP', 9), addressPortEntry(ip('fd00:10:96::1'), 'TCP', 443)],
  },
  {
    set: { name: name('T-6-IP-PORT-IP'), type: 'hash:ip,port,ip', family: 'IPv6', maxElements: 65536 },
    header: /^family inet6 hashsize 1024 maxelem 65536\b/,
    entries: [addressPortAddressEntry(ip('fd00::7'), 'UDP', 53, ip('fd00::8'))],
  },
  {
    set: {
      name: name('T-6-IP-PORT-NET-0123456789-0123'),
      type: 'hash:ip,port,net',
      family: 'IPv6',
      maxElements: 65536,
    },
    header: /^family inet6 hashsize 1024 maxelem 65536\b/,
    entries: [
      addressPortNetworkEntry(ip('2001:db8::10'), 'TCP', 80, net('2001:db8:5::/48')),
      addressPortNetworkEntry(ip('2001:db8::10'), 'TCP', 80, net('2001:db8:6::1/128')),
      addressPortNetworkEntry(ip('2001:db8::10'), 'TCP', 80, net('8000::/1')),
    ],
  },
];

const addresses: IpSet = { name: name('T-ADDRESSES'), type: 'hash:ip', family: 'IPv4', maxElements: 65536 };
const pairs: IpSet = { name: name('T-PAIRS'), type: 'hash:ip,port', family: 'IPv4', maxElements: 65536 };

let transport: Transport;
let driver: IpSetDriver;

const make = (set: IpSet, entries: readonly IpSetEntry[] = []) => driver.apply(additions(set, entries));

function useDriver(open: () => Transport | Promise<Transport>): void {
  beforeEach(async () => {
    transport = await open();
    driver = createIpSetDriver({ transport });
  });

  afterEach(async () => {
    transport.close();
    await run('ipset', 'destroy');
  });
}

describe('IP sets over the package', () => {
  useDriver(async () => (await loadPackageTransport())(netlinkProtocol.netfilter));

  it('makes, fills, lists, replaces and destroys', async () => {
    const entries = Array.from({ length: 3000 }, (_, n) => addressEntry(ip(`10.3.${n >> 8}.${n & 255}`)));
    expect(await make(addresses, entries)).toEqual([]);
    const [observed, ...others] = await driver.list(['T-MISSING', addresses.name]);
    expect(others).toEqual([]);
    expect(isSame(observed?.entries, entries)).toBe(true);
    await driver.replaceSet({ ...addresses, maxElements: 1000 }, entries.slice(0, 5));
    expect((await ipsetList(addresses.name)).members).toEqual(entries.slice(0, 5).map((entry) => entry.text));
    expect(await driver.destroy([addresses.name])).toEqual([]);
    expect(await ipsetNames()).toEqual([]);
  });

  it('entries that the kernel refuses, among many', async () => {
    await expectRefusedAmongMany();
  });
});

describe('IP sets', () => {
  useDriver(() => openAddonTransport({ addon: loadNetlinkAddon(), protocol: netlinkProtocol.netfilter }));

  it.each(cases)('$set.name: ipset lists what was put in, with the same text', async ({ set, header, entries }) => {
    expect(await make(set, entries)).toEqual([]);
    const listed = await ipsetList(set.name);
    expect(listed.type).toBe(set.type);
    expect(listed.header).toMatch(header);
    expect(listed.members).toEqual(entries.map((entry) => entry.text).sort());
  });

  it.each(cases)('$set.name: reads what ipset put in', async ({ set, entries }) => {
    const family = set.family ? ['family', set.family === 'IPv6' ? 'inet6' : 'inet'] : ['range', '0-65535'];
    const limit = set.family ? ['maxelem', String(set.maxElements)] : [];
    await run('ipset', 'create', set.name, set.type, ...family, ...limit);
    const lines = entries.map((entry) => `add ${set.name} ${entry.text}`);
    await feed(`${lines.join('\n')}\n`, 'ipset', 'restore');
    const [observed, ...others] = await driver.list([set.name, 'T-MISSING']);
    expect(others).toEqual([]);
    expect(observed).toMatchObject({ name: set.name, type: set.type, maxElements: set.maxElements });
    expect(observed?.family).toBe(set.family);
    expect(sortedByText(observed?.entries)).toEqual(sortedByText(entries));
  });

  it.each(cases)('$set.name: knows what is in it without listing it', async ({ set, entries }) => {
    await make(set, entries);
    const looks = setLooks(transport);
    const asked = [...entries, absentEntry(set)].map((entry) => ({ set: set.name, entry }));
    expect(await looks.holds(asked)).toEqual([...entries.map(() => true), false]);
    const { maxElements } = set;
    expect(await looks.sizes([set.name, 'T-MISSING'])).toEqual([
      { name: set.name, maxElements, entries: entries.length },
    ]);
  });

  it('answers no where a set is missing, of another type or of another family', async () => {
    await make(pairs, [addressPortEntry(ip('10.96.0.1'), 'TCP', 443)]);
    const entries = [addressEntry(ip('10.96.0.1')), addressPortEntry(ip('fd00::1'), 'TCP', 443), portEntry(443)];
    const questions = [
      { set: 'T-MISSING', entry: addressPortEntry(ip('10.96.0.1'), 'TCP', 443) },
      ...entries.map((entry) => ({ set: pairs.name, entry })),
      { set: pairs.name, entry: addressPortEntry(ip('10.96.0.1'), 'TCP', 443) },
    ];
    expect(await setLooks(transport).holds(questions)).toEqual([false, false, false, false, true]);
  });

  it.each(cases)('$set.name: deletes', async ({ set, entries }) => {
    await make(set, entries);
    const deletions = entries.map((entry) => ({ kind: 'deleteEntry', set: set.name, entry }) as const);
    expect(await driver.apply(deletions)).toEqual([]);
    expect((await ipsetList(set.name)).members).toEqual([]);
  });

  it.each(cases)('$set.name: doing it twice changes nothing', async ({ set, entries }) => {
    await make(set, entries);
    const before = await run('ipset', 'save', set.name);
    expect(await make(set, entries)).toEqual([]);
    expect(await run('ipset', 'save', set.name)).toBe(before);
    const missing = { kind: 'deleteEntry', set: set.name, entry: absentEntry(set) } as const;
    expect(await driver.apply([missing, missing])).toEqual([]);
    expect(await run('ipset', 'save', set.name)).toBe(before);
  });

  it('accepts sets that the classic tool made as upstream makes them, and leaves them as they are', async () => {
    await run('ipset', 'create', addresses.name, 'hash:ip', 'family', 'inet', 'hashsize', '1024', 'maxelem', '65536');
    await run('ipset', 'create', 'T-PORT', 'bitmap:port', 'range', '0-65535');
    const before = await run('ipset', 'save');
    const ports: IpSet = { name: name('T-PORT'), type: 'bitmap:port', maxElements: 65536 };
    expect(await driver.apply([addresses, ports].map((set) => ({ kind: 'createSet', set }) as const))).toEqual([]);
    expect(await run('ipset', 'save')).toBe(before);
  });

  it('makes sets that the classic tool accepts as its own', async () => {
    await make(addresses, [addressEntry(ip('10.0.0.1'))]);
    await run(
      'ipset',
      'create',
      addresses.name,
      'hash:ip',
      'family',
      'inet',
      'hashsize',
      '1024',
      'maxelem',
      '65536',
      '-exist',
    );
    expect((await ipsetList(addresses.name)).members).toEqual(['10.0.0.1']);
  });

  it.each<[string, string[]]>([
    ['type', ['bitmap:port', 'range', '0-65535']],
    ['size', ['hash:ip', 'family', 'inet', 'maxelem', '1000']],
    ['family', ['hash:ip', 'family', 'inet6']],
  ])('says so when a set exists with another %s, and leaves it alone', async (_kind, existing) => {
    await run('ipset', 'create', addresses.name, ...existing);
    const before = await run('ipset', 'save');
    const failures = await make(addresses, [addressEntry(ip('10.0.0.1'))]);
    expect(failures.map(({ index, error }) => [index, error.errnoName])).toEqual([
      [0, 'EEXIST'],
      [1, 'EEXIST'],
    ]);
    expect(await run('ipset', 'save')).toBe(before);
  });

  it('notices the other family where the kernel accepts it', async () => {
    await run('ipset', 'create', pairs.name, 'hash:ip,port', 'family', 'inet6');
    const [failure] = await make(pairs);
    expect(failure?.error.errnoName).toBe('EEXIST');
    expect(failure?.error.message).toContain('hash:ip,port IPv6');
  });

  it('10,000 entries of each kind', async () => {
    const many = Array.from({ length: 10_000 }, (_, n) => ip(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`));
    const entries = many.map((address) => addressPortEntry(address, 'TCP', 443));
    expect(await make(pairs, entries)).toEqual([]);
    expect((await ipsetList(pairs.name)).header).toContain('hashsize 16384');
    expect((await ipsetList(pairs.name)).members).toHaveLength(10_000);
    const [observed] = await driver.list([pairs.name]);
    expect(isSame(observed?.entries, entries)).toBe(true);
    const large: IpSet = { name: name('T-LARGE'), type: 'hash:ip,port,net', family: 'IPv6', maxElements: 65536 };
    const wide = many.map((_address, n) =>
      addressPortNetworkEntry(ip(`fd00::1:${(n + 1).toString(16)}`), 'UDP', 53, net('2001:db8:5::/48')),
    );
    expect(await make(large, wide)).toEqual([]);
    const texts = wide.map((entry) => entry.text).sort();
    expect((await ipsetList(large.name)).members.join('\n') === texts.join('\n')).toBe(true);
  });

  it('entries that the kernel refuses, among many', async () => {
    await expectRefusedAmongMany();
  });

  it('a network of prefix length 0 is refused with a hint; its neighbours go in', async () => {
    const set: IpSet = { name: name('T-NETS'), type: 'hash:ip,port,net', family: 'IPv4', maxElements: 65536 };
    const to = (network: string) => addressPortNetworkEntry(ip('192.0.2.1'), 'TCP', 80, net(network));
    const failures = await make(set, [to('10.0.0.0/8'), to('0.0.0.0/0'), to('172.16.0.0/12')]);
    expect(failures).toMatchObject([{ index: 2, error: { errnoName: 'IPSET_ERR_INVALID_CIDR' } }]);
    expect(failures[0]?.error.hint).toContain('prefix length 0');
    expect((await ipsetList(set.name)).members).toEqual([
      '192.0.2.1,tcp:80,10.0.0.0/8',
      '192.0.2.1,tcp:80,172.16.0.0/12',
    ]);
  });

  it('a full set', async () => {
    const small = { ...addresses, maxElements: 100 };
    const entries = Array.from({ length: 300 }, (_, n) => addressEntry(ip(`10.2.${n >> 8}.${n & 255}`)));
    const failures = await make(small, entries);
    expect(failures.map(({ index }) => index)).toEqual(Array.from({ length: 200 }, (_, n) => n + 101));
    expect(failures[0]?.error).toMatchObject({ errnoName: 'IPSET_ERR_HASH_FULL' });
    expect(failures[0]?.error.hint).toContain('maxelem');
    expect((await ipsetList(small.name)).members).toHaveLength(100);
  });

  it('entries for a set that is not there', async () => {
    const entry = addressEntry(ip('10.0.0.1'));
    const failures = await driver.apply([{ kind: 'addEntry', set: addresses.name, entry }]);
    expect(failures).toMatchObject([{ index: 0, error: { errnoName: 'ENOENT', hint: 'the set is not there' } }]);
  });

  it('replaces a set of another type where no rule refers to it', async () => {
    await run('ipset', 'create', pairs.name, 'hash:net');
    await driver.replaceSet(pairs, [addressPortEntry(ip('10.0.0.1'), 'TCP', 80)]);
    expect((await ipsetList(pairs.name)).type).toBe('hash:ip,port');
    expect(await ipsetNames()).toEqual([pairs.name]);
  });

  it('replaces a set that is not there by making it', async () => {
    await driver.replaceSet(addresses, [addressEntry(ip('10.0.0.1'))]);
    expect((await ipsetList(addresses.name)).members).toEqual(['10.0.0.1']);
    expect(await ipsetNames()).toEqual([addresses.name]);
  });

  it('lists a set of a type that is not used here without entries, and leaves others out', async () => {
    await run('ipset', 'create', 'T-MAC', 'hash:mac');
    await run('ipset', 'add', 'T-MAC', '02:00:00:00:00:01');
    await run('ipset', 'create', 'T-OTHER', 'hash:ip');
    const observed = await driver.list(['T-MAC']);
    expect(observed).toEqual([{ name: 'T-MAC', type: 'hash:mac', family: undefined, maxElements: 65536, entries: [] }]);
  });

  describe('that rules refer to', () => {
    afterEach(async () => {
      await run('iptables-legacy', '-F', 'OUTPUT');
      await run('ip6tables-legacy', '-F', 'OUTPUT');
    });

    it('replaces a set under a rule by a larger one; the rule keeps it', async () => {
      await make(pairs, [addressPortEntry(ip('10.0.0.1'), 'TCP', 80)]);
      await run('iptables-legacy', '-A', 'OUTPUT', '-m', 'set', '--match-set', pairs.name, 'dst,dst', '-j', 'ACCEPT');
      const entry = addressPortEntry(ip('10.0.0.2'), 'TCP', 80);
      await driver.replaceSet({ ...pairs, maxElements: 200_000 }, [entry]);
      const listed = await ipsetList(pairs.name);
      expect(listed.header).toContain('maxelem 200000');
      expect(listed.references).toBe(1);
      expect(listed.members).toEqual([entry.text]);
      expect(await run('iptables-legacy', '-S', 'OUTPUT')).toContain(`--match-set ${pairs.name} dst,dst`);
      expect(await ipsetNames()).toEqual([pairs.name]);
    });

    it.each<[string, string[]]>([
      ['type', ['hash:ip,port,ip']],
      ['family', ['hash:ip,port', 'family', 'inet6']],
    ])('cannot replace a set of another %s under a rule, and says why', async (_kind, existing) => {
      await run('ipset', 'create', pairs.name, ...existing);
      const program = existing.includes('inet6') ? 'ip6tables-legacy' : 'iptables-legacy';
      const direction = existing.length === 1 ? 'dst,dst,src' : 'dst,dst';
      await run(program, '-A', 'OUTPUT', '-m', 'set', '--match-set', pairs.name, direction, '-j', 'ACCEPT');
      const before = await run('ipset', 'save');
      await expect(driver.replaceSet(pairs, [])).rejects.toMatchObject({
        errnoName: 'IPSET_ERR_TYPE_MISMATCH',
        hint: expect.stringContaining('rules refer to it'),
      });
      expect(await run('ipset', 'save')).toBe(before);
    });

    it('destroys sets; one that a rule refers to stays', async () => {
      await make(addresses);
      await make(pairs);
      await run('iptables-legacy', '-A', 'OUTPUT', '-m', 'set', '--match-set', addresses.name, 'dst', '-j', 'ACCEPT');
      const failures = await driver.destroy(['T-MISSING', addresses.name, pairs.name]);
      expect(failures).toMatchObject([{ index: 1, error: { errnoName: 'IPSET_ERR_BUSY' } }]);
      expect(await ipsetNames()).toEqual([addresses.name]);
    });
  });
});

async function expectRefusedAmongMany(): Promise<void> {
  const wrong = new Set([0, 1, 700, 1499, 1500, 2999]);
  const operations = Array.from({ length: 3000 }, (_, n): IpSetOperation => {
    const address = wrong.has(n) ? `fd00::${n + 1}` : `10.1.${n >> 8}.${n & 255}`;
    return { kind: 'addEntry', set: addresses.name, entry: addressEntry(ip(address)) };
  });
  await make(addresses);
  const failures = await driver.apply(operations);
  expect(failures.map(({ index }) => index)).toEqual([...wrong]);
  expect(failures[0]?.error).toMatchObject({ errnoName: 'IPSET_ERR_PROTOCOL' });
  expect((await ipsetList(addresses.name)).members).toHaveLength(2994);
}

function additions(set: IpSet, entries: readonly IpSetEntry[]): IpSetOperation[] {
  return [
    { kind: 'createSet', set },
    ...entries.map((entry): IpSetOperation => ({ kind: 'addEntry', set: set.name, entry })),
  ];
}

/** Without the long list of differences that a failing comparison of so many would print. */
function isSame(observed: readonly IpSetEntry[] | undefined, expected: readonly IpSetEntry[]): boolean {
  return JSON.stringify(sortedByText(observed)) === JSON.stringify(sortedByText(expected));
}

function sortedByText(entries: readonly IpSetEntry[] | undefined): IpSetEntry[] {
  return [...(entries ?? [])].sort((a, b) => (a.text < b.text ? -1 : 1));
}

/** An entry that none of the sets has. */
function absentEntry(set: IpSet): IpSetEntry {
  const address = ip(set.family === 'IPv6' ? 'fd99::9' : '10.99.99.99');
  switch (set.type) {
    case 'hash:ip':
      return addressEntry(address);
    case 'hash:ip,port':
      return addressPortEntry(address, 'TCP', 1);
    case 'hash:ip,port,ip':
      return addressPortAddressEntry(address, 'TCP', 1, address);
    case 'hash:ip,port,net':
      return addressPortNetworkEntry(address, 'TCP', 1, net(set.family === 'IPv6' ? 'fd00::/8' : '10.0.0.0/8'));
    case 'bitmap:port':
      return portEntry(9);
  }
}
