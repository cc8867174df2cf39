import type { Service } from '../../../src/kubernetes/objects/service.ts';
import { describe, expect, it } from '@jest/globals';
import { planService } from '../../../src/plan/plan-service.ts';
import { aService, aSlice, anEndpoint, cidr, ip, nodeFacts, planConfig } from '../../support/builders.ts';

const local = { nodeName: 'node-1' };

function plan(changes: Partial<Service>, slices = [aSlice([anEndpoint('10.244.2.5')])], facts = nodeFacts()) {
  return planService({ service: aService(changes), slices }, facts, planConfig());
}

const balancer: Partial<Service> = {
  type: 'LoadBalancer',
  externalTrafficPolicy: 'Local',
  healthCheckNodePort: 32000,
  loadBalancerIps: [ip('203.0.113.7')],
};

describe('the health check port', () => {
  it.each<[string, Partial<Service>, number]>([
    ['is that of a load balancer with external policy Local', balancer, 32000],
    ['is none with policy Cluster', { ...balancer, externalTrafficPolicy: 'Cluster' }, 0],
    ['is none for another type', { ...balancer, type: 'NodePort' }, 0],
  ])('%s', (_name, changes, port) => {
    const planned = plan(changes);
    expect(planned.healthCheckNodePort).toBe(port);
    expect(planned.setEntries.some(({ role }) => role === 'healthCheckNodePort')).toBe(port !== 0);
  });

  it('comes with the number of distinct local ready addresses of each family', () => {
    const slices = [
      aSlice([anEndpoint('10.244.1.5', local), anEndpoint('10.244.1.6', { ...local, ready: false })]),
      aSlice([anEndpoint('fd00:10::5', local), anEndpoint('fd00:10::6', local)], { key: 'default/web-2' }),
      aSlice([anEndpoint('10.244.1.5', local), anEndpoint('10.244.2.5')], { key: 'default/web-3' }),
    ];
    const clusterIps = [ip('10.96.10.20'), ip('fd00:10:96::20')];
    expect(plan({ ...balancer, clusterIps }, slices).localReadyEndpoints).toEqual({ IPv4: 1, IPv6: 2 });
  });

  it('is missed where load balancers need it', () => {
    expect(plan({ ...balancer, healthCheckNodePort: 0 }).notes.map(({ code }) => code)).toContain('noHealthCheckPort');
  });
});

describe('notes', () => {
  it('say which policy has no local endpoint, and of which family', () => {
    const notes = plan({ ...balancer, internalTrafficPolicy: 'Local' }).notes;
    expect(notes).toContainEqual(
      expect.objectContaining({ code: 'noLocalEndpoint', policy: 'internal', family: 'IPv4' }),
    );
    expect(notes).toContainEqual(
      expect.objectContaining({ code: 'noLocalEndpoint', policy: 'external', family: 'IPv4' }),
    );
  });

  it('say nothing where no endpoint is anywhere', () => {
    expect(plan({ ...balancer, internalTrafficPolicy: 'Local' }, []).notes).toEqual([]);
  });

  it.each(['127.0.0.5', '169.254.1.1'])('name %s, which cannot be bound', (address) => {
    expect(plan({ externalIps: [ip(address)] }).notes).toEqual([
      { code: 'addressNotBindable', message: `${address} is a loopback or link-local address: not served` },
    ]);
  });

  it('name an address of another Node, which is neither bound nor served', () => {
    const facts = nodeFacts({ otherNodeAddresses: new Set([ip('192.168.0.11')]) });
    const { notes, boundAddresses, virtualServers } = plan({ externalIps: [ip('192.168.0.11')] }, [], facts);
    expect(notes).toEqual([
      {
        code: 'addressOfOthers',
        message:
          '192.168.0.11 is an address of another Node or of the API server: nodes that do not have it do not serve it',
      },
    ]);
    expect([boundAddresses, virtualServers.length]).toEqual([['10.96.10.20'], 1]);
  });

  it('name addresses of a family that the Service does not have, on a node that has it', () => {
    const wrong = { externalIps: [ip('2001:db8::7')], loadBalancerIps: [ip('2001:db8::9')] };
    expect(plan(wrong, [], nodeFacts()).notes).toEqual([
      {
        code: 'addressWithoutFamily',
        message: '2001:db8::7 is IPv6, and the Service has no IPv6 cluster IP: not served',
      },
      {
        code: 'addressWithoutFamily',
        message: '2001:db8::9 is IPv6, and the Service has no IPv6 cluster IP: not served',
      },
    ]);
    expect(plan(wrong, [], nodeFacts({ families: ['IPv4'] })).notes).toEqual([]);
    expect(plan({ ...wrong, clusterIps: [] }, [], nodeFacts()).notes).toEqual([]);
    const config = { ...planConfig(), featureGates: { AllowServiceExternalIPs: false } };
    const withoutGate = planService({ service: aService(wrong), slices: [] }, nodeFacts(), config);
    expect(withoutGate.notes.map(({ message }) => message.split(' ')[0])).toEqual(['2001:db8::9']);
  });

  it('name a load balancer address whose family no source range is of', () => {
    const open: Partial<Service> = {
      type: 'LoadBalancer',
      clusterIps: ['10.96.10.20', 'fd00:96::20'].map(ip),
      loadBalancerIps: ['198.51.100.9', '2001:db8::9'].map(ip),
    };
    const notesOf = (...ranges: string[]) =>
      plan({ ...open, loadBalancerSourceRanges: ranges.map(cidr) }, [], nodeFacts()).notes;
    expect(notesOf('192.0.2.0/24')).toEqual([
      {
        code: 'sourceRangesWithoutFamily',
        message: 'loadBalancerSourceRanges has no IPv6 range: 2001:db8::9 lets everybody in',
      },
    ]);
    expect([notesOf(), notesOf('192.0.2.0/24', '2001:db8::/32'), notesOf('0.0.0.0/0', '::/0')]).toEqual([[], [], []]);
  });

  it('name a cluster IP and an external IP that an interface of the node has, each as what it is', () => {
    const facts = nodeFacts({ foreignAddresses: new Set([ip('10.96.10.20'), ip('192.168.0.10')]) });
    const { notes, virtualServers, boundAddresses } = plan({ externalIps: [ip('192.168.0.10')] }, [], facts);
    expect(notes.map(({ code }) => code)).toEqual(['addressTaken', 'addressOfNode']);
    expect(virtualServers.map(({ virtualServer }) => virtualServer.key)).toContain('TCP/192.168.0.10:80');
    expect(boundAddresses).toEqual([]);
  });

  it.each<[string, Partial<Service>, string]>([
    ['a load balancer address that an interface has', { loadBalancerIps: [ip('192.168.0.10')] }, '10.244.2.5'],
    ['an external IP whose endpoint is there as well', { externalIps: [ip('192.168.0.10')] }, '192.168.0.10'],
  ])('do not name %s, for that is how such Services are meant', (_name, changes, endpoint) => {
    expect(plan(changes, [aSlice([anEndpoint(endpoint)])]).notes).toEqual([]);
  });
});
