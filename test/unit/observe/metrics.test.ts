import { describe, expect, it } from '@jest/globals';
import { createMetrics, type Metrics } from '../../../src/observe/metrics.ts';

const usage = {
  startTimeSeconds: 1000.5,
  cpuSeconds: 2.5,
  residentBytes: 3,
  virtualBytes: 4,
  openFileDescriptors: 5,
  maxFileDescriptors: 6,
};
const build = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0',
  gitCommit: 'abc',
  gitTreeState: 'clean',
  buildDate: '2026-11-20T00:00:00Z',
  programVersion: '0.1.0',
};

const create = (): Metrics =>
  createMetrics({ build, features: [{ name: 'AllAlpha', stage: 'ALPHA', enabled: false }], processUsage: () => usage });

/** Lines of one metric: `# TYPE` first, then its series. */
async function shown(metrics: Metrics, name: string): Promise<string[]> {
  const lines = (await metrics.registry.render()).split('\n');
  const suffixed = new RegExp(`^${name}(_bucket|_sum|_count)?[ {]`);
  return lines.filter((line) => line.startsWith(`# TYPE ${name} `) || suffixed.test(line));
}

const upperBounds = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => /le="([^"]+)"/.exec(line)?.[1] ?? []);

const doubled = '0.001 0.002 0.004 0.008 0.016 0.032 0.064 0.128 0.256 0.512 1.024 2.048 4.096 8.192 16.384 +Inf';

describe('names, types and labels of kube-proxy', () => {
  it.each<[string, string, (metrics: Metrics) => void, string]>([
    [
      'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
      'gauge',
      (m) => m.rounds.succeeded('IPv4', 1.5),
      '{ip_family="IPv4"} 1.5',
    ],
    [
      'kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds',
      'gauge',
      (m) => m.rounds.requested('IPv6', 2),
      '{ip_family="IPv6"} 2',
    ],
    [
      'kubeproxy_sync_proxy_rules_no_local_endpoints_total',
      'gauge',
      (m) => m.rounds.noLocalEndpoints('external', 'IPv4', 3),
      '{traffic_policy="external",ip_family="IPv4"} 3',
    ],
    [
      'kubeproxy_sync_proxy_rules_iptables_restore_failures_total',
      'counter',
      (m) => m.rounds.rulesFailed('IPv4'),
      '{ip_family="IPv4"} 1',
    ],
    ['kubeproxy_sync_proxy_rules_endpoint_changes_pending', 'gauge', (m) => m.changes.endpointsPending(4), ' 4'],
    ['kubeproxy_sync_proxy_rules_endpoint_changes_total', 'counter', (m) => m.changes.endpointEvents(1), ' 1'],
    ['kubeproxy_sync_proxy_rules_service_changes_pending', 'gauge', (m) => m.changes.servicesPending(4), ' 4'],
    ['kubeproxy_sync_proxy_rules_service_changes_total', 'counter', (m) => m.changes.serviceEvents(1), ' 1'],
    ['kubeproxy_proxy_healthz_total', 'counter', (m) => m.health.healthzAnswered(503), '{code="503"} 1'],
    ['kubeproxy_proxy_livez_total', 'counter', (m) => m.health.livezAnswered(200), '{code="200"} 1'],
    [
      'kubeproxy_conntrack_reconciler_deleted_entries_total',
      'counter',
      (m) => m.conntrack.reconciled('IPv4', 1, 7),
      '{ip_family="IPv4"} 7',
    ],
    [
      'rest_client_request_retries_total',
      'counter',
      (m) => m.restClient.retried('429', 'GET', 'h:1'),
      '{code="429",verb="GET",host="h:1"} 1',
    ],
  ])('%s', async (name, type, touch, series) => {
    const metrics = create();
    touch(metrics);
    expect(await shown(metrics, name)).toEqual([`# TYPE ${name} ${type}`, `${name}${series}`]);
  });

  it.each<[string, (metrics: Metrics) => void, string]>([
    ['kubeproxy_sync_proxy_rules_duration_seconds', (m) => m.rounds.finished('IPv4', 0.01), doubled],
    ['kubeproxy_conntrack_reconciler_sync_duration_seconds', (m) => m.conntrack.reconciled('IPv4', 0.01, 0), doubled],
    [
      'rest_client_request_duration_seconds',
      (m) => m.restClient.finished(request),
      '0.005 0.025 0.1 0.25 0.5 1 2 4 8 15 30 60 +Inf',
    ],
    [
      'rest_client_rate_limiter_duration_seconds',
      (m) => m.restClient.limited('GET', 'h', 1),
      '0.005 0.025 0.1 0.25 0.5 1 2 4 8 15 30 60 +Inf',
    ],
    [
      'rest_client_request_size_bytes',
      (m) => m.restClient.finished(request),
      '64 256 512 1024 4096 16384 65536 262144 1048576 4194304 16777216 +Inf',
    ],
    [
      'rest_client_response_size_bytes',
      (m) => m.restClient.finished(request),
      '64 256 512 1024 4096 16384 65536 262144 1048576 4194304 16777216 +Inf',
    ],
  ])('%s', async (name, touch, bounds) => {
    const metrics = create();
    touch(metrics);
    const lines = await shown(metrics, name);
    expect(lines[0]).toBe(`# TYPE ${name} histogram`);
    expect(upperBounds(lines)).toEqual(bounds.split(' '));
    expect(lines.at(-1)).toMatch(/_count\{.*\} 1$/);
  });

  it('has 80 bounds for the time from a change to rules in place', async () => {
    const metrics = create();
    metrics.rounds.programmed('IPv4', 0.1);
    const bounds = upperBounds(await shown(metrics, 'kubeproxy_network_programming_duration_seconds'));
    expect(bounds).toHaveLength(81);
    expect([bounds.slice(0, 3), bounds.slice(59, 64), bounds.slice(72)]).toEqual([
      ['0.25', '0.5', '1'],
      ['58', '59', '60', '65', '70'],
      ['115', '120', '150', '180', '210', '240', '270', '300', '+Inf'].slice(-9),
    ]);
  });

  it('does not say of what state a build of an unknown commit is', async () => {
    const unknown = { ...build, gitCommit: 'unknown', gitTreeState: '' };
    const metrics = createMetrics({ build: unknown, features: [], processUsage: () => usage });
    const [, line] = await shown(metrics, 'kubernetes_build_info');
    expect(line).toContain('git_commit="unknown",git_tree_state="",');
  });

  it('describes the build, the gates and the process', async () => {
    const metrics = create();
    expect(await shown(metrics, 'kubernetes_feature_enabled')).toContain(
      'kubernetes_feature_enabled{name="AllAlpha",stage="ALPHA"} 0',
    );
    expect((await shown(metrics, 'kubernetes_build_info'))[1]).toMatch(
      /^kubernetes_build_info\{major="1",minor="36",git_version="v1.36.0",git_commit="abc",git_tree_state="clean",build_date="2026-11-20T00:00:00Z",go_version="node-v[\d.]+",compiler="v8",platform="linux\/\w+"\} 1$/,
    );
    const values = {
      start_time_seconds: 1000.5,
      cpu_seconds_total: 2.5,
      resident_memory_bytes: 3,
      virtual_memory_bytes: 4,
      open_fds: 5,
      max_fds: 6,
    };
    for (const [name, value] of Object.entries(values)) {
      expect(await shown(metrics, `process_${name}`)).toContain(`process_${name} ${value}`);
    }
  });
});

describe('our own metrics', () => {
  it('shows which API server is used, which were before, and why', async () => {
    const metrics = create();
    metrics.proxier.api.serverUsed('192.0.2.1:6443');
    metrics.proxier.api.serverUsed('192.0.2.2:6443');
    metrics.proxier.api.serverSwitched('silent');
    expect(await shown(metrics, 'ipvs_proxier_api_server_used')).toEqual([
      '# TYPE ipvs_proxier_api_server_used gauge',
      'ipvs_proxier_api_server_used{server="192.0.2.1:6443"} 0',
      'ipvs_proxier_api_server_used{server="192.0.2.2:6443"} 1',
    ]);
    expect(await shown(metrics, 'ipvs_proxier_api_server_switches_total')).toEqual([
      '# TYPE ipvs_proxier_api_server_switches_total counter',
      'ipvs_proxier_api_server_switches_total{reason="silent"} 1',
    ]);
  });

  it('count operations, repairs, batches and API events', async () => {
    const metrics = create();
    metrics.proxier.operations('addRealServer', 'applied', 3);
    metrics.proxier.objectsFailed('realServer', 2);
    metrics.proxier.objectsPending('address', 3);
    metrics.proxier.fullestSet(0.5);
    metrics.proxier.serversDraining(4);
    metrics.proxier.problemFound('AddressConflict');
    metrics.proxier.driftRepaired('bindAddress');
    metrics.proxier.batchFinished('ipvs', 10, 0.002);
    metrics.proxier.eventLoopLag(0.01);
    metrics.proxier.api.event('services', 'added');
    const totals = { reconnects: 1, relists: 0, errors: 2, decodeErrors: 0 };
    metrics.proxier.api.reached('services', totals);
    metrics.proxier.api.reached('services', { ...totals, errors: 5 });
    const text = await metrics.registry.render();
    for (const expected of [
      'ipvs_proxier_operations_total{kind="addRealServer",outcome="applied"} 3',
      'ipvs_proxier_objects_failed{kind="realServer"} 2',
      'ipvs_proxier_objects_pending{kind="address"} 3',
      'ipvs_proxier_set_fill_ratio 0.5',
      'ipvs_proxier_virtual_servers_draining 4',
      'ipvs_proxier_problems_total{reason="AddressConflict"} 1',
      'ipvs_proxier_api_errors_total{resource="services"} 5',
      'ipvs_proxier_drift_repairs_total{kind="bindAddress"} 1',
      'ipvs_proxier_batch_operations_sum{driver="ipvs"} 10',
      'ipvs_proxier_batch_duration_seconds_count{driver="ipvs"} 1',
      'ipvs_proxier_event_loop_lag_seconds_count 1',
      'ipvs_proxier_api_events_total{resource="services",type="added"} 1',
      'ipvs_proxier_api_reconnects_total{resource="services"} 1',
      'ipvs_proxier_build_info{version="0.1.0",commit="abc"',
    ]) {
      expect(text).toContain(expected);
    }
  });
});

describe('the text form', () => {
  it('shows no series of a labelled metric that nobody has touched, and 0 for one without labels', async () => {
    const metrics = create();
    expect(await shown(metrics, 'kubeproxy_proxy_healthz_total')).toHaveLength(1);
    expect(await shown(metrics, 'kubeproxy_sync_proxy_rules_service_changes_total')).toHaveLength(2);
  });

  it('puts the stability before every help text', async () => {
    const helps = (await create().registry.render()).split('\n').filter((line) => line.startsWith('# HELP'));
    expect(helps.filter((line) => !/^# HELP \S+ \[ALPHA\] \S/.test(line))).toEqual([]);
  });

  it('keeps two instances apart', async () => {
    const one = create();
    one.changes.serviceEvents(1);
    expect(await shown(create(), 'kubeproxy_sync_proxy_rules_service_changes_total')).toContain(
      'kubeproxy_sync_proxy_rules_service_changes_total 0',
    );
  });
});

const request = {
  code: '200',
  method: 'GET',
  host: 'h:6443',
  durationSeconds: 0.01,
  requestBytes: 10,
  responseBytes: 100,
};
