import { describe, expect, it } from '@jest/globals';
import type { RealServer } from '../../../src/model/real-server.ts';
import { PackedVirtualServer, packPlan } from '../../../src/reconcile/packed-servers.ts';
import { ip } from '../../support/builders.ts';
import { realServer, virtualServer } from '../../support/ipvs-builders.ts';

const web = virtualServer('TCP', '10.96.0.1:80');
const one = realServer('10.244.0.1:8080');
const six = realServer('[fd00::6]:8080');

const packed = (realServers: readonly RealServer[]) =>
  new PackedVirtualServer({ virtualServer: web, realServers, waiting: new Set([one.key]) });

describe('PackedVirtualServer', () => {
  it.each<[string, readonly RealServer[]]>([
    ['none', []],
    ['those that are alike', [one, realServer('10.244.0.2:8080'), six]],
    ['those of different ports', [one, realServer('10.244.0.1:9090')]],
    ['those of different weights', [one, realServer('10.244.0.2:8080', { weight: 7 })]],
    ['those with other settings', [realServer('10.244.0.1:80', { upperThreshold: 9, forwarding: 'directRouting' })]],
    ['tunnels', [realServer('10.244.0.1:80', { forwarding: 'tunnel', tunnel: { type: 'gue', port: 6, flags: 1 } })]],
  ])('gives back %s, in their order', (_name, realServers) => {
    const server = packed(realServers);
    expect(server.realServers).toEqual(realServers);
    expect(server.realServerCount).toBe(realServers.length);
    expect(server.virtualServer).toBe(web);
    expect([...server.waiting]).toEqual([one.key]);
  });
});

describe('packPlan', () => {
  it('changes nothing that can be read', () => {
    const realServers = [one, realServer('10.244.0.2:8080')];
    const plan = {
      key: 'default/web' as never,
      creationTimeMs: 7,
      virtualServers: [web, virtualServer('TCP', '10.96.0.1:81')].map((server) => ({
        virtualServer: server,
        realServers,
        waiting: new Set<never>(),
      })),
      boundAddresses: [ip('10.96.0.1')],
      setEntries: [],
      outputFilters: [{ address: ip('10.96.0.1'), protocol: 'TCP' as const, port: 80 }],
      healthCheckNodePort: 32_100,
      localReadyEndpoints: { IPv4: 1, IPv6: 2 },
      notes: [],
    };
    const { virtualServers, ...rest } = packPlan(plan);
    const { virtualServers: expected, ...expectedRest } = plan;
    expect(rest).toEqual(expectedRest);
    expect(virtualServers.map(({ virtualServer: server, realServers: servers }) => [server, servers])).toEqual(
      expected.map(({ virtualServer: server, realServers: servers }) => [server, servers]),
    );
  });
});
