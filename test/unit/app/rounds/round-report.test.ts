import type { IpSetName } from '../../../../src/model/ip-set.ts';
import type { ObjectKind } from '../../../../src/reconcile/observer.ts';
import { describe, expect, it } from '@jest/globals';
import { NoLocalEndpoints } from '../../../../src/app/serving/no-local-endpoints.ts';
import { RoundReport } from '../../../../src/app/rounds/round-report.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { createMetrics } from '../../../../src/observe/metrics.ts';
import { readProcessUsage } from '../../../../src/observe/process-usage.ts';
import { nodeFacts } from '../../../support/builders.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const build = { major: '', minor: '', gitVersion: '', gitCommit: '', buildDate: '', programVersion: '' };

function setup() {
  const clock = new ManualClock();
  const metrics = createMetrics({ build, features: [], processUsage: readProcessUsage });
  const steps: string[] = [];
  const step =
    (name: string) =>
    (...values: readonly unknown[]) =>
      void steps.push([name, ...values].join(' '));
  const report = new RoundReport({
    families: ['IPv4', 'IPv6'],
    metrics,
    listener: {
      started: step('loop started'),
      queued: step('queued'),
      succeeded: step('succeeded'),
      nodeSeen: step('node seen'),
    },
    meter: { roundStarted: step('meter started'), roundSucceeded: step('meter succeeded') },
    noLocalEndpoints: new NoLocalEndpoints(),
    healthCheckPorts: { settle: async () => step('ports')() },
    reconciler: {
      failedCounts: () => new Map<ObjectKind, number>([['address', 2]]),
      pendingCounts: () =>
        new Map<ObjectKind, number>([
          ['virtualServer', 3],
          ['flow', 5],
        ]),
      drainingCount: 4,
      setFill: () => [{ name: 'A' as IpSetName, entries: 1, maxElements: 4 }],
    },
    onSetFill: ({ name }) => step('fill')(name),
    onEnded: step('ended'),
    clock,
    log: silentLog,
  });
  const shown = async (name: string) => {
    const text = await metrics.registry.render();
    return text.split('\n').filter((line) => line.startsWith(name) && !line.includes('_bucket'));
  };
  return { report, steps, clock, shown };
}

describe('RoundReport', () => {
  it('counts what gathered before the first round from its beginning', async () => {
    const { report, steps, clock, shown } = setup();
    await clock.advance(5_000);
    report.started();
    report.succeeded(nodeFacts());
    report.started();
    expect(steps.filter((step) => step.startsWith('queued'))).toEqual(['queued IPv4,IPv6']);
    expect(await shown('kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds')).toEqual([
      `kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{ip_family="IPv4"} ${clock.nowMs() / 1000}`,
      `kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{ip_family="IPv6"} ${clock.nowMs() / 1000}`,
    ]);
  });

  it('tells of a round that succeeds: what was measured, then health, then the health check ports', () => {
    const { report, steps } = setup();
    report.started();
    report.succeeded(nodeFacts());
    report.ended(0.5);
    const measured = ['meter started', 'meter succeeded', 'succeeded IPv4,IPv6'];
    expect(steps).toEqual(['queued IPv4,IPv6', ...measured, 'ports', 'fill A', 'ended']);
  });

  it('shows what fails, and flows that are to be removed, between rounds too', async () => {
    const { shown } = setup();
    expect(await shown('ipvs_proxier_objects_')).toEqual([
      'ipvs_proxier_objects_failed{kind="address"} 2',
      'ipvs_proxier_objects_pending{kind="flow"} 5',
    ]);
  });

  it('shows how full each set is', async () => {
    const { shown } = setup();
    expect(await shown('ipvs_proxier_set_')).toEqual(
      expect.arrayContaining(['ipvs_proxier_set_entries{set="A"} 1', 'ipvs_proxier_set_capacity{set="A"} 4']),
    );
  });

  it('shows when a round was last asked for, and when one last succeeded', async () => {
    const { report, clock, steps, shown } = setup();
    await clock.advance(1_000);
    report.loopStarted();
    await clock.advance(1_000);
    report.requested();
    expect(steps).toEqual(['loop started IPv4,IPv6', 'queued IPv4,IPv6']);
    const prefix = 'kubeproxy_sync_proxy_rules_last';
    expect(await shown(`${prefix}_queued`)).toContain(`${prefix}_queued_timestamp_seconds{ip_family="IPv4"} 2`);
    expect(await shown(`${prefix}_timestamp`)).toEqual([]);
    report.succeeded(nodeFacts());
    expect(await shown(`${prefix}_timestamp`)).toContain(`${prefix}_timestamp_seconds{ip_family="IPv6"} 2`);
  });

  it('shows duration and counts of a round that failed, too', async () => {
    const { report, shown } = setup();
    report.ended(0.5);
    expect(await shown('kubeproxy_sync_proxy_rules_duration_seconds_sum')).toContain(
      'kubeproxy_sync_proxy_rules_duration_seconds_sum{ip_family="IPv4"} 0.5',
    );
    expect(await shown('ipvs_proxier_objects')).toEqual([
      'ipvs_proxier_objects_failed{kind="address"} 2',
      'ipvs_proxier_objects_pending{kind="virtualServer"} 3',
      'ipvs_proxier_objects_pending{kind="flow"} 5',
    ]);
    expect(await shown('ipvs_proxier_set_fill')).toEqual(['ipvs_proxier_set_fill_ratio 0.25']);
    expect(await shown('ipvs_proxier_virtual_servers_draining')).toEqual(['ipvs_proxier_virtual_servers_draining 4']);
  });

  it('hands on what the Node says', () => {
    const { report, steps } = setup();
    report.nodeSeen(true);
    expect(steps).toEqual(['node seen true']);
  });
});
