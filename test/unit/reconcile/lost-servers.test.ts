import type { ServicePlan } from '../../../src/plan/service-plan.ts';
import { describe, expect, it } from '@jest/globals';
import {
  addressEntry,
  addressPortAddressEntry,
  addressPortEntry,
  addressPortNetworkEntry,
  portEntry,
} from '../../../src/model/ip-set.ts';
import { serviceKey } from '../../../src/model/service-key.ts';
import { LostServers } from '../../../src/reconcile/lost-servers.ts';
import { cidr, ip } from '../../support/builders.ts';
import { virtualServer } from '../../support/ipvs-builders.ts';

const vip = ip('198.51.100.9');
const key = serviceKey('default', 'web');
const web = virtualServer('TCP', `${vip}:80`).key;

const aboutServer = [
  { role: 'loadBalancer', family: 'IPv4', entry: addressPortEntry(vip, 'TCP', 80) },
  {
    role: 'loadBalancerSourceCidr',
    family: 'IPv4',
    entry: addressPortNetworkEntry(vip, 'TCP', 80, cidr('192.0.2.0/24')),
  },
  { role: 'loadBalancerSourceIp', family: 'IPv4', entry: addressPortAddressEntry(vip, 'TCP', 80, vip) },
] as const;
const aboutOthers = [
  { role: 'loadBalancer', family: 'IPv4', entry: addressPortEntry(vip, 'UDP', 80) },
  { role: 'loadBalancer', family: 'IPv4', entry: addressPortEntry(vip, 'TCP', 443) },
  { role: 'loopBack', family: 'IPv4', entry: addressPortAddressEntry(vip, 'TCP', 80, vip) },
  { role: 'ipvsIps', family: 'IPv4', entry: addressEntry(vip) },
  { role: 'nodePortTcp', family: 'IPv4', entry: portEntry(80) },
] as const;
const kept = { address: vip, protocol: 'TCP', port: 443 } as const;

const plan: ServicePlan = {
  key,
  creationTimeMs: 1,
  virtualServers: [],
  boundAddresses: [],
  setEntries: [...aboutServer, ...aboutOthers],
  outputFilters: [{ address: vip, protocol: 'TCP', port: 80 }, kept],
  healthCheckNodePort: 0,
  localReadyEndpoints: { IPv4: 0, IPv6: 0 },
  notes: [],
};

describe('LostServers', () => {
  it('leaves a plan as it is when nothing is lost', () => {
    expect(new LostServers().shaping(plan)).toBe(plan);
  });

  it('leaves nothing of a Service that is gone', () => {
    expect(new LostServers().shaping(undefined)).toEqual({ setEntries: [], outputFilters: [] });
  });

  it('takes away what is about a lost virtual server, until it is won', () => {
    const lost = new LostServers();
    lost.note(key, web, true);
    lost.note(key, web, true);
    expect(lost.shaping(plan)).toEqual({ setEntries: aboutOthers, outputFilters: [kept] });
    lost.note(key, web, false);
    expect(lost.shaping(plan)).toBe(plan);
  });

  it('takes nothing away from another Service', () => {
    const lost = new LostServers();
    lost.note(serviceKey('default', 'other'), web, true);
    expect(lost.shaping(plan)).toBe(plan);
  });
});
