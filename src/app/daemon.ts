import { hostname } from 'node:os';
import { ClusterTables } from '../cluster/tables.ts';
import type { ProxierSettings } from '../config/config.ts';
import type { LoadedSettings } from '../config/effective-config.ts';
import { IptablesRulesDriver } from '../kernel/rules/driver.ts';
import type { CommandRunner } from '../kernel/rules/run-command.ts';
import { createSysctlDriver } from '../kernel/sysctl/driver.ts';
import type { ProxyEvent } from '../kubernetes/events/event.ts';
import type { Klog } from '../observe/klog.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { ChangeMeter } from './change-meter.ts';
import { checkFamilies } from './check-families.ts';
import { nodeSubject, ProblemFinder } from './find-problems.ts';
import { InterfaceWatch } from './interface-watch.ts';
import { inventory } from './inventory.ts';
import { LiveProxierSettings } from './live-proxier-settings.ts';
import { NodeGate, usualAddressWaitMs } from './node-gate.ts';
import { openObjects } from './open-objects.ts';
import type { DaemonListener } from './round-report.ts';
import { type Kernel, openKernel } from './open-kernel.ts';
import { prepareNode } from './prepare-node.ts';
import { requireScheduler } from './require-scheduler.ts';
import { startServing } from './serving.ts';
import { openStatusServer } from './status-socket/open-status-server.ts';
import { systemClock } from './system-clock.ts';

export interface DaemonOptions {
  readonly settings: LoadedSettings;
  readonly klog: Klog;
  readonly metrics: Metrics;
  readonly listener: DaemonListener;
  /** Whether changes reach the kernel in time, as health check ports tell; true where nobody watches over it. */
  readonly isHealthy?: () => boolean;
  /** Runs iptables; by default as children of this process. */
  readonly runCommand?: CommandRunner;
  /** The program cannot go on. By default it goes on waiting for what is missing. */
  readonly onFatal?: (error: Error) => void;
}

/** The name under which the API knows this node. */
function nodeName(settings: LoadedSettings): string {
  const name = settings.config.hostnameOverride === '' ? hostname() : settings.config.hostnameOverride;
  const usable = name.trim().toLowerCase();
  if (usable === '') throw new Error('the host name of the operating system is blank; use --hostname-override');
  return usable;
}

/** Opens the kernel and makes the settings that need more rights than running does. Throws for what cannot be had. */
export async function prepareKernel(
  settings: LoadedSettings,
  log: Log,
  onVirtualServers?: (operations: number) => void,
): Promise<Kernel> {
  const { config } = settings;
  const kernel = await openKernel(log);
  await requireScheduler({
    ipvs: kernel.ipvs,
    scheduler: config.ipvs.scheduler,
    log,
    ...(onVirtualServers && { onWritten: onVirtualServers }),
  });
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
  /** Tells of something that concerns this node, as an Event on it. */
  readonly announce: (event: Pick<ProxyEvent, 'type' | 'reason' | 'action' | 'note'>) => void;
  /** Puts other settings of ours into force; what needs a new process is not looked at. */
  readonly reconfigure: (proxier: ProxierSettings) => void;
  /** Ends after the round that is running. The kernel stays as it is. */
  stop(): Promise<void>;
}

/** Wires everything and starts it. Rejects when the node cannot serve Services. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { settings, klog, metrics, runCommand, onFatal = () => {} } = options;
  const { config } = settings;
  const log = klog.named('app/daemon.ts');
  const clock = systemClock;
  const name = nodeName(settings);
  const kernel = await prepareKernel(settings, log, (operations) =>
    metrics.proxier.operations('virtualServer', 'applied', operations),
  );
  const flavour = config.proxier.iptablesFlavour;
  const rules = new IptablesRulesDriver({ flavour, ...(runCommand && { run: runCommand }) });
  const families = await rules.families();
  if (families.length === 0) throw new Error('iptables is not available on this host: install iptables 1.6.2 or later');

  const proxier = new LiveProxierSettings(config.proxier);
  const tables = new ClusterTables(() => work.changed());
  const meter = new ChangeMeter({ tables, families, metrics, clock });
  const objects = await openObjects({ settings, klog, metrics, nodeName: name, sink: meter, clock });
  const desired = () => work.desired;
  const problems = new ProblemFinder({ book: objects.problems, tables, desired, nodeName: name });
  objects.onFaults = (object) => problems.faulty(object);
  const gate = new NodeGate({
    nodeName: name,
    addressWaitMs: settings.manifests.length > 0 ? 0 : usualAddressWaitMs,
    needsPodCidrs: config.localDetection.mode === 'NodeCIDR',
    clock,
    log,
    onWake: () => work.wake(),
    onGiveUp: onFatal,
    check: (node) => checkFamilies({ config, families, node, log }),
  });
  const shared = { settings, proxier, nodeName: name, tables, gate, meter, problems, kernel, rules, families };
  const work = startServing({ isHealthy: () => true, ...options, ...shared, clock });
  const stopWatching = watchInterfaces(
    kernel,
    () => work.addressesChanged(),
    () => work.kernelChanged(),
    log,
  );
  const stopStatus = openStatusServer({
    path: config.proxier.statusSocket,
    nodeName: name,
    tables,
    draining: () => work.draining?.() ?? [],
    clock,
    klog,
  });
  objects.source.start();
  log.info('Started', { node: name, mode: config.mode, ...(await inventory({ settings, kernel, rules, families })) });
  const announce: Daemon['announce'] = (event) =>
    objects.write?.({ ...event, regarding: nodeSubject(name), scope: 'occurrence' });
  announce({ type: 'Normal', reason: 'Starting', action: 'StartKubeProxy', note: '' });
  return {
    announce,
    reconfigure(next) {
      proxier.replace(next);
      work.settingsChanged();
    },
    async stop() {
      gate.close();
      objects.source.stop();
      stopWatching();
      await Promise.all([work.stop(), objects.stop(), stopStatus()]);
      kernel.close();
    },
  };
}

/** Interfaces are followed by notification; without the addon, or once that has ended, they are read from time to time. */
function watchInterfaces(kernel: Kernel, onNodeChange: () => void, onOwnInterfaceRemoved: () => void, log: Log) {
  const { addon } = kernel;
  const readPeriodically = () => everyPeriod(30_000, onNodeChange);
  if (addon === undefined) return readPeriodically();
  let stopReading = () => {};
  const watch = new InterfaceWatch({
    addon,
    ownInterfaceIndex: () => kernel.address.interfaceIndex,
    onNodeChange,
    onOwnInterfaceRemoved,
    onFailure: (error) => {
      log.error('No longer told of changes of addresses, reading them every 30 seconds', error);
      stopReading = readPeriodically();
    },
  });
  return () => {
    watch.close();
    stopReading();
  };
}

function everyPeriod(periodMs: number, action: () => void): () => void {
  const timer = setInterval(action, periodMs);
  timer.unref();
  return () => clearInterval(timer);
}
