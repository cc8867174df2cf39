import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KernelModules } from '../../../src/kernel/kernel-modules.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'modules-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

const state = (name: string) => new KernelModules({ root, release: '6.1.0' }).state(name);

describe('modules of the kernel', () => {
  it('are unknown where nothing tells of them', () => {
    expect(state('ip_vs')).toBe('unknown');
  });

  it('are loaded, built in, available or missing as the lists say', () => {
    write('sys/module/ip_vs/refcnt', '1');
    write('proc/modules', 'xt_set 16384 2 - Live 0x0\n');
    write('lib/modules/6.1.0/modules.builtin', 'kernel/net/bridge/br-netfilter.ko\n');
    write(
      'lib/modules/6.1.0/modules.dep',
      'kernel/net/netfilter/ipvs/ip_vs_mh.ko.xz: kernel/lib/x.ko\nkernel/a/ip_set.ko:\n',
    );
    const names = ['ip_vs', 'xt_set', 'br_netfilter', 'ip_vs_mh', 'ip_set', 'ip_vs_sh', 'x'];
    expect(names.map(state)).toEqual(['loaded', 'loaded', 'builtIn', 'available', 'available', 'missing', 'missing']);
  });

  it('follow from the configuration of the kernel', () => {
    const lines = [
      'CONFIG_IP_VS=y',
      'CONFIG_NETFILTER_XT_MATCH_IPVS=y',
      'CONFIG_NETFILTER_XT_SET=y',
      'CONFIG_IP_VS_MH=m',
    ];
    write('proc/config.gz', gzipSync(`${lines.join('\n')}\n# CONFIG_IP_VS_SH is not set\n`));
    expect(['ip_vs', 'xt_ipvs', 'xt_set', 'ip_vs_sh'].map(state)).toEqual(['builtIn', 'builtIn', 'builtIn', 'missing']);
    expect(state('ip_vs_mh')).toBe('unknown');
  });
});
