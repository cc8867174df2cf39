import { countBuckets, fineBuckets } from './buckets.ts';
import type { MetricRegistry } from './metric-registry.ts';

/** Outcome of an operation on the kernel. */
type OperationOutcome = 'applied' | 'failed';

/** Kinds of objects that are listed and watched. */
export type WatchedResource = 'services' | 'endpointslices' | 'nodes' | 'servicecidrs';

/** Registers our own metrics. Labels take few values each: kinds of operations, drivers, resources. */
export function proxierMetrics(
  registry: MetricRegistry,
  build: { readonly programVersion: string; readonly gitCommit: string },
) {
  const info = registry.gauge({
    name: 'ipvs_proxier_build_info',
    help: 'Always 1; the labels describe the program.',
    labels: ['version', 'commit', 'node_version'],
  });
  info.set({ version: build.programVersion, commit: build.gitCommit, node_version: process.version }, 1);
  return {
    ...operationMetrics(registry),
    ...serverMetrics(registry),
    ...processMetrics(registry),
    api: apiMetrics(registry),
  };
}

function operationMetrics(registry: MetricRegistry) {
  const operations = registry.counter({
    name: 'ipvs_proxier_operations_total',
    help: 'Operations on the kernel, by kind and outcome.',
    labels: ['kind', 'outcome'],
  });
  const failed = registry.gauge({
    name: 'ipvs_proxier_objects_failed',
    help: 'Objects whose last operation failed; each is tried again after 0.5 to 30 seconds, by kind.',
    labels: ['kind'],
  });
  const pending = registry.gauge({
    name: 'ipvs_proxier_objects_pending',
    help: 'Objects that were not as wanted when the last round ended, by kind; flow: virtual servers whose stale UDP flows are still to be removed.',
    labels: ['kind'],
  });
  const repairs = registry.counter({
    name: 'ipvs_proxier_drift_repairs_total',
    help: 'Differences found in the kernel that nobody asked for, and repaired, by kind of operation.',
    labels: ['kind'],
  });
  const batchSize = registry.histogram({
    name: 'ipvs_proxier_batch_operations',
    help: 'Operations sent to the kernel at once.',
    labels: ['driver'],
    buckets: countBuckets,
  });
  const batchDuration = registry.histogram({
    name: 'ipvs_proxier_batch_duration_seconds',
    help: 'Time until the kernel has answered a batch, in seconds.',
    labels: ['driver'],
    buckets: fineBuckets,
  });
  return {
    operations: (kind: string, outcome: OperationOutcome, count = 1) => operations.add({ kind, outcome }, count),
    objectsPending: (kind: string, count: number) => pending.set({ kind }, count),
    objectsFailed: (kind: string, count: number) => failed.set({ kind }, count),
    driftRepaired: (kind: string, count = 1) => repairs.add({ kind }, count),
    batchFinished(driver: string, operationCount: number, seconds: number): void {
      batchSize.observe({ driver }, operationCount);
      batchDuration.observe({ driver }, seconds);
    },
  };
}

function serverMetrics(registry: MetricRegistry) {
  const fill = registry.gauge({
    name: 'ipvs_proxier_set_fill_ratio',
    help: 'How full the fullest IP set is: 1 is full.',
    labels: [],
  });
  const entries = registry.gauge({
    name: 'ipvs_proxier_set_entries',
    help: 'Entries that are wanted in an IP set.',
    labels: ['set'],
  });
  const capacity = registry.gauge({
    name: 'ipvs_proxier_set_capacity',
    help: 'Most entries that an IP set takes before it is made anew.',
    labels: ['set'],
  });
  const draining = registry.gauge({
    name: 'ipvs_proxier_virtual_servers_draining',
    help: 'Virtual servers with real servers that drain.',
    labels: [],
  });
  const problems = registry.counter({
    name: 'ipvs_proxier_problems_total',
    help: 'Problems found in objects, each counted once while it lasts; the reason is that of the Event.',
    labels: ['reason'],
  });
  return {
    setFilled(set: { readonly name: string; readonly entries: number; readonly maxElements: number }): void {
      entries.set({ set: set.name }, set.entries);
      capacity.set({ set: set.name }, set.maxElements);
    },
    fullestSet: (ratio: number) => fill.set({}, ratio),
    serversDraining: (count: number) => draining.set({}, count),
    problemFound: (reason: string) => problems.add({ reason }),
  };
}

function processMetrics(registry: MetricRegistry) {
  const labels: readonly never[] = [];
  const lag = registry.histogram({
    name: 'ipvs_proxier_event_loop_lag_seconds',
    help: 'How late timers ran, in seconds.',
    labels,
    buckets: fineBuckets,
  });
  registry.readGauge(
    { name: 'ipvs_proxier_heap_used_bytes', help: 'JavaScript heap in use, in bytes.', labels },
    () => process.memoryUsage().heapUsed,
  );
  return {
    eventLoopLag: (seconds: number) => lag.observe({}, seconds),
  };
}

function apiMetrics(registry: MetricRegistry) {
  const perResource = ['resource'] as const;
  const counter = (name: string, help: string) =>
    registry.counter({ name: `ipvs_proxier_api_${name}_total`, help, labels: perResource });
  const events = registry.counter({
    name: 'ipvs_proxier_api_events_total',
    help: 'Events received, by resource and type.',
    labels: ['resource', 'type'],
  });
  const counters = {
    reconnects: counter('reconnects', 'Watches that were opened again.'),
    relists: counter('relists', 'Complete listings after the first.'),
    errors: counter('errors', 'Requests and watches that failed.'),
    decodeErrors: counter('decode_errors', 'Objects that could not be decoded.'),
  };
  const switches = registry.counter({
    name: 'ipvs_proxier_api_server_switches_total',
    help: 'Times that another API server was turned to: what was wrong with the former one, or that a preferred one works again.',
    labels: ['reason'],
  });
  const used = registry.gauge({
    name: 'ipvs_proxier_api_server_used',
    help: '1 for the API server that new requests go to, 0 for those they went to before.',
    labels: ['server'],
  });
  let current: string | undefined;
  const shown = new Map<string, ApiTotals>();
  return {
    /** Host and port of the server that is used from now on. */
    serverUsed(server: string): void {
      if (current !== undefined) used.set({ server: current }, 0);
      used.set({ server }, 1);
      current = server;
    },
    serverSwitched: (reason: string) => switches.add({ reason }),
    event: (resource: WatchedResource, type: 'added' | 'modified' | 'deleted', count = 1) =>
      events.add({ resource, type }, count),
    /** Totals since the start, for the counters to catch up with. */
    reached(resource: WatchedResource, totals: ApiTotals): void {
      const before = shown.get(resource);
      shown.set(resource, { ...totals });
      for (const name of ['reconnects', 'relists', 'errors', 'decodeErrors'] as const) {
        counters[name].add({ resource }, totals[name] - (before?.[name] ?? 0));
      }
    },
  };
}

/** What has happened to the watch of one resource since the start. */
interface ApiTotals {
  readonly reconnects: number;
  readonly relists: number;
  readonly errors: number;
  readonly decodeErrors: number;
}
