import { hostname } from 'node:os';
import { ClusterTables } from '../cluster/tables.ts';
import type { LoadedSettings } from '../config/effective-config.ts';
import { probeScheduler } from '../kernel/ipvs/probe.ts';
import { IptablesRulesDriver } from '../kernel/rules/driver.ts';
import { createSysctlDriver } from '../kernel/sysctl/driver.ts';
import { ManifestSource } from '../kubernetes/watch/manifest-source.ts';
import type { ObjectSource } from '../kubernetes/source.ts';
import type { Klog } from '../observe/klog.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { Reconciler } from '../reconcile/reconciler.ts';
import { RunLoop } from '../reconcile/run-loop.ts';
import { InterfaceWatch } from './interface-watch.ts';
import { type Kernel, openKernel } from './open-kernel.ts';
import { openApiSource } from './open-source.ts';
import { NodeTracker } from './node-tracker.ts';
import { prepareNode } from './prepare-node.ts';
import { reconcileReport } from './reconcile-report.ts';
import { Rounds, type RoundListener } from './rounds.ts';
import { rulePlanner } from './rule-planner.ts';
import { breathe, systemClock } from './system-clock.ts';

export interface DaemonOptions {
  readonly settings: LoadedSettings;
  readonly klog: Klog;
  readonly metrics: Metrics;
  readonly listener: RoundListener;
}

/** The name under which the API knows this node. */
export function nodeName(settings: LoadedSettings): string {
  const name = settings.config.hostnameOverride === '' ? hostname() : settings.config.hostnameOverride;
  return name.trim().toLowerCase();
}

/** Opens the kernel and makes the settings that need more rights than running does. Throws for what cannot be had. */
export async function prepareKernel(settings: LoadedSettings, log: Log): Promise<Kernel> {
  const { config } = settings;
  const kernel = await openKernel(log);
  const refusal = await probeScheduler(kernel.ipvs, config.ipvs.scheduler);
  if (refusal !== undefined) throw refusal;
  await prepareNode({
    config,
    sysctl: createSysctlDriver(),
    sysfs: createSysctlDriver({ root: '/sys' }),
    ipvs: kernel.ipvs,
    log,
  });
  return kernel;
}

/** The running program: objects in, kernel state out. Made by `startDaemon`. */
export interface Daemon {
  /** Ends after the round that is running. The kernel stays as it is. */
  stop(): Promise<void>;
}

/** Wires everything and starts it. Rejects when the node cannot serve Services. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { settings, klog, metrics, listener } = options;
  const { config } = settings;
  const log = klog.named('app/daemon.ts');
  const kernel = await prepareKernel(settings, log);
  const rules = new IptablesRulesDriver({ flavour: config.proxier.iptablesFlavour });
  const families = await rules.families();
  if (families.length === 0) throw new Error('iptables is not available on this host: install iptables 1.6.2 or later');
  const name = nodeName(settings);
  const tables = new ClusterTables(() => {
    listener.queued(families);
    loop.request();
  });
  const tracker = new NodeTracker({ tables, driver: kernel.address, config, nodeName: name, families });
  const reconciler = new Reconciler({
    tables,
    drivers: { ...kernel, rules },
    config,
    families,
    planRules: rulePlanner({ config, driver: rules, podCidrs: () => tables.node(name)?.podCidrs ?? [], log }),
    clock: systemClock,
    observer: reconcileReport(klog.named('reconcile/reconciler.ts'), {
      operationsApplied: (kind, count) => metrics.proxier.operations(kind, 'applied', count),
      operationsFailed: (kind, count) => metrics.proxier.operations(kind, 'failed', count),
      driftRepaired: (kind, count) => metrics.proxier.driftRepaired(kind, count),
    }),
    breathe,
  });
  const rounds = new Rounds({ tables, tracker, reconciler, families, metrics, listener, log });
  const loop = new RunLoop({
    round: () => rounds.run(),
    nextDueMs: () => (tables.inSync ? reconciler.nextDueMs() : undefined),
    clock: systemClock,
    minIntervalMs: config.minSyncPeriodMs,
    retryMs: 1_000,
    onError: (error) => log.error('Round failed, will be repeated', error),
  });
  const addressesChanged = () => {
    tracker.addressesChanged();
    loop.request();
  };
  const auditNow = () => {
    reconciler.requestAudit();
    loop.request();
  };
  const stopWatching = watchInterfaces(kernel, addressesChanged, auditNow, log);
  const source = await openSource(settings, tables, name, klog);
  source.start();
  log.info('Started', {
    node: name,
    mode: config.mode,
    families: families.join(','),
    scheduler: config.ipvs.scheduler,
  });
  return {
    async stop() {
      source.stop();
      stopWatching();
      await loop.stop();
      kernel.close();
    },
  };
}

async function openSource(
  settings: LoadedSettings,
  sink: ClusterTables,
  name: string,
  klog: Klog,
): Promise<ObjectSource> {
  if (settings.manifests.length > 0) {
    return new ManifestSource({
      paths: settings.manifests,
      sink,
      clock: systemClock,
      log: klog.named('kubernetes/watch/manifest-source.ts'),
    });
  }
  const { source } = await openApiSource({
    connection: settings.config.clientConnection,
    nodeName: name,
    version: settings.version.text,
    sink,
    log: klog.named('kubernetes/watch/reflector.ts'),
  });
  return source;
}

/** Interfaces are followed by notification; without the addon they are read again from time to time. */
function watchInterfaces(kernel: Kernel, onNodeChange: () => void, onOwnInterfaceRemoved: () => void, log: Log) {
  const { addon } = kernel;
  if (addon === undefined) return everyPeriod(30_000, onNodeChange);
  const watch = new InterfaceWatch({
    addon,
    ownInterfaceIndex: () => kernel.address.interfaceIndex,
    onNodeChange,
    onOwnInterfaceRemoved,
    onFailure: (error) => log.error('No longer told of changes of addresses', error),
  });
  return () => watch.close();
}

function everyPeriod(periodMs: number, action: () => void): () => void {
  const timer = setInterval(action, periodMs);
  timer.unref();
  return () => clearInterval(timer);
}
