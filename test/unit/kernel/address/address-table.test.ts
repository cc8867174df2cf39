import { describe, expect, it } from '@jest/globals';
import { type AddressTable, readAddressTable } from '../../../../src/kernel/address/address-table.ts';
import type { IpAddress } from '../../../../src/model/ip.ts';
import { createFakeTransport, refusal } from '../../../support/fake-transport.ts';
import { FakeAddressKernel } from './fake-address-kernel.ts';

function kernelWith(bound: readonly string[]): FakeAddressKernel {
  const kernel = new FakeAddressKernel();
  kernel.add('lo', '', ['127.0.0.1', '::1']);
  kernel.add('kube-ipvs0', 'dummy', bound);
  kernel.add('eth0', '', ['192.168.7.1', 'fd00:7::1', 'fe80::1', '10.0.0.1']);
  return kernel;
}

function read(kernel: FakeAddressKernel): Promise<AddressTable> {
  return readAddressTable(createFakeTransport(kernel.answer), 'kube-ipvs0');
}

describe('a table of addresses', () => {
  it('tells those of Services from those of the node', async () => {
    const table = await read(kernelWith(['10.96.0.1', 'fd00:96::1']));
    expect(table.interfaceIndex).toBe(2);
    expect(table.bound()).toEqual(['10.96.0.1', 'fd00:96::1']);
    expect(table.ofNode()).toEqual(['192.168.7.1', 'fd00:7::1', '10.0.0.1']);
  });

  it('has every address that is bound, among many, and no other', async () => {
    const many = Array.from({ length: 3000 }, (_, n) => `10.96.${n >> 8}.${n & 255}`);
    const table = await read(kernelWith([...many, 'fd00:96::a:1', '192.168.7.1']));
    const isBound = (address: string) => table.isBound(address as IpAddress);
    expect(many.filter((address) => !isBound(address))).toEqual([]);
    expect(['fd00:96::a:1', '192.168.7.1'].map(isBound)).toEqual([true, true]);
    expect(['10.97.0.1', '10.0.0.1', 'fd00:7::1', 'fd00:96::a:2', '127.0.0.1'].map(isBound)).toEqual(
      Array.from({ length: 5 }, () => false),
    );
  });

  it('does not take bytes of other fields, or of two neighbours, for an address', async () => {
    // the header of an attribute that holds 4 bytes as an address, and the end of one message with the start of the next
    const table = await read(kernelWith(['8.0.2.0', '10.96.0.28', '10.96.0.7']));
    expect(table.isBound('8.0.2.0' as IpAddress)).toBe(true);
    const without = await read(kernelWith(['10.96.0.28', '10.96.0.7']));
    expect(['8.0.2.0', '0.28.0.0', '28.28.0.0', '0.2.0.10'].map((each) => without.isBound(each as IpAddress))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it('has nothing bound where there is no such interface', async () => {
    const kernel = kernelWith(['10.96.0.1']);
    kernel.remove('kube-ipvs0');
    const table = await read(kernel);
    expect([table.interfaceIndex, table.bound(), table.isBound('10.0.0.1' as IpAddress)]).toEqual([
      undefined,
      [],
      false,
    ]);
  });

  it('passes on what the kernel refuses', async () => {
    const transport = createFakeTransport(() => refusal(1));
    await expect(readAddressTable(transport, 'kube-ipvs0')).rejects.toThrow('EPERM');
  });
});
