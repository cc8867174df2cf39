import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSysctlDriver } from '../../../../src/kernel/sysctl/driver.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sysctl-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('read', () => {
  it('trims the value', () => {
    put('net/ipv4/ip_forward', '1\n');
    expect(createSysctlDriver({ root }).read('net/ipv4/ip_forward')).toBe('1');
  });

  it('is undefined for a setting that is not there', () => {
    expect(createSysctlDriver({ root }).read('net/ipv4/vs/conntrack')).toBeUndefined();
  });

  it('throws when the setting cannot be read', () => {
    mkdirSync(join(root, 'net'));
    expect(() => createSysctlDriver({ root }).read('net')).toThrow(/^read net: EISDIR/);
  });

  it('reads the settings of this machine by default', () => {
    expect(createSysctlDriver().read('kernel/osrelease')).toMatch(/^\d+\.\d+/);
  });
});

describe('ensure', () => {
  it('writes a value that differs, and says so', () => {
    put('net/ipv4/ip_forward', '0\n');
    expect(createSysctlDriver({ root }).ensure('net/ipv4/ip_forward', '1')).toBe(true);
    expect(readFileSync(join(root, 'net/ipv4/ip_forward'), 'utf8')).toBe('1');
  });

  it('writes nothing when the value is right, so that a read-only file will do', () => {
    put('net/ipv4/ip_forward', '1\n');
    const driver = createSysctlDriver({ root });
    const before = readFileSync(join(root, 'net/ipv4/ip_forward'), 'utf8');
    expect(driver.ensure('net/ipv4/ip_forward', '1')).toBe(false);
    expect(readFileSync(join(root, 'net/ipv4/ip_forward'), 'utf8')).toBe(before);
  });

  it('compares several numbers whatever is between them', () => {
    put('net/ipv4/ip_local_port_range', '32768\t60999\n');
    const driver = createSysctlDriver({ root });
    expect(driver.ensure('net/ipv4/ip_local_port_range', '32768 60999')).toBe(false);
    expect(driver.ensure('net/ipv4/ip_local_port_range', '32768 61000')).toBe(true);
  });

  it.each([
    ['net/ipv4/vs/conntrack', /^set net\/ipv4\/vs\/conntrack to 1: ENOENT: .*modprobe ip_vs$/],
    ['net/netfilter/nf_conntrack_max', /ENOENT: .*modprobe nf_conntrack$/],
    ['net/bridge/bridge-nf-call-iptables', /ENOENT: .*modprobe br_netfilter$/],
    ['net/ipv6/conf/all/forwarding', /ENOENT: .*IPv6 is disabled$/],
    ['net/ipv4/nonesuch', /ENOENT: the kernel does not have this setting$/],
  ])('names what is missing for %s', (name, message) => {
    expect(() => createSysctlDriver({ root }).ensure(name, '1')).toThrow(message);
  });

  it('names setting, value wanted, value found and remedy when it may not write', () => {
    // Nobody may write into the kernel's own release name, not even root.
    const driver = createSysctlDriver();
    const found = driver.read('kernel/osrelease');
    expect(() => driver.ensure('kernel/osrelease', 'other')).toThrow(
      expect.objectContaining({
        code: 'DRIVER_FAILED',
        driver: 'sysctl',
        message: expect.stringMatching(
          new RegExp(
            `^set kernel/osrelease to other \\(it is ${found}\\): E(ACCES|PERM|ROFS): .*(privileged).*on the node`,
          ),
        ),
      }),
    );
  });
});

function put(name: string, value: string): void {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, value);
  chmodSync(path, 0o644);
}
