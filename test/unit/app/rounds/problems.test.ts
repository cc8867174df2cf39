import type { ProxyEvent } from '../../../../src/kubernetes/events/event.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { ProblemFinder } from '../../../../src/app/rounds/find-problems.ts';
import { type Problem, ProblemBook } from '../../../../src/app/rounds/problems.ts';
import { reconcileReport } from '../../../../src/app/rounds/reconcile-report.ts';
import { ClusterTables } from '../../../../src/cluster/tables.ts';
import { DesiredState } from '../../../../src/reconcile/desired-state.ts';
import { DriverError } from '../../../../src/kernel/errors.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { createMetrics } from '../../../../src/observe/metrics.ts';
import { readProcessUsage } from '../../../../src/observe/process-usage.ts';
import { planService } from '../../../../src/plan/plan-service.ts';
import type { IpSetName } from '../../../../src/model/ip-set.ts';
import type { Service } from '../../../../src/kubernetes/objects/service.ts';
import { aService, ip, nodeFacts, planConfig } from '../../../support/builders.ts';

let events: ProxyEvent[];
let counted: string[];
let book: ProblemBook;

beforeEach(() => {
  events = [];
  counted = [];
  book = new ProblemBook({
    log: silentLog,
    count: (reason) => counted.push(reason),
    write: (event) => events.push(event),
  });
});

const subject = { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web', uid: 'u' };
const problem = (note: string): Problem => ({ reason: 'Broken', action: 'Test', note, scope: 'cluster' });
const notes = () => events.map(({ note }) => note);

describe('ProblemBook', () => {
  it('tells a problem once while it lasts, by Event and counter', () => {
    book.settle('x', subject, [problem('a')]);
    book.settle('x', subject, [problem('a')]);
    expect([events, counted]).toEqual([[{ type: 'Warning', regarding: subject, ...problem('a') }], ['Broken']]);
  });

  it('tells what is new beside what is known, each once', () => {
    book.settle('x', subject, [problem('a')]);
    book.settle('x', subject, [problem('a'), problem('b'), problem('b')]);
    expect(notes()).toEqual(['a', 'b']);
  });

  it.each<[string, () => void]>([
    ['was settled', () => book.settle('x', subject, [])],
    ['was forgotten', () => book.forget('x')],
    ['made room for another', () => book.settle('x', subject, [problem('b')])],
  ])('tells it again after it %s', (_name, end) => {
    book.settle('x', subject, [problem('a')]);
    end();
    book.settle('x', subject, [problem('a')]);
    expect(notes().filter((note) => note === 'a')).toHaveLength(2);
  });

  it('keeps findings apart', () => {
    book.settle('x', subject, [problem('a')]);
    book.settle('y', subject, [problem('a')]);
    book.forget('y');
    book.settle('x', subject, [problem('a')]);
    expect(notes()).toEqual(['a', 'a']);
  });

  it('counts where there is no API server', () => {
    const alone = new ProblemBook({ log: silentLog, count: (reason) => counted.push(reason), write: undefined });
    alone.settle('x', subject, [problem('a')]);
    expect(counted).toEqual(['Broken']);
  });
});

function finder() {
  const tables = new ClusterTables(() => {});
  const desired = new DesiredState({ virtualServer() {}, boundAddress() {}, setMember() {} });
  return { tables, desired, problems: new ProblemFinder({ book, tables, desired: () => desired, nodeName: 'node-1' }) };
}

function planned(changes: Partial<Service>) {
  const service = aService(changes);
  return { key: service.key, service, plan: planService({ service, slices: [] }, nodeFacts(), planConfig()) };
}

const summary = () =>
  events.map(({ reason, regarding, note }) => [reason, `${regarding.kind} ${regarding.name}`, note]);

describe('ProblemFinder', () => {
  it('tells of a conflict for the Service that lost, once, until it is over', () => {
    const { problems, tables, desired } = finder();
    const externalIps = [ip('203.0.113.9')];
    const first = planned({ name: 'first', externalIps, creationTimeMs: 1, clusterIps: [ip('10.96.0.1')] });
    const second = planned({ externalIps, creationTimeMs: 2 });
    const follow = (each: typeof first, lost: boolean) => {
      tables.updateService(each.service);
      desired.swap(each.key, each.plan);
      if (lost) problems.conflict('TCP/203.0.113.9:80', first.key, second.key);
      problems.follow(each);
    };
    follow(first, false);
    follow(second, true);
    follow(first, true);
    follow(first, false);
    follow(second, true);
    expect(summary()).toEqual([
      [
        'AddressConflict',
        'Service web',
        'TCP/203.0.113.9:80 is also claimed by the older Service default/first, which has it; not served for this one',
      ],
    ]);
    expect(events[0]?.regarding.uid).toBe('uid-web');
    desired.swap(first.key, undefined);
    problems.follow({ key: first.key, service: undefined, plan: undefined });
    follow(first, false);
    follow(second, true);
    expect(counted).toEqual(['AddressConflict', 'AddressConflict']);
  });

  it('tells of a conflict that another Service brings while the loser is not planned', () => {
    const { problems, tables } = finder();
    tables.updateService(aService());
    problems.conflict('TCP/203.0.113.9:80', aService({ name: 'older' }).key, aService().key);
    expect(counted).toEqual(['AddressConflict']);
  });

  it('tells of addresses that cannot be bound, once, and again after they were gone', () => {
    const { problems } = finder();
    const broken = planned({ externalIps: [ip('127.0.0.7')] });
    problems.follow(broken);
    problems.follow(broken);
    expect(events).toHaveLength(1);
    problems.follow(planned({}));
    problems.follow(broken);
    problems.follow({ key: broken.key, service: undefined, plan: undefined });
    problems.follow(broken);
    expect(counted).toEqual(['AddressNotBindable', 'AddressNotBindable', 'AddressNotBindable']);
  });

  it('tells of the address of another Node by one Event for the cluster, and of an own one by one for each node', () => {
    const { problems } = finder();
    const service = aService({ externalIps: [ip('192.168.0.11')] });
    const told = (facts: Parameters<typeof nodeFacts>[0]) => {
      const plan = planService({ service, slices: [] }, nodeFacts(facts), planConfig());
      problems.follow({ key: service.key, service, plan });
      return events.splice(0).map(({ reason, scope }) => [reason, scope]);
    };
    expect(told({ otherNodeAddresses: new Set([ip('192.168.0.11')]) })).toEqual([['AddressTaken', 'cluster']]);
    expect(told({ foreignAddresses: new Set([ip('10.96.10.20')]) })).toEqual([['AddressTaken', 'node']]);
  });

  it('is silent about policy Local without a local endpoint', () => {
    const { problems } = finder();
    problems.follow(planned({ internalTrafficPolicy: 'Local' }));
    expect(events).toEqual([]);
  });

  it('tells of faults of a Service and of source ranges', () => {
    const { problems } = finder();
    const value = { metadata: { namespace: 'shop', name: 'web', uid: 'u-7' } };
    const faults = ['spec.loadBalancerSourceRanges[0]: "x" is not a valid CIDR; skipped', 'spec.externalIPs[1]: bad'];
    problems.faulty({ resource: 'services', key: 'shop/web', value, problems: faults });
    expect(events.map(({ reason, regarding }) => [reason, regarding.uid])).toEqual([
      ['InvalidSourceRange', 'u-7'],
      ['InvalidField', 'u-7'],
    ]);
  });

  it('tells faults of a slice to its Service, or to the slice when there is none', () => {
    const { problems, tables } = finder();
    const labels = { 'kubernetes.io/service-name': 'web' };
    const value = { metadata: { namespace: 'default', name: 'web-1', uid: 's-1', labels } };
    const faulty = { resource: 'endpointslices', key: 'default/web-1', value, problems: ['ports[0]: no number'] };
    problems.faulty(faulty);
    problems.faulty({ ...faulty, problems: [] });
    tables.updateService(aService());
    problems.faulty(faulty);
    const note = 'EndpointSlice default/web-1: ports[0]: no number';
    expect(summary()).toEqual([
      ['InvalidField', 'EndpointSlice web-1', note],
      ['InvalidField', 'Service web', note],
    ]);
  });

  it('tells a fault of an endpoint once, wherever in its slice it gets to, and many alike as one', () => {
    const { problems } = finder();
    const faulty = { resource: 'endpointslices', key: 'default/web-1', value: {} };
    const fault = (index: number) => `endpoints[${index}].addresses: is empty; endpoint skipped`;
    problems.faulty({ ...faulty, problems: [fault(0), fault(7)] });
    problems.faulty({ ...faulty, problems: [fault(3)] });
    expect(notes()).toEqual(['EndpointSlice default/web-1: endpoints[].addresses: is empty; endpoint skipped']);
    expect(counted).toEqual(['InvalidField']);
  });

  it('is silent about what is ignored without harm', () => {
    const { problems } = finder();
    const faulty = { resource: 'endpointslices', key: 'default/hosts', value: {} };
    problems.faulty({ ...faulty, problems: ['addressType: "FQDN" is not supported; slice ignored'] });
    expect(events).toEqual([]);
  });

  it('tells of a port that cannot be opened', () => {
    const { problems } = finder();
    const { key } = aService();
    problems.portFailed({ service: key, namespace: 'default', name: 'web', port: 32000 }, new Error('in use'));
    expect(summary()).toEqual([
      [
        'FailedToStartServiceHealthcheck',
        'Service web',
        'node node-1 failed to start healthcheck "default/web" on port 32000: in use',
      ],
    ]);
  });

  it('tells once of rules that the node cannot hold', () => {
    const { problems } = finder();
    problems.rulesLeftOut('IPv4', 'ipvs', 'the refusal of processes');
    problems.rulesLeftOut('IPv4', 'ipvs', 'the refusal of processes');
    expect(events).toMatchObject([
      {
        reason: 'RulesLeftOut',
        regarding: { kind: 'Node', name: 'node-1' },
        note: 'node node-1: IPv4 rules that need ipvs are left out; what does not work: the refusal of processes',
      },
    ]);
    expect(counted).toEqual(['RulesLeftOut']);
  });

  it('tells of an interface that is up, until it is down', () => {
    const { problems } = finder();
    for (const isUp of [false, true, true, false, true]) problems.interfaceIsUp(isUp);
    expect(events.map(({ reason }) => reason)).toEqual(['InterfaceUp', 'InterfaceUp']);
    expect(events[0]?.note).toMatch(/^node node-1: somebody has set kube-ipvs0 up; it stays so, /);
  });

  it('tells of a set that fills up, until it has room again', () => {
    const { problems } = finder();
    const fill = (entries: number) =>
      problems.setFilled({ name: 'KUBE-LOOP-BACK' as IpSetName, entries, maxElements: 1000 });
    for (const entries of [800, 801, 900, 500, 850]) fill(entries);
    expect(counted).toEqual(['IPSetNearlyFull', 'IPSetNearlyFull']);
    expect(events[0]?.regarding).toMatchObject({ kind: 'Node', name: 'node-1' });
  });
});

describe('reconcileReport', () => {
  const build = { major: '', minor: '', gitVersion: '', gitCommit: '', buildDate: '', programVersion: '' };
  const full = new DriverError('ipset', 'add', { errnoName: 'IPSET_ERR_HASH_FULL' });

  it('tells of a full set once, however many entries do not fit', async () => {
    const metrics = createMetrics({ build, features: [], processUsage: readProcessUsage });
    const { problems } = finder();
    const report = reconcileReport(silentLog, metrics, problems);
    for (const entry of ['10.0.0.1', '10.0.0.2']) report.failed('setEntry', `KUBE-IPVS-IPS ${entry}`, full);
    report.failed('setEntry', 'KUBE-IPVS-IPS x', new DriverError('ipset', 'add', { errnoName: 'EPERM' }));
    report.failed('rules', 'IPv4', new DriverError('rules', 'restore', {}));
    expect(summary()).toEqual([
      [
        'IPSetFull',
        'Node node-1',
        'node node-1: IP set KUBE-IPVS-IPS is full: what is not in it is not masqueraded or let in',
      ],
    ]);
    const text = await metrics.registry.render();
    expect(text).toContain('ipvs_proxier_operations_total{kind="setEntry",outcome="failed"} 3');
    expect(text).toContain('kubeproxy_sync_proxy_rules_iptables_restore_failures_total{ip_family="IPv4"} 1');
  });
});
