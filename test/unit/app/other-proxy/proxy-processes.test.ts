import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { proxyProcesses } from '../../../../src/app/other-proxy/proxy-processes.ts';

let proc: string;

beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'proc-'));
  mkdirSync(join(proc, 'self/ns'), { recursive: true });
  symlinkSync('net:[1]', join(proc, 'self/ns/net'));
});

afterEach(() => rmSync(proc, { recursive: true }));

function addProcess(
  id: string,
  name: string,
  more: { readonly state?: string; readonly network?: string; readonly words?: readonly string[] } = {},
): void {
  const { state = 'S', network = 'net:[1]', words = [name] } = more;
  mkdirSync(join(proc, id, 'ns'), { recursive: true });
  writeFileSync(join(proc, id, 'comm'), `${name}\n`);
  writeFileSync(join(proc, id, 'stat'), `${id} (${name}) ${state} 1 1`);
  writeFileSync(join(proc, id, 'cmdline'), `${words.join('\0')}\0`);
  symlinkSync(network, join(proc, id, 'ns/net'));
}

describe('proxyProcesses', () => {
  it('finds kube-proxy and nothing else', () => {
    addProcess('17', 'kube-proxy');
    addProcess('18', 'kubelet');
    addProcess('19', 'kube-proxy-like');
    expect(proxyProcesses(proc)).toEqual([{ sign: 'process', name: 'kube-proxy', seen: 'process 17' }]);
  });

  it.each(['Z', 'X'])('finds none that has ended (%s)', (state) => {
    addProcess('17', 'kube-proxy', { state });
    expect(proxyProcesses(proc)).toEqual([]);
  });

  it('finds none in another network namespace, where that can be told', () => {
    addProcess('17', 'kube-proxy', { network: 'net:[2]' });
    expect(proxyProcesses(proc)).toEqual([]);
    rmSync(join(proc, '17/ns/net'));
    expect(proxyProcesses(proc)).toHaveLength(1);
  });

  it('tells the network by the list of interfaces where the link may not be read', () => {
    for (const id of ['17', '18']) {
      addProcess(id, 'kube-proxy');
      rmSync(join(proc, id, 'ns/net'));
      mkdirSync(join(proc, id, 'net'));
    }
    mkdirSync(join(proc, 'self/net'));
    writeFileSync(join(proc, 'self/net/dev'), '');
    linkSync(join(proc, 'self/net/dev'), join(proc, '17/net/dev'));
    writeFileSync(join(proc, '18/net/dev'), '');
    expect(proxyProcesses(proc).map(({ seen }) => seen)).toEqual(['process 17']);
  });

  it('finds none that only cleans up', () => {
    addProcess('17', 'kube-proxy', { words: ['kube-proxy', '--cleanup'] });
    addProcess('18', 'kube-proxy', { words: ['kube-proxy', '--init-only=true'] });
    expect(proxyProcesses(proc)).toEqual([]);
  });

  it('tells whether kube-router serves Services', () => {
    addProcess('17', 'kube-router', { words: ['kube-router', '--run-service-proxy=false'] });
    addProcess('18', 'kube-router', { words: ['kube-router', '--run-router=true'] });
    expect(proxyProcesses(proc).map(({ seen }) => seen)).toEqual(['process 18']);
  });

  it('minds neither a process that ends while it is looked at, nor its own', () => {
    mkdirSync(join(proc, '17'));
    expect(proxyProcesses(proc)).toEqual([]);
    expect(proxyProcesses().some(({ seen }) => seen === `process ${process.pid}`)).toBe(false);
  });
});
