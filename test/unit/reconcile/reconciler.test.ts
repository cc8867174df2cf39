import type { Service } from '../../../src/kubernetes/objects/service.ts';
import type { ReconcileObserver } from '../../../src/reconcile/observer.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { ClusterTables } from '../../../src/cluster/tables.ts';
import { Reconciler } from '../../../src/reconcile/reconciler.ts';
import { aService, aSlice, anEndpoint, ip, nodeFacts, planConfig } from '../../support/builders.ts';
import { FakeKernel } from '../../support/fake-kernel.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const noPause = async () => {};

class Failures implements ReconcileObserver {
  readonly objects: string[] = [];
  readonly conflicts: string[] = [];
  applied() {}
  failed(_kind: string, object: string) {
    this.objects.push(object);
  }
  recovered() {}
  readonly drift: string[] = [];
  drifted(kind: string, count: number) {
    if (count > 0) this.drift.push(`${kind} ${count}`);
  }
  conflict(object: string, holder: string, loser: string) {
    this.conflicts.push(`${object} ${holder} ${loser}`);
  }
}

let kernel: FakeKernel;
let tables: ClusterTables;
let clock: ManualClock;
let failures: Failures;
let reconciler: Reconciler;

function startProcess(): Reconciler {
  return new Reconciler({
    tables,
    drivers: kernel.drivers,
    config: planConfig(),
    families: ['IPv4', 'IPv6'],
    planRules: async ({ family, filledRoles, missingRoles }) => ({
      family,
      chains: [
        {
          table: 'nat',
          name: 'KUBE-SERVICES',
          rules: [...filledRoles, ...[...missingRoles].map((role) => `without ${role}`)].sort(),
        },
      ],
      jumps: [],
    }),
    clock,
    observer: failures,
    breathe: async () => {},
  });
}

async function settle(): Promise<void> {
  await reconciler.plan(tables.takeChangedServices(), nodeFacts());
  await reconciler.apply();
}

beforeEach(() => {
  kernel = new FakeKernel();
  kernel.nodeAddresses = [ip('192.168.0.10')];
  tables = new ClusterTables(() => {});
  clock = new ManualClock();
  failures = new Failures();
  reconciler = startProcess();
});

const nodePortService = (changes: Partial<Service> = {}) =>
  aService({ type: 'NodePort', ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30080 }], ...changes });

describe('a cold start', () => {
  it('programs sets, rules, addresses and servers, in that order', async () => {
    tables.updateService(nodePortService());
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.1.5', { nodeName: 'node-1' }), anEndpoint('10.244.2.6')]));
    await settle();
    expect(kernel.describe()).toEqual(
      [
        'address 10.96.10.20',
        'entry KUBE-CLUSTER-IP 10.96.10.20,tcp:80',
        'entry KUBE-IPVS-IPS 10.96.10.20',
        'entry KUBE-LOOP-BACK 10.244.1.5,tcp:8080,10.244.1.5',
        'entry KUBE-NODE-PORT-TCP 30080',
        'real TCP/10.96.10.20:80 -> 10.244.1.5:8080 weight=1',
        'real TCP/10.96.10.20:80 -> 10.244.2.6:8080 weight=1',
        'real TCP/192.168.0.10:30080 -> 10.244.1.5:8080 weight=1',
        'real TCP/192.168.0.10:30080 -> 10.244.2.6:8080 weight=1',
        'real TCP/[fd00::10]:30080 -> nothing',
        'virtual TCP/10.96.10.20:80 rr flags=0 timeout=0',
        'virtual TCP/192.168.0.10:30080 rr flags=0 timeout=0',
      ].filter((line) => !line.endsWith('nothing')),
    );
    const order = ['createSet', 'addEntry', 'rules', 'bindAddress', 'addVirtualServer', 'addRealServer'];
    const firsts = order.map((kind) => kernel.writes.findIndex((write) => write.startsWith(kind)));
    expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    expect(failures.objects).toEqual([]);
  });

  it('serves default/kubernetes and name servers before all others', async () => {
    tables.updateService(aService());
    tables.updateService(
      aService({
        name: 'dns-default',
        namespace: 'openshift-dns',
        clusterIps: [ip('10.96.0.10')],
        ports: [{ name: 'dns', protocol: 'UDP', port: 53, nodePort: 0 }],
      }),
    );
    tables.updateService(
      aService({ name: 'kubernetes', clusterIps: [ip('10.96.0.1')], key: 'default/kubernetes' as never }),
    );
    await settle();
    const added = kernel.writes.filter((write) => write.startsWith('addVirtualServer'));
    expect(added).toEqual([
      'addVirtualServer UDP/10.96.0.10:53',
      'addVirtualServer TCP/10.96.0.1:80',
      'addVirtualServer TCP/10.96.10.20:80',
    ]);
  });
});

describe('a start with listings that are partial', () => {
  const near = anEndpoint('10.244.1.5', { nodeName: 'node-1' });
  const balanced = aService({
    name: 'api',
    type: 'LoadBalancer',
    clusterIps: [ip('10.96.10.30')],
    loadBalancerIps: [ip('198.51.100.9')],
  });

  beforeEach(async () => {
    tables.updateService(nodePortService());
    tables.updateEndpointSlice(aSlice([near, anEndpoint('10.244.2.6')]));
    tables.updateService(balanced);
    await settle();
    kernel.writes.length = 0;
    tables = new ClusterTables(() => {});
    tables.listingsArePartial(true);
    reconciler = startProcess();
  });

  it('removes nothing, of whatever kind', async () => {
    await settle();
    expect(kernel.writes).toEqual([]);
    tables.updateService(nodePortService());
    await settle();
    tables.updateEndpointSlice(aSlice([near]));
    await settle();
    expect(kernel.writes).toEqual([]);
  });

  it('adds and changes what is listed', async () => {
    tables.updateService(nodePortService({ affinityTimeoutSeconds: 60 }));
    tables.updateEndpointSlice(aSlice([near, anEndpoint('10.244.2.7')]));
    tables.updateService(aService({ name: 'new', clusterIps: [ip('10.96.10.40')] }));
    await settle();
    expect(kernel.writes.filter((write) => /^(delete|unbind)|weight=0/.test(write))).toEqual([]);
    expect(kernel.describe()).toEqual(
      expect.arrayContaining([
        'virtual TCP/10.96.10.40:80 rr flags=0 timeout=0',
        'virtual TCP/10.96.10.20:80 rr flags=1 timeout=60',
        'real TCP/10.96.10.20:80 -> 10.244.2.6:8080 weight=1',
        'real TCP/10.96.10.20:80 -> 10.244.2.7:8080 weight=1',
        'virtual TCP/198.51.100.9:80 rr flags=0 timeout=0',
        'entry KUBE-LOAD-BALANCER 198.51.100.9,tcp:80',
      ]),
    );
  });

  it('tries again what failed, and only that', async () => {
    kernel.failWhen = (description) => description.startsWith('addRealServer TCP/10.96.10.20:80');
    tables.updateService(nodePortService());
    tables.updateEndpointSlice(aSlice([near, anEndpoint('10.244.2.7')]));
    await settle();
    expect(failures.objects).toEqual(['TCP/10.96.10.20:80']);
    kernel.failWhen = () => false;
    await clock.advance(1_000);
    await reconciler.apply();
    expect(kernel.describe()).toContain('real TCP/10.96.10.20:80 -> 10.244.2.7:8080 weight=1');
    expect(reconciler.failedCount).toBe(0);
  });

  it('removes what is not listed once the listings are complete', async () => {
    tables.updateService(balanced);
    await settle();
    tables.listingsArePartial(false);
    await settle();
    await clock.advance(2_000);
    await settle();
    expect(kernel.describe().join('\n')).not.toContain('10.96.10.20');
    expect(kernel.describe()).toContain('virtual TCP/10.96.10.30:80 rr flags=0 timeout=0');
  });
});

describe('a restart', () => {
  it('writes nothing when nothing changed', async () => {
    tables.updateService(nodePortService({ affinityTimeoutSeconds: 300 }));
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.1.5'), anEndpoint('10.244.2.6')]));
    await settle();
    kernel.writes.length = 0;
    for (const key of tables.serviceKeys()) tables.updateService(tables.service(key) as Service);
    reconciler = startProcess();
    await settle();
    expect(kernel.writes).toEqual([]);
  });

  it('removes what was ours and leaves what is not', async () => {
    tables.updateService(nodePortService());
    await settle();
    const foreign = kernel.servers.get('TCP/10.96.10.20:80') as NonNullable<unknown> as { virtualServer: never };
    kernel.servers.set('TCP/172.16.0.1:80', {
      virtualServer: {
        ...(foreign.virtualServer as object),
        key: 'TCP/172.16.0.1:80',
        identity: { kind: 'address', address: ip('172.16.0.1'), port: 80, protocol: 'TCP' },
      } as never,
      realServers: new Map(),
    });
    tables = new ClusterTables(() => {});
    reconciler = startProcess();
    await settle();
    expect(kernel.describe()).toEqual(['virtual TCP/172.16.0.1:80 rr flags=0 timeout=0']);
  });
});

describe('an audit', () => {
  const server = 'TCP/10.96.10.20:80';
  let before: string[];

  beforeEach(async () => {
    tables.updateService(nodePortService());
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.1.5'), anEndpoint('10.244.2.6')]));
    await settle();
    before = kernel.describe();
    kernel.writes.length = 0;
  });

  const audit = async () => {
    reconciler.requestAudit();
    await reconciler.audit(noPause);
    await reconciler.apply();
  };

  it('finds nothing and writes nothing while nobody interferes', async () => {
    await audit();
    expect(failures.drift).toEqual([]);
    expect(kernel.writes).toEqual([]);
  });

  it.each<[string, string, () => unknown]>([
    ['a deleted virtual server', 'virtualServer 1', () => kernel.servers.delete(server)],
    ['a deleted real server', 'realServer 1', () => kernel.servers.get(server)?.realServers.delete('10.244.2.6:8080')],
    ['a weight', 'realServer 1', () => kernel.changeRealServer(server, '10.244.2.6:8080', { weight: 7 })],
    [
      'a forwarding method',
      'realServer 1',
      () => kernel.changeRealServer(server, '10.244.2.6:8080', { forwarding: 'directRouting' }),
    ],
    ['a scheduler', 'virtualServer 1', () => kernel.changeVirtualServer(server, { scheduler: 'lc' })],
    ['an address removed', 'address 1', () => kernel.addresses.delete(ip('10.96.10.20'))],
    ['an address added', 'address 1', () => kernel.addresses.add(ip('10.96.10.99'))],
    ['an entry removed', 'setEntry 1', () => kernel.sets.get('KUBE-NODE-PORT-TCP')?.entries.clear()],
    ['rules gone', 'rules 1', () => kernel.rules.delete('IPv4')],
  ])('repairs and counts %s', async (_, drift, interfere) => {
    interfere();
    await audit();
    expect(failures.drift).toEqual([drift]);
    expect(kernel.describe()).toEqual(before);
    expect(kernel.rules.size).toBe(2);
    await audit();
    expect(failures.drift).toHaveLength(1);
  });

  it('puts the addresses back when somebody removed the interface', async () => {
    kernel.hasInterface = false;
    kernel.addresses.clear();
    await audit();
    expect(failures.drift).toEqual(['interface 1', 'address 1']);
    expect(kernel.describe()).toEqual(before);
  });

  it('makes a set again that somebody destroyed, with its entries', async () => {
    kernel.sets.delete('KUBE-CLUSTER-IP');
    await audit();
    expect(failures.drift).toEqual(['ipSet 1', 'setEntry 1']);
    expect(kernel.describe()).toEqual(before);
  });

  it('removes a real server that somebody added, once it has no connection', async () => {
    const present = kernel.servers.get(server)?.realServers.get('10.244.2.6:8080');
    if (present === undefined) throw new Error('no real server');
    kernel.servers.get(server)?.realServers.set('10.9.9.9:1', { ...present, key: '10.9.9.9:1' as never });
    await audit();
    expect(failures.drift).toEqual(['realServer 1']);
    await clock.advance(1_000);
    await reconciler.apply();
    expect(kernel.describe()).toEqual(before);
  });

  it('comes every audit period, and never when that is 0', async () => {
    expect(reconciler.nextDueMs()).toBe(clock.monotonicMs() + 10_000);
    kernel.addresses.clear();
    await reconciler.audit(noPause);
    expect(failures.drift).toEqual([]);
    await clock.advance(10_000);
    await reconciler.audit(noPause);
    expect(failures.drift).toEqual(['address 1']);
    expect(reconciler.nextDueMs()).toBe(clock.monotonicMs() + 10_000);
  });

  it('compares everything else every period while a large table is compared less often', async () => {
    const scan = kernel.ipvs.scan.bind(kernel.ipvs);
    const slowScan: typeof scan = async (visitor) => {
      await scan(visitor);
      await clock.advance(2_000);
    };
    Object.assign(kernel.ipvs, { scan: slowScan });
    await audit();
    const interfere = () => {
      kernel.addresses.clear();
      kernel.servers.delete(server);
    };
    interfere();
    await clock.advance(8_000);
    await reconciler.audit(noPause);
    expect(failures.drift).toEqual(['address 1']);
    await clock.advance(30_000);
    await reconciler.audit(noPause);
    expect(failures.drift).toEqual(['address 1', 'virtualServer 1']);
  });

  it('lets changes through between its steps, and takes none of them for drift', async () => {
    const endpoints: (readonly string[])[] = [
      ['10.244.1.5'],
      ['10.244.2.7'],
      ['10.244.1.5', '10.244.2.8'],
      [],
      ['10.244.2.6'],
    ];
    const served: string[][] = [];
    let isScanning = false;
    const scan = kernel.ipvs.scan.bind(kernel.ipvs);
    const notedScan: typeof scan = async (visitor) => {
      isScanning = true;
      await scan(visitor);
    };
    Object.assign(kernel.ipvs, { scan: notedScan });
    reconciler.requestAudit();
    await reconciler.audit(async () => {
      if (!isScanning && endpoints.length < 3) return;
      const addresses = endpoints.shift();
      if (addresses === undefined) return;
      tables.updateEndpointSlice(aSlice(addresses.map((address) => anEndpoint(address))));
      await settle();
      const inKernel = [...(kernel.servers.get(server)?.realServers.values() ?? [])];
      served.push(inKernel.filter(({ weight }) => weight > 0).map(({ address }) => address));
    });
    expect(served).toEqual([['10.244.1.5'], ['10.244.2.7'], ['10.244.1.5', '10.244.2.8'], [], ['10.244.2.6']]);
    expect(failures.drift).toEqual([]);
    kernel.writes.length = 0;
    await audit();
    expect(failures.drift).toEqual([]);
    expect(kernel.writes).toEqual([]);
  });

  it('reads only those virtual servers in full that differ', async () => {
    kernel.fullReads = 0;
    kernel.servers.delete(server);
    kernel.changeRealServer('TCP/192.168.0.10:30080', '10.244.2.6:8080', { weight: 7 });
    await audit();
    expect(kernel.fullReads).toBe(0);
    expect(failures.drift).toEqual(['virtualServer 1', 'realServer 1']);
    expect(kernel.describe()).toEqual(before);
  });

  it('goes on to the next after one that failed, and reads everything anew first', async () => {
    const scan = kernel.ipvs.scan.bind(kernel.ipvs);
    kernel.fullReads = 0;
    Object.assign(kernel.ipvs, { scan: () => Promise.reject(new Error('ENOBUFS')) });
    reconciler.requestAudit();
    await expect(reconciler.audit(noPause)).rejects.toThrow('ENOBUFS');
    Object.assign(kernel.ipvs, { scan });
    await reconciler.apply();
    expect(kernel.fullReads).toBe(1);
    expect(reconciler.nextDueMs()).toBe(clock.monotonicMs() + 10_000);
  });

  it('does not read a table anew because of virtual servers of others', async () => {
    const present = kernel.servers.get(server);
    if (present === undefined) throw new Error('no virtual server');
    const identity = { kind: 'address', address: ip('172.16.0.1'), port: 80, protocol: 'TCP' } as const;
    const foreign = { ...present.virtualServer, key: 'TCP/172.16.0.1:80' as never, identity };
    kernel.servers.set(foreign.key, { virtualServer: foreign, realServers: new Map() });
    await audit();
    const reads = kernel.fullReads;
    await audit();
    expect(kernel.fullReads).toBe(reads);
  });
});

describe('one endpoint more', () => {
  it('costs one operation per virtual server, in one datagram', async () => {
    for (let index = 0; index < 50; index++) {
      tables.updateService(
        aService({ name: `s${index}`, key: `default/s${index}` as never, clusterIps: [ip(`10.96.1.${index}`)] }),
      );
    }
    tables.updateService(aService());
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.2.6')]));
    await settle();
    kernel.writes.length = 0;
    kernel.batches = 0;
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.2.6'), anEndpoint('10.244.2.7')]));
    await settle();
    expect(kernel.writes).toEqual(['addRealServer TCP/10.96.10.20:80 10.244.2.7:8080 weight=1']);
    expect(kernel.batches).toBe(1);
  });
});

describe('an endpoint that goes', () => {
  beforeEach(async () => {
    tables.updateService(aService());
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.2.6'), anEndpoint('10.244.2.7')]));
    await settle();
    kernel.setConnections('TCP/10.96.10.20:80', '10.244.2.7:8080', 1);
    kernel.writes.length = 0;
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.2.6')]));
    await settle();
  });

  it('gets weight 0 and keeps its connections', async () => {
    expect(kernel.writes).toEqual(['setRealServer TCP/10.96.10.20:80 10.244.2.7:8080 weight=0']);
    await clock.advance(60_000);
    await reconciler.apply();
    expect(kernel.writes).toHaveLength(1);
  });

  it('is removed once its connections are gone', async () => {
    kernel.setConnections('TCP/10.96.10.20:80', '10.244.2.7:8080', 0);
    await clock.advance(1_000);
    await reconciler.apply();
    expect(kernel.writes.at(-1)).toBe('deleteRealServer TCP/10.96.10.20:80 10.244.2.7:8080 weight=0');
    expect(reconciler.drainingCount).toBe(0);
  });

  it('is removed at the deadline, connections or not', async () => {
    for (let minute = 0; minute < 11; minute++) {
      await clock.advance(60_000);
      await reconciler.apply();
    }
    expect(kernel.writes.at(-1)).toBe('deleteRealServer TCP/10.96.10.20:80 10.244.2.7:8080 weight=0');
  });

  it('gets its weight back in one change when it returns', async () => {
    kernel.writes.length = 0;
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.2.6'), anEndpoint('10.244.2.7')]));
    await settle();
    expect(kernel.writes).toEqual(['setRealServer TCP/10.96.10.20:80 10.244.2.7:8080 weight=1']);
  });

  it('goes on draining after a restart', async () => {
    kernel.writes.length = 0;
    tables.updateService(aService());
    reconciler = startProcess();
    await settle();
    expect(kernel.writes).toEqual([]);
    expect(reconciler.drainingCount).toBe(1);
  });
});

describe('a set that cannot be made', () => {
  it('costs only its own entries and rules', async () => {
    kernel.failWhen = (description) => description === 'createSet KUBE-LOOP-BACK';
    tables.updateService(aService());
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.1.5', { nodeName: 'node-1' })]));
    await settle();
    expect(kernel.servers.has('TCP/10.96.10.20:80')).toBe(true);
    expect(kernel.rules.get('IPv4')).toContain('"without loopBack"');
    expect(kernel.rules.get('IPv6')).not.toContain('without');
    expect(failures.objects).toEqual(['KUBE-LOOP-BACK']);
    kernel.failWhen = () => false;
    await clock.advance(500);
    await reconciler.apply();
    expect(kernel.describe()).toContain('entry KUBE-LOOP-BACK 10.244.1.5,tcp:8080,10.244.1.5');
    expect(kernel.rules.get('IPv4')).not.toContain('without');
  });
});

describe('a Service that goes', () => {
  const server = 'TCP/10.96.10.20:80';
  const nodeServer = 'TCP/192.168.0.10:30080';

  beforeEach(async () => {
    tables.updateService(nodePortService());
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.2.6')]));
    await settle();
    kernel.writes.length = 0;
  });

  const remove = async () => {
    tables.deleteService(aService().key);
    await settle();
  };

  it('leaves nothing behind at once when it has no connection', async () => {
    await remove();
    expect(kernel.describe()).toEqual([]);
    expect(kernel.writes.filter((write) => write.startsWith('delete') && write.includes('Server'))).toEqual([
      `deleteVirtualServer ${server}`,
      `deleteVirtualServer ${nodeServer}`,
    ]);
  });

  it('keeps what a connection needs, and what tells that it is ours, until the connection is gone', async () => {
    kernel.setConnections(server, '10.244.2.6:8080', 1);
    kernel.setConnections(nodeServer, '10.244.2.6:8080', 1);
    await remove();
    const needed = [
      'address 10.96.10.20',
      'entry KUBE-IPVS-IPS 10.96.10.20',
      'entry KUBE-NODE-PORT-TCP 30080',
      `real ${server} -> 10.244.2.6:8080 weight=0`,
      `real ${nodeServer} -> 10.244.2.6:8080 weight=0`,
      `virtual ${server} rr flags=0 timeout=0`,
      `virtual ${nodeServer} rr flags=0 timeout=0`,
    ];
    expect(kernel.describe()).toEqual(needed);
    reconciler = startProcess();
    await settle();
    expect(kernel.describe()).toEqual(needed);
    kernel.setConnections(server, '10.244.2.6:8080', 0);
    kernel.setConnections(nodeServer, '10.244.2.6:8080', 0);
    await clock.advance(10_000);
    await reconciler.apply();
    expect(kernel.describe()).toEqual([]);
  });

  it('goes at the deadline, connections or not', async () => {
    kernel.setConnections(server, '10.244.2.6:8080', 1);
    await remove();
    for (let minute = 0; minute < 11; minute++) {
      await clock.advance(60_000);
      await reconciler.apply();
    }
    expect(kernel.describe()).toEqual([]);
  });

  it('has its connections still when it comes back', async () => {
    kernel.setConnections(server, '10.244.2.6:8080', 1);
    await remove();
    kernel.writes.length = 0;
    tables.updateService(aService());
    await settle();
    expect(kernel.writes.filter((write) => write.includes('Server'))).toEqual([
      `setRealServer ${server} 10.244.2.6:8080 weight=1`,
    ]);
  });
});

describe('an operation that fails', () => {
  it('holds nothing else up, never deletes, and is tried again', async () => {
    kernel.failWhen = (description) => description === 'addVirtualServer TCP/10.96.10.20:80';
    tables.updateService(aService());
    tables.updateService(aService({ name: 'other', key: 'default/other' as never, clusterIps: [ip('10.96.0.2')] }));
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.2.6')]));
    await settle();
    expect(kernel.servers.has('TCP/10.96.0.2:80')).toBe(true);
    expect(failures.objects).toEqual(['TCP/10.96.10.20:80']);
    expect(kernel.writes.filter((write) => write.startsWith('delete'))).toEqual([]);
    kernel.failWhen = () => false;
    await reconciler.apply();
    expect(kernel.servers.has('TCP/10.96.10.20:80')).toBe(false);
    await clock.advance(500);
    await reconciler.apply();
    expect(kernel.describe()).toContain('real TCP/10.96.10.20:80 -> 10.244.2.6:8080 weight=1');
    expect(reconciler.failedCount).toBe(0);
  });

  it('leaves Services served while rules cannot be written, and the rules come as soon as they can', async () => {
    kernel.failWhen = (description) => description.startsWith('rules');
    tables.updateService(aService());
    await settle();
    expect(kernel.describe()).toEqual(
      expect.arrayContaining(['address 10.96.10.20', 'virtual TCP/10.96.10.20:80 rr flags=0 timeout=0']),
    );
    expect(failures.objects).toEqual(['IPv4', 'IPv6']);
    kernel.failWhen = () => false;
    await clock.advance(500);
    await reconciler.apply();
    expect([...kernel.rules.keys()]).toEqual(['IPv4', 'IPv6']);
    expect(reconciler.failedCount).toBe(0);
  });

  it('does not make the next change of its Service wait', async () => {
    kernel.failWhen = (description) => description.startsWith('addRealServer') && description.includes('10.244.2.6');
    tables.updateService(aService());
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.2.6')]));
    await settle();
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.2.6'), anEndpoint('10.244.2.7')]));
    await settle();
    expect(kernel.describe()).toContain('real TCP/10.96.10.20:80 -> 10.244.2.7:8080 weight=1');
    expect(reconciler.failedCount).toBe(1);
  });

  it.each([
    'createSet KUBE-CLUSTER-IP',
    'addEntry KUBE-CLUSTER-IP 10.96.10.20,tcp:80',
    'rules IPv4',
    'bindAddress 10.96.10.20',
  ])('converges after %s failed once', async (failing) => {
    let failed = 0;
    kernel.failWhen = (description) => description === failing && failed++ === 0;
    tables.updateService(aService());
    await settle();
    await clock.advance(1_000);
    await reconciler.apply();
    await reconciler.apply();
    expect(failed).toBeGreaterThan(0);
    expect(reconciler.failedCount).toBe(0);
    expect(kernel.describe()).toHaveLength(4);
  });
});

describe('two Services with one address', () => {
  it('belong to the older one; the other gets it when the older goes', async () => {
    tables.updateService(
      aService({ name: 'young', key: 'default/young' as never, creationTimeMs: 2_000, affinityTimeoutSeconds: 7 }),
    );
    tables.updateService(aService());
    await settle();
    expect(kernel.servers.get('TCP/10.96.10.20:80')?.virtualServer.persistenceTimeoutSeconds).toBe(0);
    tables.deleteService(aService().key);
    await settle();
    expect(kernel.servers.get('TCP/10.96.10.20:80')?.virtualServer.persistenceTimeoutSeconds).toBe(7);
    expect(kernel.addresses.has(ip('10.96.10.20'))).toBe(true);
  });
});

describe('a UDP endpoint that goes', () => {
  /** One flow to each of these real servers. */
  const flowsOfDns = (...servers: readonly string[]) =>
    servers.map((server) => ({
      protocol: 'UDP' as const,
      originalSource: ip('10.244.9.9'),
      originalSourcePort: 4000,
      originalDestination: ip('10.96.10.20'),
      originalDestinationPort: 53,
      replySource: ip(server),
      replySourcePort: 5353,
    }));

  it('leaves after the grace time, with its flows', async () => {
    const udp = aService({ ports: [{ name: 'dns', protocol: 'UDP', port: 53, nodePort: 0 }] });
    const ports = [{ name: 'dns', protocol: 'UDP' as const, port: 5353 }];
    tables.updateService(udp);
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.2.6'), anEndpoint('10.244.2.7')], { ports }));
    await settle();
    kernel.setConnections('UDP/10.96.10.20:53', '10.244.2.7:5353', 0, 3);
    kernel.flows = flowsOfDns('10.244.2.6', '10.244.2.7');
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.2.6')], { ports }));
    await settle();
    await clock.advance(2_000);
    await reconciler.apply();
    expect(kernel.flows).toHaveLength(2);
    await clock.advance(10_000);
    await reconciler.apply();
    expect(kernel.describe()).not.toContain('real UDP/10.96.10.20:53 -> 10.244.2.7:5353 weight=0');
    await clock.advance(1_000);
    expect(kernel.flows.map((flow) => flow.replySource)).toEqual(['10.244.2.6']);
  });

  it('leaves with its flows also when the process before us had no time for them', async () => {
    const ports = [{ name: 'dns', protocol: 'UDP' as const, port: 5353 }];
    tables.updateService(aService({ ports: [{ name: 'dns', protocol: 'UDP', port: 53, nodePort: 0 }] }));
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.2.6')], { ports }));
    await settle();
    await clock.advance(60_000);
    kernel.flows = flowsOfDns('10.244.2.6', '10.244.2.7');
    for (const key of tables.serviceKeys()) tables.updateService(tables.service(key) as Service);
    reconciler = startProcess();
    await settle();
    await clock.advance(0);
    expect(kernel.flows.map((flow) => flow.replySource)).toEqual(['10.244.2.6']);
  });

  it('does not make the round wait for its flows, nor the next one for a search that failed', async () => {
    const udp = aService({ ports: [{ name: 'dns', protocol: 'UDP', port: 53, nodePort: 0 }] });
    const ports = [{ name: 'dns', protocol: 'UDP' as const, port: 5353 }];
    tables.updateService(udp);
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.2.6')], { ports }));
    let end = (_: Error) => {};
    kernel.conntrack.listUdpFlows = () => new Promise((_, reject) => (end = reject));
    await settle();
    await clock.advance(0);
    tables.updateEndpointSlice(aSlice([anEndpoint('10.244.2.6'), anEndpoint('10.244.2.7')], { ports }));
    await settle();
    expect(kernel.describe()).toContain('real UDP/10.96.10.20:53 -> 10.244.2.7:5353 weight=1');
    expect(reconciler.pendingCounts().get('flow')).toBe(1);
    end(new Error('ETIMEDOUT'));
    await reconciler.flows.drain();
    expect(failures.objects).toEqual(['IPv4']);
    expect([reconciler.failedCounts().get('flow'), reconciler.nextDueMs()]).toEqual([1, 10_000]);
  });
});

describe('two Services with one address and port', () => {
  const older = aService({
    name: 'older',
    creationTimeMs: 1,
    externalIps: [ip('203.0.113.9')],
    clusterIps: [ip('10.96.0.1')],
  });
  const younger = aService({
    name: 'younger',
    creationTimeMs: 2,
    externalIps: [ip('203.0.113.9')],
    clusterIps: [ip('10.96.0.2')],
  });
  const conflict = 'TCP/203.0.113.9:80 default/older default/younger';

  it.each([
    ['the younger comes last', [older, younger]],
    ['the older comes last', [younger, older]],
  ])('are a conflict when %s', async (_name, order) => {
    for (const service of order) {
      tables.updateService(service);
      await settle();
    }
    expect(failures.conflicts).toEqual([conflict]);
  });
});
