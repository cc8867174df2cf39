import type { HttpListenerOptions } from '../../../../src/observe/http-listener.ts';
import type { IpFamily } from '../../../../src/model/ip.ts';
import type { PlannedService } from '../../../../src/app/rounds/plan-follower.ts';
import type { Service } from '../../../../src/kubernetes/objects/service.ts';
import { describe, expect, it } from '@jest/globals';
import { HealthCheckPorts, healthHosts } from '../../../../src/app/serving/health-check-ports.ts';
import { ServiceHealthServers } from '../../../../src/observe/service-health.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { planService } from '../../../../src/plan/plan-service.ts';
import { aService, aSlice, anEndpoint, cidr, ip, nodeFacts, planConfig } from '../../../support/builders.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

describe('healthHosts', () => {
  const facts = nodeFacts({ nodePortAddresses: [ip('10.0.0.2'), ip('10.0.0.1'), ip('fd00::10')] });

  it.each<[string, IpFamily, 'primary' | string[], string[]]>([
    ['all addresses by default', 'IPv4', [], ['0.0.0.0']],
    ['all of one family only', 'IPv6', [], ['::']],
    ['the addresses selected', 'IPv4', ['10.0.0.0/8'], ['10.0.0.1', '10.0.0.2']],
    ['all of a family that no range is of', 'IPv6', ['10.0.0.0/8'], ['::']],
    ['all where one range holds everything', 'IPv4', ['10.0.0.0/8', '0.0.0.0/0'], ['0.0.0.0']],
    ['the primary ones', 'IPv6', 'primary', ['fd00::10']],
  ])('%s', (_name, family, selected, hosts) => {
    const nodePortAddresses = selected === 'primary' ? selected : selected.map(cidr);
    expect(healthHosts(family, facts, { nodePortAddresses })).toEqual(hosts);
  });

  it('is the wildcard while the primary address is not known', () => {
    const unknown = { ...facts, nodeIps: { IPv4: ip('127.0.0.1'), IPv6: ip('::1') } };
    expect(healthHosts('IPv4', unknown, { nodePortAddresses: 'primary' })).toEqual(['0.0.0.0']);
  });
});

function setup() {
  const open = new Map<string, HttpListenerOptions>();
  const serversOf = () =>
    new ServiceHealthServers({
      isProxierHealthy: () => true,
      clock: new ManualClock(),
      log: silentLog,
      onListenFailed: () => {},
      listen: async (options) => {
        const address = `${options.target.host} ${options.target.port}`;
        open.set(address, options);
        return { port: options.target.port, close: async () => void open.delete(address) };
      },
    });
  const ports = new HealthCheckPorts(
    new Map([
      ['IPv4', serversOf()],
      ['IPv6', serversOf()],
    ]),
    { nodePortAddresses: [] },
  );
  const weights = async () => {
    const found: Record<string, string | undefined> = {};
    for (const [address, { handler }] of open) {
      const answer = await handler({ method: 'GET', path: '/', query: new URLSearchParams(), headers: {}, body: '' });
      found[address] = answer.headers['X-Load-Balancing-Endpoint-Weight'];
    }
    return found;
  };
  return { ports, weights };
}

function planned(changes: Partial<Service>): PlannedService {
  const service = aService({
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 32000,
    clusterIps: [ip('10.96.10.20'), ip('fd00:10:96::20')],
    ...changes,
  });
  const slices = [aSlice([anEndpoint('10.244.1.5', { nodeName: 'node-1' })])];
  return { key: service.key, service, plan: planService({ service, slices }, nodeFacts(), planConfig()) };
}

describe('HealthCheckPorts', () => {
  it('opens the port in each family of the Service, each with its own count', async () => {
    const { ports, weights } = setup();
    ports.follow(planned({}));
    await ports.settle(nodeFacts());
    expect(await weights()).toEqual({ '0.0.0.0 32000': '1', ':: 32000': '0' });
  });

  it('opens nothing in a family that the Service does not have', async () => {
    const { ports, weights } = setup();
    ports.follow(planned({ clusterIps: [ip('10.96.10.20')] }));
    await ports.settle(nodeFacts());
    expect(await weights()).toEqual({ '0.0.0.0 32000': '1' });
  });

  it.each<[string, Partial<Service>]>([
    ['changes its policy', { externalTrafficPolicy: 'Cluster' }],
    ['gives up the port', { healthCheckNodePort: 0 }],
  ])('closes the port when the Service %s', async (_name, changes) => {
    const { ports, weights } = setup();
    ports.follow(planned({}));
    await ports.settle(nodeFacts());
    ports.follow(planned(changes));
    await ports.settle(nodeFacts());
    expect(await weights()).toEqual({});
  });

  it('closes the port when the Service is gone', async () => {
    const { ports, weights } = setup();
    const { key } = planned({});
    ports.follow(planned({}));
    await ports.settle(nodeFacts());
    ports.follow({ key, service: undefined, plan: undefined });
    await ports.settle(nodeFacts());
    expect(await weights()).toEqual({});
  });
});
