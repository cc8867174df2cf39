import type { EndpointSlice } from '../../../src/kubernetes/objects/endpoint-slice.ts';
import type { Service } from '../../../src/kubernetes/objects/service.ts';
import type { NodeFacts } from '../../../src/plan/node-facts.ts';
import type { PlanConfig } from '../../../src/plan/plan-service.ts';
import type { ServicePlan } from '../../../src/plan/service-plan.ts';
import { describe, expect, it } from '@jest/globals';
import { virtualServerFlags } from '../../../src/model/virtual-server.ts';
import { ipSetFor } from '../../../src/plan/ip-sets.ts';
import { planService } from '../../../src/plan/plan-service.ts';
import { aService, aSlice, anEndpoint, cidr, ip, nodeFacts, planConfig } from '../../support/builders.ts';

const onNode1 = { nodeName: 'node-1' };

/** node-1 of a cluster without IPv6. */
const ipv4Node = nodeFacts({
  families: ['IPv4'],
  nodePortAddresses: [ip('192.168.0.10')],
  foreignAddresses: new Set([ip('192.168.0.10')]),
});

function plan(
  service: Partial<Service>,
  slices: readonly EndpointSlice[] = [],
  node: NodeFacts = ipv4Node,
  config: PlanConfig = planConfig(),
): ServicePlan {
  return planService({ service: aService(service), slices }, node, config);
}

/** `TCP/10.96.10.20:80 -> 10.244.1.5:8080 10.244.2.6:8080`, real servers by name. */
const servers = ({ virtualServers }: ServicePlan): string[] =>
  virtualServers.map(({ virtualServer, realServers }) =>
    [`${virtualServer.key} ->`, ...realServers.map(({ key }) => key).sort()].join(' '),
  );

/** `KUBE-CLUSTER-IP 10.96.10.20,tcp:80` */
const entries = ({ setEntries }: ServicePlan): string[] =>
  setEntries.map(({ role, family, entry }) => `${ipSetFor(role, family).name} ${entry.text}`).sort();

/** A load balancer with everything that one can have. */
const web: Partial<Service> = {
  type: 'LoadBalancer',
  ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30080 }],
  externalTrafficPolicy: 'Local',
  healthCheckNodePort: 32100,
  externalIps: [ip('203.0.113.7')],
  loadBalancerIps: [ip('198.51.100.9')],
  loadBalancerSourceRanges: [cidr('192.0.2.0/24')],
};
const near = anEndpoint('10.244.1.5', onNode1);
const far = anEndpoint('10.244.2.6');

describe('planService, the example of the documentation', () => {
  const planned = plan(web, [aSlice([near, far])]);

  it('gives a virtual server per address, with local real servers where the policy is Local', () => {
    expect(servers(planned)).toEqual([
      'TCP/10.96.10.20:80 -> 10.244.1.5:8080 10.244.2.6:8080',
      'TCP/203.0.113.7:80 -> 10.244.1.5:8080',
      'TCP/198.51.100.9:80 -> 10.244.1.5:8080',
      'TCP/192.168.0.10:30080 -> 10.244.1.5:8080',
    ]);
  });

  it('makes them as upstream does', () => {
    for (const { virtualServer, realServers } of planned.virtualServers) {
      expect(virtualServer).toMatchObject({
        scheduler: 'rr',
        flags: 0,
        persistenceTimeoutSeconds: 0,
        persistencePrefixLength: 32,
        persistenceEngine: '',
      });
      for (const server of realServers) {
        expect(server).toMatchObject({ forwarding: 'masquerade', weight: 1, upperThreshold: 0, lowerThreshold: 0 });
      }
    }
  });

  it('binds all but the address of the node', () => {
    expect(planned.boundAddresses).toEqual(['10.96.10.20', '203.0.113.7', '198.51.100.9']);
  });

  it('puts entries into the sets', () => {
    expect(entries(planned)).toEqual([
      'KUBE-CLUSTER-IP 10.96.10.20,tcp:80',
      'KUBE-EXTERNAL-IP-LOCAL 203.0.113.7,tcp:80',
      'KUBE-HEALTH-CHECK-NODE-PORT 32100',
      'KUBE-IPVS-IPS 10.96.10.20',
      'KUBE-IPVS-IPS 198.51.100.9',
      'KUBE-IPVS-IPS 203.0.113.7',
      'KUBE-LOAD-BALANCER 198.51.100.9,tcp:80',
      'KUBE-LOAD-BALANCER-FW 198.51.100.9,tcp:80',
      'KUBE-LOAD-BALANCER-LOCAL 198.51.100.9,tcp:80',
      'KUBE-LOAD-BALANCER-SOURCE-CIDR 198.51.100.9,tcp:80,192.0.2.0/24',
      'KUBE-LOOP-BACK 10.244.1.5,tcp:8080,10.244.1.5',
      'KUBE-NODE-PORT-LOCAL-TCP 30080',
      'KUBE-NODE-PORT-TCP 30080',
    ]);
  });

  it('refuses the load balancer address to processes of the node, which is in none of the source ranges', () => {
    expect(planned.outputFilters).toEqual([{ address: '198.51.100.9', protocol: 'TCP', port: 80 }]);
  });

  it('counts the local ready endpoint for the health check', () => {
    expect([planned.healthCheckNodePort, planned.localReadyEndpoints]).toEqual([32_100, { IPv4: 1, IPv6: 0 }]);
    expect(planned.notes).toEqual([]);
  });

  it('serves the DNS Service over UDP', () => {
    const dns = plan(
      {
        namespace: 'kube-system',
        name: 'dns',
        clusterIps: [ip('10.96.0.10')],
        ports: [{ name: 'dns', protocol: 'UDP', port: 53, nodePort: 0 }],
      },
      [aSlice([anEndpoint('10.244.2.7')], { ports: [{ name: 'dns', protocol: 'UDP', port: 53 }] })],
    );
    expect(dns.key).toBe('kube-system/dns');
    expect(servers(dns)).toEqual(['UDP/10.96.0.10:53 -> 10.244.2.7:53']);
    expect(entries(dns)).toEqual(['KUBE-CLUSTER-IP 10.96.0.10,udp:53', 'KUBE-IPVS-IPS 10.96.0.10']);
  });

  it('when the local endpoint is not ready: others take over, and the hairpin entry stays', () => {
    const unready = plan(web, [aSlice([{ ...near, ready: false, serving: false }, far])]);
    expect(servers(unready).map((line) => line.split(' -> ')[1])).toEqual(
      Array.from({ length: 4 }, () => '10.244.2.6:8080'),
    );
    expect(entries(unready)).toEqual(entries(planned));
    expect(unready.localReadyEndpoints.IPv4).toBe(0);
    for (const { waiting } of unready.virtualServers) expect([...waiting]).toEqual(['10.244.1.5:8080']);
  });
});

describe('planService, what it serves', () => {
  it.each<[string, Partial<Service>, string[]]>([
    ['a cluster IP', {}, ['TCP/10.96.10.20:80']],
    ['nothing of a headless Service', { clusterIps: [] }, []],
    ['nothing of an ExternalName', { type: 'ExternalName', clusterIps: [] }, []],
    ['nothing of an ExternalName with leftovers', { type: 'ExternalName' }, []],
    ['nothing of a Service of the other family only', { clusterIps: [ip('fd00:10:96::20')] }, []],
    [
      'the addresses of its own family',
      { ...web, loadBalancerIps: [ip('2001:db8::9')], externalIps: [] },
      ['TCP/10.96.10.20:80', 'TCP/192.168.0.10:30080'],
    ],
    [
      'every port',
      {
        ports: [
          { name: 'http', protocol: 'TCP', port: 80, nodePort: 0 },
          { name: 'dns', protocol: 'UDP', port: 80, nodePort: 0 },
          { name: 'sig', protocol: 'SCTP', port: 9, nodePort: 0 },
        ],
      },
      ['TCP/10.96.10.20:80', 'UDP/10.96.10.20:80', 'SCTP/10.96.10.20:9'],
    ],
    [
      'a load balancer address of any type of Service',
      { loadBalancerIps: [ip('198.51.100.9')] },
      ['TCP/10.96.10.20:80', 'TCP/198.51.100.9:80'],
    ],
    ['no loopback address', { externalIps: [ip('127.0.0.1'), ip('169.254.1.1')] }, ['TCP/10.96.10.20:80']],
  ])('%s', (_name, service, expected) => {
    expect(plan(service).virtualServers.map(({ virtualServer }) => virtualServer.key)).toEqual(expected);
  });

  it('wants nothing else for what it does not serve', () => {
    const nothing = plan({ ...web, clusterIps: [] }, [aSlice([near])]);
    expect([nothing.virtualServers, nothing.boundAddresses, nothing.setEntries, nothing.outputFilters]).toEqual([
      [],
      [],
      [],
      [],
    ]);
  });

  it('serves both families of a dual-stack Service, each with its own endpoints', () => {
    const dual = plan(
      { clusterIps: [ip('fd00:10:96::20'), ip('10.96.10.20')] },
      [aSlice([near]), aSlice([anEndpoint('fd00:10:244::5')], { key: 'default/web-2' })],
      nodeFacts(),
    );
    expect(servers(dual)).toEqual([
      'TCP/10.96.10.20:80 -> 10.244.1.5:8080',
      'TCP/[fd00:10:96::20]:80 -> [fd00:10:244::5]:8080',
    ]);
    expect(dual.virtualServers.map(({ virtualServer }) => virtualServer.persistencePrefixLength)).toEqual([32, 128]);
    expect(entries(dual)).toContain('KUBE-6-CLUSTER-IP fd00:10:96::20,tcp:80');
  });

  it('does not serve external IPs when the feature gate says so', () => {
    const off = { ...planConfig(), featureGates: { AllowServiceExternalIPs: false } };
    expect(servers(plan(web, [], ipv4Node, off)).join()).not.toContain('203.0.113.7');
    expect(plan(web, [], ipv4Node, off).boundAddresses).not.toContain('203.0.113.7');
  });

  it('serves an address of the node without binding it', () => {
    const planned = plan({ externalIps: [ip('192.168.0.10')] });
    expect(servers(planned)).toContain('TCP/192.168.0.10:80 ->');
    expect(planned.boundAddresses).toEqual(['10.96.10.20']);
    expect(entries(planned)).toContain('KUBE-EXTERNAL-IP 192.168.0.10,tcp:80');
    expect(entries(planned)).not.toContain('KUBE-IPVS-IPS 192.168.0.10');
  });
});

describe('planService, virtual servers', () => {
  it.each<[string, string, number]>([
    ['no flag for most schedulers', 'wlc', 0],
    ['sh: another server where the hash names one that drains', 'sh', virtualServerFlags.schedulerFallback],
    [
      'mh: the same, and the port takes part in the hash',
      'mh',
      virtualServerFlags.schedulerFallback | virtualServerFlags.schedulerPort,
    ],
  ])('%s', (_name, scheduler, flags) => {
    const [planned] = plan({}, [], ipv4Node, planConfig({ scheduler })).virtualServers;
    expect(planned?.virtualServer).toMatchObject({ scheduler, flags });
  });

  it('keeps clients with affinity for the time given, besides the flags of the scheduler', () => {
    const config = planConfig({ scheduler: 'sh' });
    const [planned] = plan({ affinityTimeoutSeconds: 10_800 }, [], ipv4Node, config).virtualServers;
    expect(planned?.virtualServer.persistenceTimeoutSeconds).toBe(10_800);
    expect(planned?.virtualServer.flags).toBe(virtualServerFlags.schedulerFallback | virtualServerFlags.persistent);
  });
});

describe('planService, traffic policies', () => {
  const slices = [aSlice([near, far])];
  const onlyFar = [aSlice([far])];
  const nodePort: Partial<Service> = {
    type: 'NodePort',
    ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30080 }],
  };
  const drop: PlanConfig = {
    ...planConfig(),
    proxier: { ...planConfig().proxier, externalPolicyFallback: 'drop' },
  };

  it.each<[string, Partial<Service>, readonly EndpointSlice[], PlanConfig, string, string]>([
    ['Cluster, Cluster', nodePort, slices, planConfig(), 'both', 'both'],
    ['internal Local', { ...nodePort, internalTrafficPolicy: 'Local' }, slices, planConfig(), 'near', 'both'],
    ['external Local', { ...nodePort, externalTrafficPolicy: 'Local' }, slices, planConfig(), 'both', 'near'],
    [
      'internal Local without a local one',
      { ...nodePort, internalTrafficPolicy: 'Local' },
      onlyFar,
      planConfig(),
      'none',
      'far',
    ],
    [
      'external Local without a local one',
      { ...nodePort, externalTrafficPolicy: 'Local' },
      onlyFar,
      planConfig(),
      'far',
      'far',
    ],
    [
      'external Local without a local one, told to drop',
      { ...nodePort, externalTrafficPolicy: 'Local' },
      onlyFar,
      drop,
      'far',
      'none',
    ],
  ])('%s', (_name, service, each, config, cluster, external) => {
    const names: Record<string, string> = {
      both: '10.244.1.5:8080 10.244.2.6:8080',
      near: '10.244.1.5:8080',
      far: '10.244.2.6:8080',
      none: '',
    };
    expect(servers(plan(service, each, ipv4Node, config))).toEqual([
      `TCP/10.96.10.20:80 -> ${names[cluster]}`.trim(),
      `TCP/192.168.0.10:30080 -> ${names[external]}`.trim(),
    ]);
  });

  it.each<[string, Partial<Service>, string]>([
    [
      'of a ClusterIP Service with external IPs',
      { externalIps: [ip('203.0.113.7')] },
      'KUBE-EXTERNAL-IP-LOCAL 203.0.113.7,tcp:80',
    ],
    [
      'of a ClusterIP Service without',
      { loadBalancerIps: [ip('198.51.100.9')] },
      'KUBE-LOAD-BALANCER 198.51.100.9,tcp:80',
    ],
  ])('external Local counts where external traffic can come: %s', (_name, service, entry) => {
    const planned = entries(plan({ ...service, externalTrafficPolicy: 'Local' }, slices));
    expect(planned).toContain(entry);
    expect(planned).not.toContain('KUBE-EXTERNAL-IP 203.0.113.7,tcp:80');
    expect(planned).not.toContain('KUBE-LOAD-BALANCER-LOCAL 198.51.100.9,tcp:80');
  });
});

describe('planService, source ranges', () => {
  const balancer = { ...web, externalTrafficPolicy: 'Cluster', externalIps: [] } as const;
  const guarded = (...ranges: string[]) => plan({ ...balancer, loadBalancerSourceRanges: ranges.map(cidr) });
  const guards = (planned: ServicePlan) =>
    entries(planned).filter((entry) => /-(FW|SOURCE-IP|SOURCE-CIDR) /.test(entry));

  it.each<[string, string[]]>([
    ['none', []],
    ['one that holds everything', ['192.0.2.0/24', '0.0.0.0/0']],
    ['those of the other family', ['2001:db8::/64']],
  ])('let everybody in: %s', (_name, ranges) => {
    expect(guards(guarded(...ranges))).toEqual([]);
    expect(guarded(...ranges).outputFilters).toEqual([]);
  });

  it('let the node in when one of them holds it', () => {
    const planned = guarded('192.168.0.0/16', '192.0.2.0/24', '2001:db8::/64');
    expect(guards(planned)).toEqual([
      'KUBE-LOAD-BALANCER-FW 198.51.100.9,tcp:80',
      'KUBE-LOAD-BALANCER-SOURCE-CIDR 198.51.100.9,tcp:80,192.0.2.0/24',
      'KUBE-LOAD-BALANCER-SOURCE-CIDR 198.51.100.9,tcp:80,192.168.0.0/16',
      'KUBE-LOAD-BALANCER-SOURCE-IP 198.51.100.9,tcp:80,198.51.100.9',
    ]);
    expect(planned.outputFilters).toEqual([]);
  });

  it('are written as the kernel prints them: a single host without a prefix length', () => {
    expect(guards(guarded('192.0.2.7/32'))).toContain('KUBE-LOAD-BALANCER-SOURCE-CIDR 198.51.100.9,tcp:80,192.0.2.7');
  });

  it('guard load balancer addresses only', () => {
    const planned = plan({ ...web, loadBalancerIps: [] });
    expect([guards(planned), planned.outputFilters]).toEqual([[], []]);
  });
});

describe('planService, node ports', () => {
  const port = (protocol: 'TCP' | 'UDP' | 'SCTP') => ({ ports: [{ name: '', protocol, port: 80, nodePort: 30080 }] });
  const twoAddresses = nodeFacts({
    families: ['IPv4'],
    nodePortAddresses: [ip('192.168.0.10'), ip('10.0.0.10'), ip('fd00::10')],
  });
  const nodePortEntries = (planned: ServicePlan) => entries(planned).filter((entry) => entry.includes('NODE-PORT'));

  it('are served on every node address of the family, bound on none', () => {
    const planned = plan({ type: 'NodePort', ...port('TCP') }, [], twoAddresses);
    expect(servers(planned)).toEqual(['TCP/10.96.10.20:80 ->', 'TCP/192.168.0.10:30080 ->', 'TCP/10.0.0.10:30080 ->']);
    expect(planned.boundAddresses).toEqual(['10.96.10.20']);
  });

  it.each<['TCP' | 'UDP' | 'SCTP', 'Cluster' | 'Local', string[]]>([
    ['TCP', 'Cluster', ['KUBE-NODE-PORT-TCP 30080']],
    ['TCP', 'Local', ['KUBE-NODE-PORT-LOCAL-TCP 30080', 'KUBE-NODE-PORT-TCP 30080']],
    ['UDP', 'Local', ['KUBE-NODE-PORT-LOCAL-UDP 30080', 'KUBE-NODE-PORT-UDP 30080']],
    [
      'SCTP',
      'Cluster',
      ['KUBE-NODE-PORT-SCTP-HASH 10.0.0.10,sctp:30080', 'KUBE-NODE-PORT-SCTP-HASH 192.168.0.10,sctp:30080'],
    ],
    [
      'SCTP',
      'Local',
      [
        'KUBE-NODE-PORT-LOCAL-SCTP-HASH 10.0.0.10,sctp:30080',
        'KUBE-NODE-PORT-LOCAL-SCTP-HASH 192.168.0.10,sctp:30080',
        'KUBE-NODE-PORT-SCTP-HASH 10.0.0.10,sctp:30080',
        'KUBE-NODE-PORT-SCTP-HASH 192.168.0.10,sctp:30080',
      ],
    ],
  ])('of %s with external policy %s are in these sets', (protocol, externalTrafficPolicy, expected) => {
    expect(
      nodePortEntries(plan({ type: 'NodePort', externalTrafficPolicy, ...port(protocol) }, [], twoAddresses)),
    ).toEqual(expected);
  });

  it('are nowhere when no node address serves them; the health check port stays', () => {
    const planned = plan(web, [], nodeFacts({ families: ['IPv4'], nodePortAddresses: [] }));
    expect(servers(planned).join()).not.toContain('30080');
    expect(entries(planned)).toContain('KUBE-HEALTH-CHECK-NODE-PORT 32100');
    expect(entries(planned).join()).not.toContain('30080');
  });
});

describe('planService, real servers', () => {
  it('share one object between the virtual servers of a port', () => {
    const planned = plan({ ...web, externalTrafficPolicy: 'Cluster' }, [aSlice([near, far])]);
    expect(new Set(planned.virtualServers.map(({ realServers }) => realServers)).size).toBe(1);
    const local = plan(web, [aSlice([near, far])]);
    const [ofCluster, ofNode] = local.virtualServers.map(({ realServers }) => realServers);
    expect(ofCluster).toContain(ofNode?.[0]);
  });

  const ten = Array.from({ length: 10 }, (_, index) => anEndpoint(`10.244.2.${index}`));
  const orderOn = (nodeName: string, scheduler = 'rr'): readonly string[] => {
    const planned = plan({}, [aSlice(ten)], { ...ipv4Node, nodeName }, planConfig({ scheduler }));
    return planned.virtualServers.flatMap(({ realServers }) => realServers.map(({ address }) => address));
  };
  const names = Array.from({ length: 20 }, (_, index) => `node-${index}`);

  it('are added from another one on by every node, so that not all begin with the same', () => {
    const orders = names.map((name) => orderOn(name));
    expect(new Set(orders.map(([first]) => first)).size).toBeGreaterThan(5);
    for (const order of orders) {
      const start = order.indexOf('10.244.2.0');
      expect([...order.slice(start), ...order.slice(0, start)]).toEqual(ten.map(({ address }) => address));
    }
    expect(orderOn('node-7')).toEqual(orderOn('node-7'));
  });

  it.each(['sh', 'dh', 'mh'])(
    'are added in one order by all nodes with %s, whose choice follows from it',
    (scheduler) => {
      for (const name of names) expect(orderOn(name, scheduler)).toEqual(ten.map(({ address }) => address));
    },
  );

  it('may wait without a deadline while their endpoint is listed', () => {
    const leaving = anEndpoint('10.244.2.7', { ready: false, terminating: true });
    const planned = plan({}, [aSlice([near, leaving])]);
    expect(servers(planned)).toEqual(['TCP/10.96.10.20:80 -> 10.244.1.5:8080']);
    expect([...(planned.virtualServers[0]?.waiting ?? [])]).toEqual(['10.244.2.7:8080']);
  });

  it('serve while they terminate when no other is left, and then do not wait', () => {
    const leaving = anEndpoint('10.244.2.7', { ready: false, terminating: true });
    const planned = plan({}, [aSlice([leaving])]);
    expect(servers(planned)).toEqual(['TCP/10.96.10.20:80 -> 10.244.2.7:8080']);
    expect(planned.virtualServers[0]?.waiting.size).toBe(0);
  });

  it('are the same, whatever the slices they come in', () => {
    const one = plan({}, [aSlice([near, far])]);
    const split = plan({}, [aSlice([near]), aSlice([far], { key: 'default/web-2' })]);
    expect(split).toEqual(one);
  });

  it('are none for a Service without slices: its virtual server stays', () => {
    expect(servers(plan({}))).toEqual(['TCP/10.96.10.20:80 ->']);
  });
});
