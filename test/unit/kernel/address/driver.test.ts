import { describe, expect, it } from '@jest/globals';
import { createAddressDriver } from '../../../../src/kernel/address/driver.ts';
import { DriverError } from '../../../../src/kernel/errors.ts';
import type { IpAddress } from '../../../../src/model/ip.ts';
import type { AddressOperation } from '../../../../src/model/operation.ts';
import { NetlinkError } from '../../../../src/netlink/errors.ts';
import { createFakeTransport, refusal } from '../../../support/fake-transport.ts';
import { FakeAddressKernel } from './fake-address-kernel.ts';

const bind = (address: string): AddressOperation => ({ kind: 'bindAddress', address: address as IpAddress });
const unbind = (address: string): AddressOperation => ({ kind: 'unbindAddress', address: address as IpAddress });

function setUp() {
  const kernel = new FakeAddressKernel();
  kernel.add('lo', '', ['127.0.0.1', '::1']);
  kernel.add('eth0', '', ['192.0.2.1', '2001:db8::1', 'fe80::1', '169.254.1.1']);
  const transport = createFakeTransport(kernel.answer);
  return { kernel, transport, driver: createAddressDriver({ transport }) };
}

describe('ensureInterface', () => {
  it('makes the interface once', async () => {
    const { kernel, driver } = setUp();
    expect(driver.interfaceIndex).toBeUndefined();
    expect(await driver.ensureInterface()).toBe(true);
    expect(await driver.ensureInterface()).toBe(false);
    expect([...kernel.interfaces.values()].at(-1)).toMatchObject({ name: 'kube-ipvs0', kind: 'dummy' });
    expect(driver.interfaceIndex).toBe(3);
  });

  it('sets an interface down that somebody has set up, and says so', async () => {
    const { kernel, driver } = setUp();
    const index = kernel.add('kube-ipvs0', 'dummy', ['10.96.0.1', 'fe80::2'], true);
    expect(await driver.ensureInterface()).toBe(true);
    expect(kernel.interfaces.get(index)?.isUp).toBe(false);
    expect(kernel.addressesOf('kube-ipvs0')).toEqual(['10.96.0.1']);
    expect(await driver.ensureInterface()).toBe(false);
  });

  it('leaves it up when that would take IPv6 addresses away', async () => {
    const { kernel, driver } = setUp();
    const index = kernel.add('kube-ipvs0', 'dummy', ['10.96.0.1', 'fd00::1'], true);
    expect(driver.isLeftUp).toBe(false);
    expect(await driver.ensureInterface()).toBe(false);
    expect([kernel.interfaces.get(index)?.isUp, driver.isLeftUp]).toEqual([true, true]);
    await driver.apply([unbind('fd00::1')]);
    expect(await driver.ensureInterface()).toBe(true);
    expect(driver.isLeftUp).toBe(false);
  });

  it('leaves it up while addresses are bound', async () => {
    const { kernel, driver } = setUp();
    const index = kernel.add('kube-ipvs0', 'dummy', [], true);
    await driver.apply([bind('10.96.0.1')]);
    expect(kernel.interfaces.get(index)?.isUp).toBe(true);
  });

  it('throws when it cannot be set down', async () => {
    const { kernel, driver } = setUp();
    kernel.add('kube-ipvs0', 'dummy', [], true);
    kernel.refused.set('kube-ipvs0', 1);
    await expect(driver.ensureInterface()).rejects.toThrow(/set dummy interface kube-ipvs0 down: EPERM/);
  });

  it('takes another name', async () => {
    const { kernel } = setUp();
    await createAddressDriver({
      transport: createFakeTransport(kernel.answer),
      interfaceName: 'other',
    }).ensureInterface();
    expect([...kernel.interfaces.values()].map(({ name }) => name)).toContain('other');
  });

  it('refuses an interface of another kind, naming it', async () => {
    const { kernel, driver } = setUp();
    kernel.add('kube-ipvs0', 'veth');
    const error = await driver.ensureInterface().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DriverError);
    expect(error).toMatchObject({ errnoName: 'EEXIST', message: expect.stringContaining('of kind veth') });
  });

  it('names the module that is missing', async () => {
    const { kernel, driver } = setUp();
    kernel.refused.set('kube-ipvs0', 95);
    await expect(driver.ensureInterface()).rejects.toMatchObject({
      errnoName: 'EOPNOTSUPP',
      hint: expect.stringContaining('dummy'),
    });
  });

  it('is content when another process was faster', async () => {
    const { kernel } = setUp();
    let asked = 0;
    const transport = createFakeTransport((message) => {
      if (message[4] === 18 && asked++ === 0) {
        kernel.add('kube-ipvs0', 'dummy');
        return refusal(19);
      }
      return kernel.answer(message);
    });
    expect(await createAddressDriver({ transport }).ensureInterface()).toBe(false);
  });
});

describe('list and listNodeAddresses', () => {
  it('tell own addresses from those of the node, without loopback and IPv6 link-local', async () => {
    const { kernel, driver } = setUp();
    kernel.add('kube-ipvs0', 'dummy', ['10.96.0.1', 'fd00::1', 'fe80::2', '192.0.2.1']);
    kernel.add('eth1', '', ['192.0.2.1', '198.51.100.1']);
    expect(await driver.list()).toEqual(['10.96.0.1', 'fd00::1', '192.0.2.1']);
    const node = await driver.listNodeAddresses();
    expect(node).toEqual(['192.0.2.1', '2001:db8::1', '169.254.1.1', '198.51.100.1']);
  });

  it('work without the interface', async () => {
    const { driver } = setUp();
    expect(await driver.list()).toEqual([]);
    expect(await driver.listNodeAddresses()).toEqual(['192.0.2.1', '2001:db8::1', '169.254.1.1']);
  });

  it('follow the interface when it was made anew', async () => {
    const { kernel, driver } = setUp();
    kernel.add('kube-ipvs0', 'dummy', ['10.96.0.1']);
    expect(await driver.list()).toEqual(['10.96.0.1']);
    kernel.remove('kube-ipvs0');
    kernel.add('kube-ipvs0', 'dummy', ['10.96.0.2']);
    expect(await driver.list()).toEqual(['10.96.0.2']);
    expect(await driver.listNodeAddresses()).not.toContain('10.96.0.2');
  });

  it('throw when the kernel refuses', async () => {
    const driver = createAddressDriver({ transport: createFakeTransport(() => refusal(1)) });
    await expect(driver.list()).rejects.toThrow(NetlinkError);
  });
});

describe('apply', () => {
  it('binds and unbinds; there already and gone already are no failures', async () => {
    const { kernel, driver } = setUp();
    kernel.add('kube-ipvs0', 'dummy', ['10.96.0.1', '10.96.0.2']);
    const failures = await driver.apply([
      bind('10.96.0.1'),
      bind('10.96.0.3'),
      bind('fd00::3'),
      unbind('10.96.0.2'),
      unbind('10.96.0.9'),
    ]);
    expect(failures).toEqual([]);
    expect(kernel.addressesOf('kube-ipvs0')).toEqual(['10.96.0.1', '10.96.0.3', 'fd00::3']);
  });

  it('sends at most 100 changes at a time', async () => {
    const { kernel, transport, driver } = setUp();
    kernel.add('kube-ipvs0', 'dummy');
    await driver.apply(Array.from({ length: 250 }, (_, index) => bind(`10.96.1.${index}`)));
    expect(transport.exchanges.map((messages) => messages.length)).toEqual([100, 100, 50]);
    expect(kernel.addressesOf('kube-ipvs0')).toHaveLength(250);
  });

  it('reports what the kernel refuses, by its place in the batch, and applies the rest', async () => {
    const { kernel, driver } = setUp();
    kernel.add('kube-ipvs0', 'dummy');
    kernel.refused.set('fd00::7', 13).set('10.96.2.149', 1);
    const operations = Array.from({ length: 150 }, (_, index) => bind(`10.96.2.${index}`));
    const failures = await driver.apply([bind('fd00::7'), ...operations]);
    expect(failures.map(({ index, error }) => [index, error.message])).toEqual([
      [
        0,
        'bind address fd00::7 to kube-ipvs0: EACCES: ' +
          'IPv6 is disabled: sysctl net.ipv6.conf.kube-ipvs0.disable_ipv6 must be 0',
      ],
      [150, 'bind address 10.96.2.149 to kube-ipvs0: EPERM: CAP_NET_ADMIN is missing'],
    ]);
    expect(kernel.addressesOf('kube-ipvs0')).toHaveLength(149);
  });

  it('does not believe that 0.0.0.0 was bound', async () => {
    const { kernel, driver } = setUp();
    kernel.add('kube-ipvs0', 'dummy');
    expect(await driver.apply([bind('0.0.0.0')])).toMatchObject([{ index: 0, error: { errnoName: 'EADDRNOTAVAIL' } }]);
  });

  it('makes the interface when it is missing, but not only to unbind', async () => {
    const { kernel, driver } = setUp();
    expect(await driver.apply([unbind('10.96.0.1')])).toEqual([]);
    expect(kernel.addressesOf('kube-ipvs0')).toEqual([]);
    expect(kernel.interfaces.size).toBe(2);
    expect(await driver.apply([bind('10.96.0.1')])).toEqual([]);
    expect(kernel.addressesOf('kube-ipvs0')).toEqual(['10.96.0.1']);
  });

  it('does everything again when the interface vanishes meanwhile', async () => {
    const { kernel, driver } = setUp();
    kernel.add('kube-ipvs0', 'dummy');
    let changes = 0;
    kernel.beforeAddress = () => {
      if (++changes === 120) kernel.remove('kube-ipvs0');
    };
    const operations = Array.from({ length: 200 }, (_, index) => bind(`10.96.3.${index}`));
    expect(await driver.apply(operations)).toEqual([]);
    expect(kernel.addressesOf('kube-ipvs0')).toHaveLength(200);
  });

  it('gives up when the interface vanishes again and again', async () => {
    const { kernel, driver } = setUp();
    kernel.beforeAddress = () => kernel.remove('kube-ipvs0');
    const failures = await driver.apply([unbind('10.96.0.2'), bind('10.96.0.1')]);
    expect(failures).toMatchObject([{ index: 1, error: { errnoName: 'ENODEV' } }]);
    expect(failures[0]?.error.hint).toBe('something keeps removing the interface');
  });

  it('reports every operation when the interface cannot be made', async () => {
    const { kernel, driver } = setUp();
    kernel.add('kube-ipvs0', 'bridge');
    const failures = await driver.apply([bind('10.96.0.1'), unbind('10.96.0.2')]);
    expect(failures.map(({ index, error }) => [index, error.errnoName])).toEqual([
      [0, 'EEXIST'],
      [1, 'EEXIST'],
    ]);
  });

  it('does nothing for no operations', async () => {
    const { transport, driver } = setUp();
    expect(await driver.apply([])).toEqual([]);
    expect([...transport.requests, ...transport.exchanges]).toEqual([]);
  });

  it('throws when the outcome is unknown', async () => {
    const { kernel } = setUp();
    kernel.add('kube-ipvs0', 'dummy');
    const transport = createFakeTransport((message) => {
      if (message[4] === 20) throw new NetlinkError('lost', 110);
      return kernel.answer(message);
    });
    await expect(createAddressDriver({ transport }).apply([bind('10.96.0.1')])).rejects.toThrow(NetlinkError);
  });
});
