import type { ConntrackConfig } from '../../../../src/config/config.ts';
import type { SysctlDriver } from '../../../../src/kernel/drivers.ts';
import { describe, expect, it } from '@jest/globals';
import { prepareNode } from '../../../../src/app/node/prepare-node.ts';
import { DriverError } from '../../../../src/kernel/errors.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { planConfig } from '../../../support/builders.ts';
import { FakeKernel } from '../../../support/fake-kernel.ts';

/** Settings that can be written unless `readOnly` names them. */
class Settings implements SysctlDriver {
  readonly written: string[] = [];
  readonly #values: Map<string, string>;
  readonly #readOnly: ReadonlySet<string>;

  constructor(values: Record<string, string> = {}, readOnly: readonly string[] = []) {
    this.#values = new Map(Object.entries(values));
    this.#readOnly = new Set(readOnly);
  }

  read(name: string): string | undefined {
    return this.#values.get(name);
  }

  ensure(name: string, value: string): boolean {
    if (this.#values.get(name) === value) return false;
    if (this.#readOnly.has(name)) throw new DriverError('sysctl', `set ${name}`, { errnoName: 'EROFS' });
    this.#values.set(name, value);
    this.written.push(`${name}=${value}`);
    return true;
  }
}

const noConntrack: ConntrackConfig = {
  maxPerCore: 0,
  min: 0,
  tcpEstablishedTimeoutSeconds: 0,
  tcpCloseWaitTimeoutSeconds: 0,
  tcpBeLiberal: false,
  udpTimeoutSeconds: 0,
  udpStreamTimeoutSeconds: 0,
};
const hashSize = 'module/nf_conntrack/parameters/hashsize';

async function prepare(
  conntrack: Partial<ConntrackConfig> = {},
  { sysctl = new Settings(), sysfs = new Settings({ 'devices/system/cpu/online': '0-3' }), strictArp = false } = {},
) {
  const config = { conntrack: { ...noConntrack, ...conntrack }, ipvs: planConfig({ strictArp }).ipvs };
  await prepareNode({ config, sysctl, sysfs, ipvs: new FakeKernel().ipvs, log: silentLog });
  return { sysctl: sysctl.written, sysfs: sysfs.written };
}

describe('the limit of tracked flows', () => {
  it.each<[string, string, Partial<ConntrackConfig>, number]>([
    ['is so many per processor', '0-7', { maxPerCore: 32_768 }, 262_144],
    ['is at least the minimum', '0', { maxPerCore: 32_768, min: 131_072 }, 131_072],
    ['counts processors in use', '0-1,4,6-7', { maxPerCore: 1_000 }, 5_000],
    ['is at most 1,048,576', '0-63', { maxPerCore: 32_768 }, 1_048_576],
    ['is so even when the minimum is larger', '0-63', { maxPerCore: 32_768, min: 2_000_000 }, 1_048_576],
  ])('%s', async (_name, online, conntrack, limit) => {
    const sysfs = new Settings({ 'devices/system/cpu/online': online });
    const { sysctl } = await prepare(conntrack, { sysfs });
    expect(sysctl[0]).toBe(`net/netfilter/nf_conntrack_max=${limit}`);
  });

  it('is left alone with maxPerCore 0', async () => {
    const { sysctl } = await prepare({ maxPerCore: 0, min: 131_072 });
    expect(sysctl.filter((each) => each.includes('nf_conntrack'))).toEqual([]);
  });

  it.each([
    ['enlarges the hash', '1000', [`${hashSize}=1024`]],
    ['leaves a larger one', '65536', []],
  ])('%s', async (_name, size, written) => {
    const sysfs = new Settings({ 'devices/system/cpu/online': '0-3', [hashSize]: size });
    expect((await prepare({ maxPerCore: 1024 }, { sysfs })).sysfs).toEqual(written);
  });

  it('leaves the hash alone where its size is not to be seen', async () => {
    const sysfs = new Settings({ 'devices/system/cpu/online': '0-3' });
    expect(await prepare({ maxPerCore: 1024 }, { sysfs })).toMatchObject({
      sysctl: expect.arrayContaining(['net/netfilter/nf_conntrack_max=4096']),
      sysfs: [],
    });
  });

  it('ends the start where the hash is too small and cannot be enlarged', async () => {
    const sysfs = new Settings({ 'devices/system/cpu/online': '0-3', [hashSize]: '1000' }, [hashSize]);
    await expect(prepare({ maxPerCore: 1024 }, { sysfs })).rejects.toThrow(
      /^could not set conntrack parameters from kube-proxy configuration: set module\/nf_conntrack\/.*EROFS/,
    );
  });

  it('needs nothing to be written where it is right, so that a read-only /sys is fine', async () => {
    const sysfs = new Settings({ 'devices/system/cpu/online': '0-3', [hashSize]: '65536' }, [hashSize]);
    const sysctl = new Settings({ 'net/netfilter/nf_conntrack_max': '4096' }, ['net/netfilter/nf_conntrack_max']);
    await expect(prepare({ maxPerCore: 1024 }, { sysctl, sysfs })).resolves.toBeDefined();
  });
});

describe('what cannot be set', () => {
  it.each<[string, Partial<ConntrackConfig>, string]>([
    ['the limit', { maxPerCore: 1 }, 'net/netfilter/nf_conntrack_max'],
    ['a timeout', { udpTimeoutSeconds: 10 }, 'net/netfilter/nf_conntrack_udp_timeout'],
  ])('of conntrack, %s, ends the start and names the way out', async (_name, conntrack, name) => {
    const sysctl = new Settings({ [name]: '7' }, [name]);
    await expect(prepare(conntrack, { sysctl })).rejects.toThrow(
      /^could not set conntrack parameters from kube-proxy configuration: set .*EROFS; where they cannot be written, set conntrack\.maxPerCore/,
    );
  });

  it('of IPVS ends the start', async () => {
    const sysctl = new Settings({}, ['net/ipv4/ip_forward']);
    await expect(prepare({}, { sysctl })).rejects.toThrow('set net/ipv4/ip_forward: EROFS');
  });
});

describe('settings of IPVS', () => {
  it('are those of upstream', async () => {
    const { sysctl } = await prepare({}, { strictArp: true });
    expect(sysctl).toEqual(
      expect.arrayContaining([
        'net/ipv4/vs/conntrack=1',
        'net/ipv4/vs/expire_nodest_conn=1',
        'net/ipv4/vs/expire_quiescent_template=1',
        'net/ipv4/ip_forward=1',
        'net/ipv4/conf/all/arp_ignore=1',
        'net/ipv4/conf/all/arp_announce=2',
      ]),
    );
  });

  it('leave ARP alone without strictARP', async () => {
    expect((await prepare()).sysctl.filter((each) => each.includes('arp'))).toEqual([]);
  });
});

describe('the IPVS timeouts', () => {
  /** The kernel's are 900, 120 and 300 seconds. */
  async function timeoutsSet(wanted: Partial<Record<'tcp' | 'tcpFin' | 'udp', number>>): Promise<unknown[]> {
    const set: unknown[] = [];
    const ipvs = { ...new FakeKernel().ipvs, setTimeouts: async (timeouts: unknown) => void set.push(timeouts) };
    const config = {
      conntrack: noConntrack,
      ipvs: planConfig({
        tcpTimeoutSeconds: wanted.tcp ?? 0,
        tcpFinTimeoutSeconds: wanted.tcpFin ?? 0,
        udpTimeoutSeconds: wanted.udp ?? 0,
      }).ipvs,
    };
    await prepareNode({ config, sysctl: new Settings(), sysfs: new Settings(), ipvs, log: silentLog });
    return set;
  }

  it.each([
    ['nothing is wanted', {}],
    ['one is in force', { tcpFin: 120 }],
    ['all are in force', { tcp: 900, tcpFin: 120, udp: 300 }],
  ])('are not written where %s', async (_name, wanted) => {
    expect(await timeoutsSet(wanted)).toEqual([]);
  });

  it('are written together where one differs', async () => {
    expect(await timeoutsSet({ tcp: 900, udp: 10 })).toEqual([{ tcpSeconds: 900, tcpFinSeconds: 0, udpSeconds: 10 }]);
  });
});
