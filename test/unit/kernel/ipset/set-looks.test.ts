import { beforeEach, describe, expect, it } from '@jest/globals';
import { createIpSetDriver } from '../../../../src/kernel/ipset/driver.ts';
import { setLooks } from '../../../../src/kernel/ipset/set-looks.ts';
import { addressEntry, type IpSet, type IpSetName, portEntry } from '../../../../src/model/ip-set.ts';
import { ip } from '../../../support/builders.ts';
import { createFakeTransport, refusal } from '../../../support/fake-transport.ts';
import { FakeIpSetKernel } from './fake-ip-set-kernel.ts';

const addresses: IpSet = { name: 'ADDRESSES' as IpSetName, type: 'hash:ip', family: 'IPv4', maxElements: 65536 };
const entry = (last: number) => addressEntry(ip(`10.0.0.${last}`));
let kernel: FakeIpSetKernel;

beforeEach(async () => {
  kernel = new FakeIpSetKernel();
  await createIpSetDriver({ transport: createFakeTransport(kernel.answer) }).apply([
    { kind: 'createSet', set: addresses },
    ...[1, 2, 3].map((last) => ({ kind: 'addEntry', set: addresses.name, entry: entry(last) }) as const),
  ]);
});

describe('looks at sets', () => {
  it('tell what is in them in one exchange, without a list', async () => {
    const transport = createFakeTransport(kernel.answer);
    const asked = [entry(1), entry(9), entry(3)].map((each) => ({ set: 'ADDRESSES', entry: each }));
    expect(await setLooks(transport).holds([...asked, { set: 'OTHERS', entry: entry(1) }])).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(transport.exchanges.map((messages) => messages.length)).toEqual([4]);
    expect(transport.requests).toEqual([]);
  });

  it('answer no for what a set cannot hold', async () => {
    const transport = createFakeTransport(kernel.answer);
    expect(await setLooks(transport).holds([{ set: 'ADDRESSES', entry: portEntry(80) }])).toEqual([false]);
  });

  it('ask nothing for no question', async () => {
    const transport = createFakeTransport(kernel.answer);
    expect(await setLooks(transport).holds([])).toEqual([]);
    expect(transport.exchanges).toEqual([]);
  });

  it('tell how full they are', async () => {
    const looks = setLooks(createFakeTransport(kernel.answer));
    expect(await looks.sizes(['ADDRESSES', 'OTHERS'])).toEqual([{ name: 'ADDRESSES', maxElements: 65536, entries: 3 }]);
  });

  it('pass on what is refused for another reason', async () => {
    const looks = setLooks(createFakeTransport(() => refusal(1)));
    await expect(looks.sizes(['ADDRESSES'])).rejects.toThrow('list IP set ADDRESSES: EPERM: CAP_NET_ADMIN is missing');
    await expect(looks.holds([{ set: 'ADDRESSES', entry: entry(1) }])).rejects.toMatchObject({
      message: expect.stringContaining('look for entry 10.0.0.1 in IP set ADDRESSES: EPERM: CAP_NET_ADMIN is missing'),
    });
  });
});
