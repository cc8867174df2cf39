import type { FakeKernel } from '../../support/fake-kernel.ts';
import type { IpSet, IpSetEntry } from '../../../src/model/ip-set.ts';
import type { IpAddress } from '../../../src/model/ip.ts';
import type { IpvsOperation } from '../../../src/model/operation.ts';
import type { Protocol } from '../../../src/model/service-key.ts';
import {
  addressEntry,
  addressPortAddressEntry,
  addressPortEntry,
  addressPortNetworkEntry,
  portEntry,
} from '../../../src/model/ip-set.ts';
import { cidr, ip } from '../../support/builders.ts';
import { markedVirtualServer, realServer, virtualServer } from '../../support/ipvs-builders.ts';
import { virtualServerFlags } from '../../../src/model/virtual-server.ts';
import { ipFamilies } from '../../../src/model/ip.ts';
import { allIpSets } from '../../../src/plan/ip-sets.ts';

/** Does to the fake kernel what a command line of ipvsadm, ipset, ip or iptables does to a real one. Throws for others. */
export async function runOnFake(kernel: FakeKernel, line: string): Promise<void> {
  const words = line.split(/\s+/);
  const [program, ...parameters] = words;
  const done =
    (program === 'ipvsadm' && (await runIpvsadm(kernel, parameters))) ||
    (program === 'ipset' && runIpset(kernel, parameters)) ||
    (program === 'ip' && runIp(kernel, parameters)) ||
    (/^ip6?tables$/.test(program ?? '') && runIptables(kernel, program ?? '', parameters)) ||
    (line === 'all-sets' && makeAllSets(kernel));
  if (!done) throw new Error(`the fake kernel does not know: ${line}`);
}

const protocols: Readonly<Record<string, Protocol>> = { '-t': 'TCP', '-u': 'UDP', '--sctp-service': 'SCTP' };

async function runIpvsadm(kernel: FakeKernel, [command = '', ...parameters]: readonly string[]): Promise<boolean> {
  if (command === '-C') {
    kernel.servers.clear();
    return true;
  }
  const operation = ipvsOperation(command, parameters);
  if (operation === undefined) return false;
  const isNew = operation.kind === 'addVirtualServer';
  if (kernel.servers.has(operation.virtualServer.key) === isNew) throw new Error(`ipvsadm ${command}: refused`);
  const [failure] = await kernel.ipvs.apply([operation]);
  if (failure !== undefined) throw failure.error;
  return true;
}

function ipvsOperation(command: string, parameters: readonly string[]): IpvsOperation | undefined {
  const [protocolWord = '', endpoint = ''] = parameters;
  const value = (name: string) => parameters[parameters.indexOf(name) + 1] ?? '';
  const has = (name: string) => parameters.includes(name);
  const settings = {
    ...(has('-s') && { scheduler: value('-s') }),
    ...(has('-p') && { persistenceTimeoutSeconds: Number(value('-p')) }),
    ...(has('-b') && { flags: flagsOf(value('-b')) }),
  };
  const protocol = protocols[protocolWord];
  if (protocol === undefined && protocolWord !== '-f') return undefined;
  const server =
    protocol === undefined
      ? markedVirtualServer(Number(endpoint), 'IPv4', settings)
      : virtualServer(protocol, endpoint, settings);
  const real = () => realServer(value('-r'), has('-w') ? { weight: Number(value('-w')) } : {});
  switch (command) {
    case '-A':
      return { kind: 'addVirtualServer', virtualServer: server };
    case '-E':
      return { kind: 'setVirtualServer', virtualServer: server };
    case '-D':
      return { kind: 'deleteVirtualServer', virtualServer: server };
    case '-a':
      return { kind: 'addRealServer', virtualServer: server, realServer: real() };
    case '-e':
      return { kind: 'setRealServer', virtualServer: server, realServer: real() };
    case '-d':
      return { kind: 'deleteRealServer', virtualServer: server, realServer: real() };
    default:
      return undefined;
  }
}

function flagsOf(names: string): number {
  return names.split(',').reduce((flags, name) => {
    if (name.endsWith('-fallback')) return flags | virtualServerFlags.schedulerFallback;
    if (name.endsWith('-port')) return flags | virtualServerFlags.schedulerPort;
    throw new Error(`unknown scheduler flag ${name}`);
  }, 0);
}

function runIpset(kernel: FakeKernel, [command, name = '', value = '', ...more]: readonly string[]): boolean {
  if (command === 'create') {
    const maxElements = Number(more[more.indexOf('maxelem') + 1] ?? 65_536);
    kernel.sets.set(name, {
      set: { name, type: value, family: 'IPv4', maxElements } as unknown as IpSet,
      entries: new Map(),
    });
    return true;
  }
  if (command === 'destroy') return kernel.sets.delete(name);
  const entries = kernel.sets.get(name)?.entries;
  if (entries === undefined) throw new Error(`there is no set ${name}`);
  if (command === 'del') return entries.delete(value);
  if (command === 'flush') entries.clear();
  else if (command === 'add') entries.set(value, observedEntry(value));
  else return false;
  return true;
}

/** As the driver lists it. */
function observedEntry(text: string): IpSetEntry {
  const [address = '', protocolAndPort = '', third] = text.split(',');
  if (protocolAndPort === '') return /^\d+$/.test(text) ? portEntry(Number(text)) : addressEntry(ip(text));
  const [word = '', number] = protocolAndPort.split(':');
  const [protocol, port] = [word.toUpperCase() as Protocol, Number(number)];
  if (third === undefined) return addressPortEntry(ip(address), protocol, port);
  if (third.includes('/')) return addressPortNetworkEntry(ip(address), protocol, port, cidr(third));
  return addressPortAddressEntry(ip(address), protocol, port, ip(third));
}

function runIp(kernel: FakeKernel, parameters: readonly string[]): boolean {
  const text = parameters.join(' ');
  const [, change, address = ''] = /^address (add|del) (\S+)\/(?:32|128) dev kube-ipvs0$/.exec(text) ?? [];
  if (change === 'add') kernel.addresses.add(address as IpAddress);
  else if (change === 'del') kernel.addresses.delete(address as IpAddress);
  else if (text === 'link add kube-ipvs0 type dummy') kernel.hasInterface = true;
  else if (text === 'link del kube-ipvs0') {
    kernel.hasInterface = false;
    kernel.addresses.clear();
  } else return false;
  return true;
}

/** Any change of the rules makes them differ from those that were written. */
function runIptables(kernel: FakeKernel, program: string, parameters: readonly string[]): boolean {
  if (!parameters.includes('-F') && !parameters.includes('-D')) return false;
  kernel.rules.delete(program === 'iptables' ? 'IPv4' : 'IPv6');
  return true;
}

function makeAllSets(kernel: FakeKernel): boolean {
  for (const set of ipFamilies.flatMap(allIpSets)) kernel.sets.set(set.name, { set, entries: new Map() });
  return true;
}
