import type { FinishedRequest } from './finished-request.ts';
import type { IpFamily } from '../model/ip.ts';
import { programmingBuckets, requestBuckets, roundBuckets, sizeBuckets } from './buckets.ts';
import { conntrackFill } from './conntrack-fill.ts';
import { MetricRegistry } from './metric-registry.ts';
import { modeMetrics } from './mode-metrics.ts';
import { proxierMetrics } from './proxier-metrics.ts';

/** The program as `kubernetes_build_info` describes it. */
interface BuildInfo {
  /** Kubernetes release that the program stands for. */
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
  /** In full; `unknown` or empty when unknown. */
  readonly gitCommit: string;
  /** `clean` or `dirty`; empty, or absent, when unknown. */
  readonly gitTreeState?: string;
  /** ISO 8601, of the source; `unknown` or empty when unknown. */
  readonly buildDate: string;
  /** Version of ipvs-proxier itself. */
  readonly programVersion: string;
}

/** A feature gate, for `kubernetes_feature_enabled`. */
interface FeatureInfo {
  readonly name: string;
  readonly stage: string;
  readonly enabled: boolean;
}

/** What the metrics of the process are read from; see `readProcessUsage`. */
export interface ProcessUsage {
  readonly startTimeSeconds: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly virtualBytes: number;
  readonly openFileDescriptors: number;
  readonly maxFileDescriptors: number;
}

export interface MetricsOptions {
  readonly build: BuildInfo;
  readonly features: readonly FeatureInfo[];
  readonly processUsage: () => ProcessUsage;
}

/** Every metric of the program. Made once by the composition root; the parts are handed to those who count. */
export type Metrics = ReturnType<typeof createMetrics>;

/** Makes a registry with the metrics of kube-proxy in mode ipvs, under their names, and with ours. */
export function createMetrics(options: MetricsOptions) {
  const registry = new MetricRegistry();
  registerBuild(registry, options);
  registerProcess(registry, options.processUsage);
  registry.addSection(conntrackFill());
  return {
    registry,
    rounds: roundMetrics(registry),
    changes: changeMetrics(registry),
    health: healthMetrics(registry),
    conntrack: conntrackMetrics(registry),
    restClient: restClientMetrics(registry),
    proxier: proxierMetrics(registry, options.build),
    mode: modeMetrics(registry),
  };
}

const perFamily = ['ip_family'] as const;

function roundMetrics(registry: MetricRegistry) {
  const duration = registry.histogram({
    name: 'kubeproxy_sync_proxy_rules_duration_seconds',
    help: 'Duration of one round, in seconds.',
    labels: perFamily,
    buckets: roundBuckets,
  });
  const last = registry.gauge({
    name: 'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
    help: 'Unix time of the last round that succeeded.',
    labels: perFamily,
  });
  const queued = registry.gauge({
    name: 'kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds',
    help: 'Unix time at which a round was last asked for.',
    labels: perFamily,
  });
  const programming = registry.histogram({
    name: 'kubeproxy_network_programming_duration_seconds',
    help: 'Time from an endpoint change to rules in place, in seconds.',
    labels: perFamily,
    buckets: programmingBuckets,
  });
  const noLocal = registry.gauge({
    name: 'kubeproxy_sync_proxy_rules_no_local_endpoints_total',
    help: 'Services with a Local traffic policy that have endpoints, but no usable one on this node.',
    labels: ['traffic_policy', 'ip_family'],
  });
  const restoreFailures = registry.counter({
    name: 'kubeproxy_sync_proxy_rules_iptables_restore_failures_total',
    help: 'Runs of iptables-restore that failed.',
    labels: perFamily,
  });
  return {
    /** A round has ended, well or not. */
    finished: (family: IpFamily, seconds: number) => duration.observe({ ip_family: family }, seconds),
    succeeded: (family: IpFamily, unixSeconds: number) => last.set({ ip_family: family }, unixSeconds),
    /** A round was asked for; also once when the loop starts. */
    requested: (family: IpFamily, unixSeconds: number) => queued.set({ ip_family: family }, unixSeconds),
    /** An endpoint change is in the kernel, so long after it happened. */
    programmed: (family: IpFamily, seconds: number) => programming.observe({ ip_family: family }, seconds),
    noLocalEndpoints: (policy: 'internal' | 'external', family: IpFamily, services: number) =>
      noLocal.set({ traffic_policy: policy, ip_family: family }, services),
    rulesFailed: (family: IpFamily) => restoreFailures.add({ ip_family: family }),
  };
}

function changeMetrics(registry: MetricRegistry) {
  const prefix = 'kubeproxy_sync_proxy_rules_';
  const none = { labels: [] } as const;
  const endpointsPending = registry.gauge({
    name: `${prefix}endpoint_changes_pending`,
    help: 'Endpoint changes that are not yet applied.',
    ...none,
  });
  const endpointsTotal = registry.counter({
    name: `${prefix}endpoint_changes_total`,
    help: 'EndpointSlice events seen.',
    ...none,
  });
  const servicesPending = registry.gauge({
    name: `${prefix}service_changes_pending`,
    help: 'Services with changes that are not yet applied.',
    ...none,
  });
  const servicesTotal = registry.counter({
    name: `${prefix}service_changes_total`,
    help: 'Service events seen.',
    ...none,
  });
  return {
    endpointsPending: (changes: number) => endpointsPending.set({}, changes),
    endpointEvents: (events: number) => endpointsTotal.add({}, events),
    servicesPending: (services: number) => servicesPending.set({}, services),
    /** An event of a Service counts once per family, as upstream counts it. */
    serviceEvents: (events: number) => servicesTotal.add({}, events),
  };
}

function healthMetrics(registry: MetricRegistry) {
  const labels = ['code'] as const;
  const healthz = registry.counter({
    name: 'kubeproxy_proxy_healthz_total',
    help: 'Answers of /healthz on the health port.',
    labels,
  });
  const livez = registry.counter({
    name: 'kubeproxy_proxy_livez_total',
    help: 'Answers of /livez on the health port.',
    labels,
  });
  return {
    healthzAnswered: (code: number) => healthz.add({ code: String(code) }),
    livezAnswered: (code: number) => livez.add({ code: String(code) }),
  };
}

function conntrackMetrics(registry: MetricRegistry) {
  const duration = registry.histogram({
    name: 'kubeproxy_conntrack_reconciler_sync_duration_seconds',
    help: 'Duration of one removal of stale flows, in seconds.',
    labels: perFamily,
    buckets: roundBuckets,
  });
  const deleted = registry.counter({
    name: 'kubeproxy_conntrack_reconciler_deleted_entries_total',
    help: 'Stale flows removed.',
    labels: perFamily,
  });
  return {
    /** One removal of stale flows whose listing worked. */
    reconciled(family: IpFamily, seconds: number, deletedEntries: number): void {
      duration.observe({ ip_family: family }, seconds);
      deleted.add({ ip_family: family }, deletedEntries);
    },
  };
}

function restClientMetrics(registry: MetricRegistry) {
  const perVerb = ['verb', 'host'] as const;
  const histogram = (name: string, help: string, buckets: readonly number[]) =>
    registry.histogram({ name: `rest_client_${name}`, help, labels: perVerb, buckets });
  const requests = registry.counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server.',
    labels: ['code', 'method', 'host'],
  });
  const retries = registry.counter({
    name: 'rest_client_request_retries_total',
    help: 'Requests to the API server that were tried again.',
    labels: ['code', 'verb', 'host'],
  });
  const duration = histogram('request_duration_seconds', 'Time until an answer, in seconds.', requestBuckets);
  const limiter = histogram('rate_limiter_duration_seconds', 'Time that requests waited, in seconds.', requestBuckets);
  const sent = histogram('request_size_bytes', 'Size of request bodies, in bytes.', sizeBuckets);
  const received = histogram('response_size_bytes', 'Size of response bodies, in bytes.', sizeBuckets);
  return {
    finished({ code, method, host, durationSeconds, requestBytes, responseBytes }: FinishedRequest): void {
      const labels = { verb: method, host };
      requests.add({ code, method, host });
      duration.observe(labels, durationSeconds);
      sent.observe(labels, requestBytes);
      if (responseBytes !== undefined) received.observe(labels, responseBytes);
    },
    limited: (method: string, host: string, seconds: number) => limiter.observe({ verb: method, host }, seconds),
    retried: (code: string, method: string, host: string) => retries.add({ code, verb: method, host }),
  };
}

function registerBuild(registry: MetricRegistry, { build, features }: MetricsOptions): void {
  const labels = [
    'major',
    'minor',
    'git_version',
    'git_commit',
    'git_tree_state',
    'build_date',
    'go_version',
    'compiler',
    'platform',
  ] as const;
  const info = registry.gauge({
    name: 'kubernetes_build_info',
    help: 'Always 1; the labels describe the program.',
    labels,
  });
  const platform = `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const { major, minor, gitVersion, gitCommit, gitTreeState = '', buildDate } = build;
  const source = {
    git_version: gitVersion,
    git_commit: gitCommit,
    git_tree_state: gitTreeState,
    build_date: buildDate,
  };
  info.set({ major, minor, ...source, go_version: `node-${process.version}`, compiler: 'v8', platform }, 1);
  const enabled = registry.gauge({
    name: 'kubernetes_feature_enabled',
    help: 'Whether a feature gate is on.',
    labels: ['name', 'stage'],
  });
  for (const feature of features) {
    enabled.set({ name: feature.name, stage: feature.stage }, feature.enabled ? 1 : 0);
  }
}

/** One reading of the process serves all its metrics. */
function registerProcess(registry: MetricRegistry, readUsage: () => ProcessUsage): void {
  let usage = readUsage();
  const labels: readonly never[] = [];
  registry.readCounter({ name: 'process_cpu_seconds_total', help: 'Processor time used, in seconds.', labels }, () => {
    usage = readUsage();
    return usage.cpuSeconds;
  });
  const gauge = (name: string, help: string, read: () => number): void =>
    registry.readGauge({ name: `process_${name}`, help, labels }, read);
  gauge('start_time_seconds', 'Unix time at which the process started.', () => usage.startTimeSeconds);
  gauge('resident_memory_bytes', 'Memory in use, in bytes.', () => usage.residentBytes);
  gauge('virtual_memory_bytes', 'Address space in use, in bytes.', () => usage.virtualBytes);
  gauge('open_fds', 'Open file descriptors.', () => usage.openFileDescriptors);
  gauge('max_fds', 'Largest number of open file descriptors.', () => usage.maxFileDescriptors);
}
