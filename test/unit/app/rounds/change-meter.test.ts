import type { Metrics } from '../../../../src/observe/metrics.ts';
import type { EndpointSlice } from '../../../../src/kubernetes/objects/endpoint-slice.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { ChangeMeter } from '../../../../src/app/rounds/change-meter.ts';
import { ClusterTables } from '../../../../src/cluster/tables.ts';
import { createMetrics } from '../../../../src/observe/metrics.ts';
import { readProcessUsage } from '../../../../src/observe/process-usage.ts';
import { aService, aSlice, anEndpoint } from '../../../support/builders.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

let clock: ManualClock;
let tables: ClusterTables;
let metrics: Metrics;
let meter: ChangeMeter;

beforeEach(async () => {
  const build = { major: '', minor: '', gitVersion: '', gitCommit: '', buildDate: '', programVersion: '' };
  clock = new ManualClock();
  await clock.advance(1_000_000);
  tables = new ClusterTables(() => {});
  metrics = createMetrics({ build, features: [], processUsage: readProcessUsage });
  meter = new ChangeMeter({ tables, families: ['IPv4'], metrics, clock });
});

/** Values of the metrics whose name has this in it, without buckets. */
async function shown(part: string): Promise<Record<string, number>> {
  const lines = (await metrics.registry.render()).split('\n');
  const rows = lines.filter((line) => !line.startsWith('#') && !line.includes('_bucket') && line.includes(part));
  return Object.fromEntries(rows.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

const slice = (changes: Partial<EndpointSlice> = {}) => aSlice([anEndpoint('10.244.2.5')], changes);
const latency = () => shown('kubeproxy_network_programming_duration_seconds');

describe('what passes', () => {
  it('reaches the tables, updates and listings alike', () => {
    const other = aService({ name: 'db' });
    meter.replaceServices([aService(), other]);
    meter.replaceEndpointSlices([slice()]);
    meter.deleteService(other.key);
    meter.updateNode({ name: 'node-1', addresses: [], podCidrs: [], zone: 'a', leaving: false });
    expect([[...tables.serviceKeys()], tables.slicesOf(aService().key).length, tables.inSync]).toEqual([
      ['default/web'],
      1,
      true,
    ]);
    expect(tables.node('node-1')?.zone).toBe('a');
    meter.deleteNode('node-1');
    meter.deleteEndpointSlice(slice().key);
    expect([tables.node('node-1'), tables.slice(slice().key)]).toEqual([undefined, undefined]);
  });

  it('is counted, and pending until a round takes it', async () => {
    meter.updateService(aService());
    meter.updateService(aService());
    meter.updateEndpointSlice(slice());
    meter.updateEndpointSlice(slice({ key: 'default/web-6', family: 'IPv6' }));
    const prefix = 'kubeproxy_sync_proxy_rules_';
    expect(await shown('_changes_')).toEqual({
      [`${prefix}service_changes_total`]: 2,
      [`${prefix}service_changes_pending`]: 1,
      [`${prefix}endpoint_changes_total`]: 1,
      [`${prefix}endpoint_changes_pending`]: 1,
    });
    meter.roundStarted();
    expect(await shown('_changes_pending')).toEqual({
      [`${prefix}service_changes_pending`]: 0,
      [`${prefix}endpoint_changes_pending`]: 0,
    });
    expect(await shown('api_events')).toEqual({
      'ipvs_proxier_api_events_total{resource="services",type="added"}': 1,
      'ipvs_proxier_api_events_total{resource="services",type="modified"}': 1,
      'ipvs_proxier_api_events_total{resource="endpointslices",type="added"}': 2,
    });
  });
});

it('forgets changes that nobody brings to the kernel', async () => {
  meter.updateService(aService());
  meter.updateEndpointSlice(slice({ lastChangeTriggerTimeMs: 1_000_500 }));
  meter.changesDropped();
  expect(Object.values(await shown('_changes_pending'))).toEqual([0, 0]);
  await clock.advance(1_000);
  meter.roundStarted();
  meter.roundSucceeded();
  expect(await latency()).toEqual({});
});

describe('a listing', () => {
  it('counts what is new and what was known', async () => {
    meter.replaceServices([aService()]);
    meter.replaceServices([aService(), aService({ name: 'db' })]);
    meter.replaceEndpointSlices([slice()]);
    expect(await shown('api_events')).toEqual({
      'ipvs_proxier_api_events_total{resource="services",type="added"}': 2,
      'ipvs_proxier_api_events_total{resource="services",type="modified"}': 1,
      'ipvs_proxier_api_events_total{resource="endpointslices",type="added"}': 1,
    });
  });
});

describe('the time until a change of endpoints is in the kernel', () => {
  const changed = (atMs: number, changes: Partial<EndpointSlice> = {}) =>
    meter.updateEndpointSlice(slice({ lastChangeTriggerTimeMs: atMs, ...changes }));
  const observed = (sum: number, count: number) => ({
    'kubeproxy_network_programming_duration_seconds_sum{ip_family="IPv4"}': sum,
    'kubeproxy_network_programming_duration_seconds_count{ip_family="IPv4"}': count,
  });

  it('ends with the round that succeeds', async () => {
    await clock.advance(10_000);
    changed(1_009_000);
    meter.roundStarted();
    await clock.advance(2_000);
    meter.roundSucceeded();
    expect(await latency()).toEqual(observed(3, 1));
  });

  it('goes on over a round that fails, and is not counted twice', async () => {
    await clock.advance(10_000);
    changed(1_009_000);
    meter.roundStarted();
    await clock.advance(1_000);
    meter.roundStarted();
    meter.roundSucceeded();
    meter.roundStarted();
    meter.roundSucceeded();
    expect(await latency()).toEqual(observed(2, 1));
  });

  it.each<[string, () => void]>([
    ['before the start', () => changed(999_000)],
    ['that nobody dated', () => changed(0)],
    ['of a family that is not served', () => changed(1_009_000, { family: 'IPv6' })],
    [
      'of a slice that is gone',
      () => {
        changed(1_009_000);
        meter.deleteEndpointSlice(slice().key);
      },
    ],
  ])('is not measured for a change %s', async (_name, act) => {
    await clock.advance(10_000);
    act();
    meter.roundStarted();
    meter.roundSucceeded();
    expect(await latency()).toEqual({});
  });

  it('is measured for every change of a burst', async () => {
    await clock.advance(10_000);
    for (let index = 0; index < 250; index += 1) changed(1_009_000, { key: `default/web-${index}` });
    meter.roundStarted();
    meter.roundSucceeded();
    await clock.advance(1);
    expect(await latency()).toEqual(observed(250, 250));
  });

  it('is measured once when a new listing repeats the slice', async () => {
    await clock.advance(10_000);
    changed(1_009_000);
    meter.replaceEndpointSlices([slice({ lastChangeTriggerTimeMs: 1_009_000 })]);
    meter.roundStarted();
    meter.roundSucceeded();
    expect(await latency()).toEqual(observed(1, 1));
  });
});
