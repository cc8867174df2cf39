import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DummyAddressDriver } from '../../../src/kernel/address/driver.ts';
import { createAddressDriver } from '../../../src/kernel/address/driver.ts';
import type { IpAddress } from '../../../src/model/ip.ts';
import type { AddressOperation } from '../../../src/model/operation.ts';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { openAddonTransport } from '../../../src/netlink/connection.ts';
import { netlinkProtocol } from '../../../src/netlink/constants.ts';
import { loadPackageTransport } from '../../../src/netlink/package-transport.ts';
import type { Transport } from '../../../src/netlink/transport.ts';
import { addressTexts, ip, ipBatch, shownAddresses } from './ip-tool.ts';

const bind = (address: string): AddressOperation => ({ kind: 'bindAddress', address: address as IpAddress });
const unbind = (address: string): AddressOperation => ({ kind: 'unbindAddress', address: address as IpAddress });
const upstreamCreates = 'link add kube-ipvs0 txqlen 0 type dummy';

/** The kernel spreads the letters of its flags over the lines of `ip -d link`; random parts are blanked. */
async function linkText(name: string): Promise<string> {
  return (await ip('-d', 'link', 'show', name)).replace(/(^\d+)|([0-9a-f]{2}:){5}[0-9a-f]{2}/g, '#');
}

let transport: Transport;
let driver: DummyAddressDriver;

function useDriver(open: () => Transport | Promise<Transport>): void {
  beforeEach(async () => {
    transport = await open();
    driver = createAddressDriver({ transport });
  });

  afterEach(async () => {
    transport.close();
    const names = (JSON.parse(await ip('-json', 'link')) as { ifname: string }[]).map(({ ifname }) => ifname);
    const ours = names.filter((name) => ['kube-ipvs0', 'test0', 'test-dummy'].includes(name));
    if (ours.length > 0) await ipBatch(...ours.map((name) => `link del ${name}`));
  });
}

describe('addresses over the package', () => {
  useDriver(async () => (await loadPackageTransport())(netlinkProtocol.route));

  it('makes the interface, binds, lists and unbinds', async () => {
    expect(await driver.ensureInterface()).toBe(true);
    expect(await driver.apply([bind('10.96.0.1'), bind('fd00:10:96::1'), bind('10.96.0.1')])).toEqual([]);
    expect(await addressTexts('kube-ipvs0')).toEqual(['10.96.0.1/32', 'fd00:10:96::1/128']);
    expect(await driver.list()).toEqual(['10.96.0.1', 'fd00:10:96::1']);
    expect(await driver.apply([unbind('10.96.0.1'), unbind('fd00:10:96::1'), unbind('10.96.0.1')])).toEqual([]);
    expect(await addressTexts('kube-ipvs0')).toEqual([]);
  });
});

describe('the dummy interface', () => {
  useDriver(() => openAddonTransport({ addon: loadNetlinkAddon(), protocol: netlinkProtocol.route }));

  it('is made just as upstream makes it, and stays down', async () => {
    await ipBatch(upstreamCreates);
    const upstream = await linkText('kube-ipvs0');
    await ipBatch('link del kube-ipvs0');
    expect(await driver.ensureInterface()).toBe(true);
    expect(await linkText('kube-ipvs0')).toBe(upstream);
    expect(upstream).toContain('state DOWN');
    expect(upstream).toContain('<BROADCAST,NOARP>');
    expect(upstream).not.toContain('qlen');
  });

  it('is left alone when it is there and down, whatever else somebody has set', async () => {
    await ipBatch(upstreamCreates, 'link set kube-ipvs0 mtu 1400 arp on');
    const before = await ip('-d', 'link', 'show', 'kube-ipvs0');
    expect(await driver.ensureInterface()).toBe(false);
    expect(await ip('-d', 'link', 'show', 'kube-ipvs0')).toBe(before);
    expect(driver.interfaceIndex).toBe(Number(before.split(':')[0]));
  });

  it('is set down when somebody has set it up; its addresses stay local', async () => {
    await ipBatch(upstreamCreates, 'addr add 10.96.0.1/32 dev kube-ipvs0', 'link set kube-ipvs0 up');
    expect(await linkText('kube-ipvs0')).toContain('UP');
    expect(await driver.ensureInterface()).toBe(true);
    expect(await linkText('kube-ipvs0')).toMatch(/<BROADCAST,NOARP>.*state DOWN/);
    expect(await ip('route', 'get', '10.96.0.1')).toMatch(/^local 10\.96\.0\.1 dev lo/);
    expect(await driver.ensureInterface()).toBe(false);
  });

  it('stays up when it has IPv6 addresses, which it would lose', async () => {
    await ipBatch(upstreamCreates, 'addr add fd00:10:96::1/128 dev kube-ipvs0 nodad', 'link set kube-ipvs0 up');
    expect(await driver.ensureInterface()).toBe(false);
    expect(await addressTexts('kube-ipvs0')).toContain('fd00:10:96::1/128');
  });

  it('is not taken for one of another kind', async () => {
    await ipBatch('link add kube-ipvs0 type bridge');
    await expect(driver.ensureInterface()).rejects.toMatchObject({
      errnoName: 'EEXIST',
      message: expect.stringContaining('of kind bridge'),
    });
    expect(await driver.apply([bind('10.96.0.1')])).toMatchObject([{ index: 0, error: { errnoName: 'EEXIST' } }]);
    expect(await addressTexts('kube-ipvs0')).toEqual([]);
  });

  it('can have another name, but not one that is too long', async () => {
    await createAddressDriver({ transport, interfaceName: 'test-dummy' }).ensureInterface();
    expect(await linkText('test-dummy')).toContain('dummy');
    const tooLong = createAddressDriver({ transport, interfaceName: 'sixteen-letters-' });
    await expect(tooLong.ensureInterface()).rejects.toThrow('ERANGE');
  });
});

describe('addresses', () => {
  useDriver(() => openAddonTransport({ addon: loadNetlinkAddon(), protocol: netlinkProtocol.route }));

  it('are bound just as upstream binds them', async () => {
    await ipBatch(
      upstreamCreates,
      'addr add 10.96.0.1/32 dev kube-ipvs0',
      'addr add fd00:10:96::1/128 dev kube-ipvs0 nodad',
    );
    const expected = (await ip('addr', 'show', 'dev', 'kube-ipvs0')).split('\n').slice(2);
    await ipBatch('addr flush dev kube-ipvs0');
    expect(await driver.apply([bind('10.96.0.1'), bind('fd00:10:96::1')])).toEqual([]);
    expect((await ip('addr', 'show', 'dev', 'kube-ipvs0')).split('\n').slice(2)).toEqual(expected);
    for (const shown of await shownAddresses('kube-ipvs0')) {
      expect(shown).toMatchObject({ scope: 'global', valid_life_time: 4294967295 });
      expect(shown.broadcast ?? shown.tentative).toBeUndefined();
    }
    expect(await linkText('kube-ipvs0')).toContain('state DOWN');
  });

  it('are local although the interface is down', async () => {
    await driver.apply([bind('10.96.0.1'), bind('fd00:10:96::1')]);
    expect(await ip('route', 'get', '10.96.0.1')).toMatch(/^local 10\.96\.0\.1 dev lo/);
    expect(await ip('route', 'get', 'fd00:10:96::1')).toMatch(/^local fd00:10:96::1 /);
  });

  it('doing it twice changes nothing', async () => {
    const operations = [bind('10.96.0.1'), bind('fd00::1'), unbind('10.96.0.9'), unbind('fd00::9')];
    expect(await driver.apply(operations)).toEqual([]);
    const before = await ip('addr', 'show', 'dev', 'kube-ipvs0');
    expect(await driver.apply(operations)).toEqual([]);
    expect(await ip('addr', 'show', 'dev', 'kube-ipvs0')).toBe(before);
  });

  it('are unbound, an IPv4 one whatever its prefix length', async () => {
    await ipBatch(upstreamCreates, 'addr add 10.96.0.1/24 dev kube-ipvs0', 'addr add 10.96.0.2/32 dev kube-ipvs0');
    await driver.apply([bind('fd00::1'), bind('fd00::2')]);
    expect(await driver.apply([unbind('10.96.0.1'), unbind('fd00::1')])).toEqual([]);
    expect(await addressTexts('kube-ipvs0')).toEqual(['10.96.0.2/32', 'fd00::2/128']);
  });

  it('1,000 of each family', async () => {
    const v4 = Array.from({ length: 1000 }, (_, n) => `10.97.${n >> 8}.${n & 255}`);
    const v6 = Array.from({ length: 1000 }, (_, n) => `fd00:97::${(n + 1).toString(16)}`);
    expect(await driver.apply([...v4, ...v6].map(bind))).toEqual([]);
    expect((await addressTexts('kube-ipvs0')).sort()).toEqual(
      [...v4.map((one) => `${one}/32`), ...v6.map((one) => `${one}/128`)].sort(),
    );
    expect([...(await driver.list())].sort()).toEqual([...v4, ...v6].sort());
    expect(await linkText('kube-ipvs0')).toContain('state DOWN');
    expect(await driver.apply([...v4, ...v6].map(unbind))).toEqual([]);
    expect(await driver.list()).toEqual([]);
  });

  it('one that the kernel refuses is reported, with what it can mean; the others are bound', async () => {
    const failures = await driver.apply([bind('ff02::1'), bind('10.96.0.1'), bind('0.0.0.0')]);
    expect(failures.map(({ index, error }) => `${index} ${error.errnoName}`).sort()).toEqual([
      '0 EADDRNOTAVAIL',
      '2 EADDRNOTAVAIL',
    ]);
    expect(await addressTexts('kube-ipvs0')).toEqual(['10.96.0.1/32']);
  });

  it('IPv6 being disabled on the interface is told from other refusals', async () => {
    await driver.ensureInterface();
    writeFileSync('/proc/sys/net/ipv6/conf/kube-ipvs0/disable_ipv6', '1');
    const [failure, ...others] = await driver.apply([bind('fd00::1'), bind('10.96.0.1'), unbind('fd00::2')]);
    expect(others).toEqual([]);
    expect(failure).toMatchObject({ index: 0, error: { errnoName: 'EACCES' } });
    expect(failure?.error.hint).toContain('net.ipv6.conf.kube-ipvs0.disable_ipv6');
    expect(readFileSync('/proc/sys/net/ipv6/conf/kube-ipvs0/disable_ipv6', 'utf8')).toBe('1\n');
  });

  it('of a removed interface are bound to a new one', async () => {
    await driver.apply([bind('10.96.0.1')]);
    const index = driver.interfaceIndex;
    await ipBatch('link del kube-ipvs0');
    expect(await driver.apply([unbind('10.96.0.1')])).toEqual([]);
    expect(await driver.list()).toEqual([]);
    expect(await driver.apply([bind('10.96.0.2')])).toEqual([]);
    expect(await addressTexts('kube-ipvs0')).toEqual(['10.96.0.2/32']);
    expect(driver.interfaceIndex).not.toBe(index);
  });
});

describe('addresses of the node', () => {
  useDriver(() => openAddonTransport({ addon: loadNetlinkAddon(), protocol: netlinkProtocol.route }));

  it('are those of every other interface, up or down', async () => {
    await driver.apply([bind('10.96.0.1'), bind('fd00::1'), bind('192.0.2.1')]);
    await ipBatch(
      'link add test0 type veth peer name test1',
      'link set test0 up',
      'link set test1 up',
      'addr add 192.0.2.1/24 dev test0',
      'addr add 10.9.9.1 peer 10.9.9.2/32 dev test1',
      'addr add 2001:db8::1/64 dev test0 nodad',
      'addr add 169.254.7.7/16 dev test0',
      'link add test-dummy type dummy',
      'addr add 198.51.100.1/32 dev test-dummy',
    );
    expect(await ip('addr', 'show', 'dev', 'test0')).toContain('inet6 fe80:');
    const expected = ['10.9.9.1', '169.254.7.7', '192.0.2.1', '198.51.100.1', '2001:db8::1'];
    expect([...(await driver.listNodeAddresses())].sort()).toEqual(expected);
    expect([...(await driver.list())].sort()).toEqual(['10.96.0.1', '192.0.2.1', 'fd00::1']);
  });

  it('are complete without the dummy interface', async () => {
    await ipBatch('link add test-dummy type dummy', 'addr add 198.51.100.1/32 dev test-dummy');
    expect(await driver.listNodeAddresses()).toEqual(['198.51.100.1']);
    expect(driver.interfaceIndex).toBeUndefined();
  });
});
