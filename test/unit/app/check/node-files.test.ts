import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { interfaceFacts } from '../../../../src/app/check/interface-facts.ts';
import {
  areSettingsWritable,
  capabilitiesInForce,
  isHostNetwork,
  processNames,
} from '../../../../src/app/check/process-facts.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'node-files-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function namespaces(process: string, network: string, processes: string): void {
  mkdirSync(join(root, process, 'ns'), { recursive: true });
  symlinkSync(network, join(root, process, 'ns/net'));
  symlinkSync(processes, join(root, process, 'ns/pid'));
}

describe('rights of the process', () => {
  it('are the capabilities in force', () => {
    write('self/status', 'Name:\tnode\nCapPrm:\tffffffffffffffff\nCapEff:\t0000000000011000\n');
    expect(capabilitiesInForce(root)).toEqual(['NET_ADMIN', 'SYS_MODULE']);
    write('self/status', 'CapEff:\t0000000000000000\n');
    expect(capabilitiesInForce(root)).toEqual([]);
  });

  it('tell whether settings can be written', () => {
    expect(areSettingsWritable(root)).toBe(false);
    write('sys/net/ipv4/ip_forward', '1');
    expect(areSettingsWritable(root)).toBe(true);
  });
});

describe('the network namespace', () => {
  it('is compared with that of the first process', () => {
    expect(isHostNetwork(root)).toBeUndefined();
    namespaces('self', 'net:[1]', 'pid:[1]');
    namespaces('1', 'net:[1]', 'pid:[1]');
    expect(isHostNetwork(root)).toBe(true);
    rmSync(join(root, '1/ns/net'));
    symlinkSync('net:[2]', join(root, '1/ns/net'));
    expect(isHostNetwork(root)).toBe(false);
    write('1/cgroup', '0::/kubepods/pod1\n');
    expect(isHostNetwork(root)).toBeUndefined();
  });
});

describe('processes and interfaces', () => {
  it('are listed by name', () => {
    write('7/comm', 'keepalived\n');
    write('8/comm', 'keepalived\n');
    mkdirSync(join(root, '9'));
    write('self/comm', 'x\n');
    expect(processNames(root)).toEqual(['keepalived']);
  });

  it('have kind and MTU', () => {
    const device = (name: string, files: Readonly<Record<string, string>>) => {
      for (const [file, content] of Object.entries(files)) write(`${name}/${file}`, `${content}\n`);
    };
    device('eth0', { mtu: '1500', flags: '0x1003', type: '1', uevent: 'INTERFACE=eth0' });
    device('flannel.1', { mtu: '1450', flags: '0x1003', type: '1', uevent: 'DEVTYPE=vxlan\nINTERFACE=flannel.1' });
    device('tunl0', { mtu: '1480', flags: '0x80', type: '768', uevent: '' });
    device('cali1', { mtu: '1440', flags: '0x1003', type: '1' });
    expect(interfaceFacts(root)).toEqual([
      { name: 'cali1', mtuBytes: 1440, kind: 'veth', isUp: true },
      { name: 'eth0', mtuBytes: 1500, kind: '', isUp: true },
      { name: 'flannel.1', mtuBytes: 1450, kind: 'vxlan', isUp: true },
      { name: 'tunl0', mtuBytes: 1480, kind: 'ipip', isUp: false },
    ]);
    expect(interfaceFacts(join(root, 'nowhere'))).toEqual([]);
  });
});
