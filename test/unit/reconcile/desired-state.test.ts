import type { IpAddress } from '../../../src/model/ip.ts';
import type { VirtualServer } from '../../../src/model/virtual-server.ts';
import type { ServicePlan } from '../../../src/plan/service-plan.ts';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { addressPortEntry, portEntry } from '../../../src/model/ip-set.ts';
import { serviceKey } from '../../../src/model/service-key.ts';
import { DesiredState } from '../../../src/reconcile/desired-state.ts';
import { ip } from '../../support/builders.ts';
import { planned, realServer, virtualServer } from '../../support/ipvs-builders.ts';

const vip = '10.96.0.1';
const web = virtualServer('TCP', `${vip}:80`);
const one = realServer('10.244.0.1:8080');
const two = realServer('10.244.0.2:8080');

let state: DesiredState;
let told: string[];

beforeEach(() => {
  told = [];
  state = new DesiredState({
    virtualServer: (key, wanted) =>
      told.push(
        wanted === undefined ? `no ${key}` : `${key} -> ${wanted.realServers.map((each) => each.key).join(' ')}`,
      ),
    boundAddress: (address, wanted) => told.push(`${wanted ? 'bind' : 'unbind'} ${address}`),
    setMember: (key, member) => told.push(`${member === undefined ? 'no ' : ''}${key}`),
  });
});

/** A plan of `default/<name>` for the web address with one real server. */
function aPlan(name: string, changes: Partial<ServicePlan> = {}): ServicePlan {
  return {
    key: serviceKey('default', name),
    creationTimeMs: 1,
    virtualServers: [planned(web, [one])],
    boundAddresses: [ip(vip)],
    setEntries: [{ role: 'clusterIp', family: 'IPv4', entry: addressPortEntry(ip(vip), 'TCP', 80) }],
    outputFilters: [],
    healthCheckNodePort: 0,
    localReadyEndpoints: { IPv4: 0, IPv6: 0 },
    notes: [],
    ...changes,
  };
}

function swap(plan: ServicePlan): string[] {
  told = [];
  state.swap(plan.key, plan);
  return told;
}

function remove(name: string): string[] {
  told = [];
  state.swap(serviceKey('default', name), undefined);
  return told;
}

const serverTo = (server: VirtualServer, ...servers: (typeof one)[]) => ({
  virtualServers: [planned(server, servers)],
});

const unpacked = (plan: ServicePlan | undefined) => ({
  ...plan,
  virtualServers: plan?.virtualServers.map(({ virtualServer: server, realServers, waiting }) => ({
    server,
    realServers,
    waiting,
  })),
});

describe('DesiredState', () => {
  it('tells everything that a new plan wants', () => {
    expect(swap(aPlan('a'))).toEqual([
      'TCP/10.96.0.1:80 -> 10.244.0.1:8080',
      'bind 10.96.0.1',
      'KUBE-CLUSTER-IP 10.96.0.1,tcp:80',
    ]);
    expect(unpacked(state.plan(serviceKey('default', 'a')))).toEqual(unpacked(aPlan('a')));
  });

  it('tells only of the virtual server when its real servers change', () => {
    swap(aPlan('a'));
    expect(swap(aPlan('a', serverTo(web, one, two)))).toEqual(['TCP/10.96.0.1:80 -> 10.244.0.1:8080 10.244.0.2:8080']);
  });

  it('takes back everything when the Service goes', () => {
    swap(aPlan('a'));
    expect(remove('a')).toEqual(['no TCP/10.96.0.1:80', 'unbind 10.96.0.1', 'no KUBE-CLUSTER-IP 10.96.0.1,tcp:80']);
    expect([...state.plans()]).toEqual([]);
  });

  it('knows nothing to take back of a Service that it never saw', () => {
    expect(remove('unknown')).toEqual([]);
  });

  it('takes back what a new plan does not want any more', () => {
    swap(aPlan('a'));
    const moved = virtualServer('TCP', '10.96.0.2:80');
    expect(swap(aPlan('a', { ...serverTo(moved, one), boundAddresses: [ip('10.96.0.2')], setEntries: [] }))).toEqual([
      'TCP/10.96.0.2:80 -> 10.244.0.1:8080',
      'no TCP/10.96.0.1:80',
      'bind 10.96.0.2',
      'unbind 10.96.0.1',
      'no KUBE-CLUSTER-IP 10.96.0.1,tcp:80',
    ]);
  });

  it.each([['the first'], ['the second']])('holds what two want until %s to go is the last', (which) => {
    swap(aPlan('a'));
    swap(aPlan('b'));
    const [first, second] = which === 'the first' ? ['a', 'b'] : ['b', 'a'];
    expect(remove(first as string).filter((line) => !line.startsWith('TCP'))).toEqual([]);
    expect(remove(second as string)).toContain('unbind 10.96.0.1');
  });

  it('gives a virtual server to the older Service, whoever came first', () => {
    swap(aPlan('a-young', { creationTimeMs: 2, ...serverTo(web, two) }));
    expect(swap(aPlan('z-old'))).toContain('TCP/10.96.0.1:80 -> 10.244.0.1:8080');
    expect(state.holderOf(web.key)).toBe('default/z-old');
    expect(swap(aPlan('a-young', { creationTimeMs: 2, ...serverTo(web, one, two) }))).toEqual([
      'TCP/10.96.0.1:80 -> 10.244.0.1:8080',
    ]);
  });

  it('gives it to the other when the older goes, without a moment of nobody', () => {
    swap(aPlan('a-young', { creationTimeMs: 2, ...serverTo(web, two) }));
    swap(aPlan('z-old'));
    expect(remove('z-old')).toEqual(['TCP/10.96.0.1:80 -> 10.244.0.2:8080']);
    expect(state.holderOf(web.key)).toBe('default/a-young');
  });

  it('lets only the holder say who may come: entries and exceptions about what another one holds do not count', () => {
    const firewall = {
      role: 'loadBalancerFirewall',
      family: 'IPv4',
      entry: addressPortEntry(ip(vip), 'TCP', 80),
    } as const;
    const outputFilters = [{ address: ip(vip), protocol: 'TCP' as const, port: 80 }];
    const young = aPlan('a-young', { creationTimeMs: 2, setEntries: [firewall], outputFilters });
    expect(swap(young)).toContain('KUBE-LOAD-BALANCER-FW 10.96.0.1,tcp:80');
    expect(swap(aPlan('z-old'))).toContain('no KUBE-LOAD-BALANCER-FW 10.96.0.1,tcp:80');
    expect([...state.filledRoles('IPv4')]).toEqual(['clusterIp']);
    expect(state.outputFilters('IPv4')).toEqual([]);
    expect(swap(young)).not.toContain('KUBE-LOAD-BALANCER-FW 10.96.0.1,tcp:80');
    expect(remove('z-old')).toContain('KUBE-LOAD-BALANCER-FW 10.96.0.1,tcp:80');
    expect([...state.filledRoles('IPv4')]).toEqual(['loadBalancerFirewall']);
    expect(state.outputFilters('IPv4')).toEqual(outputFilters);
    expect(remove('a-young')).toContain('no KUBE-LOAD-BALANCER-FW 10.96.0.1,tcp:80');
    expect(state.outputFilters('IPv4')).toEqual([]);
  });

  it('takes the first of two claims that one Service makes on a virtual server', () => {
    expect(swap(aPlan('a', { virtualServers: [planned(web, [one]), planned(web, [two])] }))).toContain(
      'TCP/10.96.0.1:80 -> 10.244.0.1:8080',
    );
    expect(remove('a').filter((line) => line === `no ${web.key}`)).toHaveLength(1);
  });

  it('says which sets hold entries, per family', () => {
    expect(state.filledRoles('IPv4').size).toBe(0);
    swap(aPlan('a'));
    swap(aPlan('b', { setEntries: [{ role: 'nodePortTcp', family: 'IPv6', entry: portEntry(30_080) }] }));
    expect([...state.filledRoles('IPv4')]).toEqual(['clusterIp']);
    expect([...state.filledRoles('IPv6')]).toEqual(['nodePortTcp']);
    remove('a');
    expect([...state.filledRoles('IPv4')]).toEqual([]);
  });

  it('has another version of the rules only when a set fills or empties, or an exception changes', () => {
    const before = state.rulesVersion;
    swap(aPlan('a'));
    const filled = state.rulesVersion;
    swap(aPlan('b'));
    swap(aPlan('a', serverTo(web, two)));
    remove('b');
    expect(state.rulesVersion).toBe(filled);
    remove('a');
    const emptied = state.rulesVersion;
    swap(aPlan('c', { setEntries: [], outputFilters: [{ address: ip(vip), protocol: 'TCP', port: 80 }] }));
    expect(new Set([before, filled, emptied, state.rulesVersion]).size).toBe(4);
  });

  it('collects the exceptions of a family from all Services', () => {
    const exception = (address: string) => ({ address: ip(address), protocol: 'TCP', port: 80 }) as const;
    swap(aPlan('a', { outputFilters: [exception('198.51.100.9'), exception('2001:db8::9')] }));
    swap(aPlan('b', { outputFilters: [exception('198.51.100.10')] }));
    const addresses = (family: 'IPv4' | 'IPv6'): IpAddress[] =>
      state.outputFilters(family).map(({ address }) => address);
    expect(addresses('IPv4')).toEqual(['198.51.100.9', '198.51.100.10']);
    expect(addresses('IPv6')).toEqual(['2001:db8::9']);
    remove('a');
    expect(addresses('IPv4')).toEqual(['198.51.100.10']);
  });

  it('keeps no plan that was replaced', async () => {
    let plan: ServicePlan | undefined = aPlan('a');
    const former = new WeakRef(plan);
    swap(plan);
    plan = undefined;
    swap(aPlan('a', serverTo(web, one, two)));
    await new Promise((resolve) => setImmediate(resolve));
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    expect(former.deref()).toBeUndefined();
  });
});
