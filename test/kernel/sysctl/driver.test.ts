import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSysctlDriver } from '../../../src/kernel/sysctl/driver.ts';
import { Shell } from '../../support/shell.ts';

const shell = new Shell();
const driver = createSysctlDriver();
/** What the program sets on a node, with a value that is not the kernel's own. */
const settings: readonly (readonly [name: string, value: string])[] = [
  ['net/ipv4/vs/conntrack', '1'],
  ['net/ipv4/vs/expire_nodest_conn', '1'],
  ['net/ipv4/vs/expire_quiescent_template', '1'],
  ['net/ipv4/vs/conn_reuse_mode', '0'],
  ['net/ipv4/ip_forward', '1'],
  ['net/ipv4/conf/all/arp_ignore', '1'],
  ['net/ipv4/conf/all/arp_announce', '2'],
  ['net/netfilter/nf_conntrack_tcp_timeout_close_wait', '3599'],
];

beforeAll(() => shell.run('modprobe -q ip_vs; modprobe -q nf_conntrack; true'));

afterAll(() => shell.close());

describe.each(settings)('%s', (name, value) => {
  it('is written once, as sysctl shows it, and put back', async () => {
    const before = driver.read(name) ?? '';
    expect(driver.ensure(name, value)).toBe(before !== value);
    expect(await shell.run(`sysctl -n ${name.replaceAll('/', '.')}`)).toBe(`${value}\n`);
    expect(driver.ensure(name, value)).toBe(false);
    driver.ensure(name, before);
    expect(readFileSync(`/proc/sys/${name}`, 'utf8').trim()).toBe(before);
  });
});

it('a value that the kernel does not take', () => {
  expect(() => driver.ensure('net/ipv4/vs/conntrack', 'yes')).toThrow(
    /^set net\/ipv4\/vs\/conntrack to yes \(it is [01]\): EINVAL: the kernel does not take this value/,
  );
});

it('/proc/sys that is read-only, as in a container', async () => {
  await shell.run('mkdir -p /tmp/sys && mount --bind /proc/sys /tmp/sys && mount -o remount,bind,ro /tmp/sys');
  try {
    const readOnly = createSysctlDriver({ root: '/tmp/sys' });
    const value = readOnly.read('net/ipv4/ip_forward') === '1' ? '0' : '1';
    expect(() => readOnly.ensure('net/ipv4/ip_forward', value)).toThrow(
      /^set net\/ipv4\/ip_forward to [01] \(it is [01]\): EROFS: .*run the init container privileged/,
    );
    expect(readOnly.ensure('net/ipv4/ip_forward', readOnly.read('net/ipv4/ip_forward') ?? '')).toBe(false);
  } finally {
    await shell.run('umount /tmp/sys');
  }
});
