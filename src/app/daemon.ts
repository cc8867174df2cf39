import { hostname } from 'node:os';
import { ClusterTables } from '../cluster/tables.ts';
import type { ProxierSettings } from '../config/config.ts';
import type { LoadedSettings } from '../config/effective-config.ts';
import type { CommandRunner } from '../kernel/rules/run-command.ts';
import type { ProxyEvent } from '../kubernetes/events/event.ts';
import type { Klog } from '../observe/klog.ts';
import type { Metrics } from '../observe/metrics.ts';
import { ChangeMeter } from './rounds/change-meter.ts';
import { checkFamilies } from './node/check-families.ts';
import { nodeSubject, ProblemFinder } from './rounds/find-problems.ts';
import { inventory } from './node/inventory.ts';
import { LiveProxierSettings } from './configuration/live-proxier-settings.ts';
import { NodeGate, usualAddressWaitMs } from './objects/node-gate.ts';
import { type NodeKernel, openNodeKernel, readableFamilies } from './node/node-kernel.ts';
import { type ObservingWork, startObserving } from './serving/observing.ts';
import { openObjects } from './objects/open-objects.ts';
import type { DaemonListener } from './rounds/round-report.ts';
import { type NodeWork, startServing } from './serving/serving.ts';
import { openStatusServer } from './status-socket/open-status-server.ts';
import { systemClock } from './system-clock.ts';

export interface DaemonOptions {
  readonly settings: LoadedSettings;
  readonly klog: Klog;
  readonly metrics: Metrics;
  readonly listener: DaemonListener;
  /** Whether changes reach the kernel in time, as health check ports tell; true where nobody watches over it. */
  readonly isHealthy?: () => boolean;
  /** Tell what serving would change, and change nothing. Default false. */
  readonly observes?: boolean;
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

/** The running program: objects in, kernel state out. Made by `startDaemon`. */
export interface Daemon {
  /** Tells of something that concerns this node, as an Event on it. */
  readonly announce: (event: Pick<ProxyEvent, 'type' | 'reason' | 'action' | 'note'>) => void;
  /** Serves from now on, where it has only observed so far. Rejects when the node cannot serve Services. */
  takeOver(): Promise<void>;
  /** Puts other settings of ours into force; what needs a new process is not looked at. */
  readonly reconfigure: (proxier: ProxierSettings) => void;
  /** Ends after the round that is running. The kernel stays as it is. */
  stop(): Promise<void>;
}

/** Wires everything and starts it. Rejects when the node cannot serve Services. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { settings, klog, metrics, observes = false, onFatal = () => {} } = options;
  const { config } = settings;
  const log = klog.named('app/daemon.ts');
  const clock = systemClock;
  const name = nodeName(settings);
  const ready = observes ? undefined : await openNodeKernel({ ...options, log });
  const families = ready?.families ?? (await readableFamilies(config.proxier.iptablesFlavour));

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
    isNodeListed: () => tables.nodesVersion > 0,
    clock,
    log,
    onWake: () => work.wake(),
    onGiveUp: onFatal,
    check: (node) => checkFamilies({ config, families, node, log }),
  });
  const shared = { settings, proxier, nodeName: name, tables, gate, meter, problems, clock };
  const serveOn = async (node: NodeKernel): Promise<NodeWork> => {
    const serving = startServing({ isHealthy: () => true, ...options, ...shared, ...node });
    const found = await inventory({ settings, ...node });
    log.info('Started', { node: name, mode: config.mode, ...found });
    metrics.mode.serving(true);
    return serving;
  };
  metrics.mode.serving(false);
  let observing: ObservingWork | undefined;
  let work: NodeWork;
  if (ready === undefined) work = observing = startObserving({ ...options, ...shared, families });
  else work = await serveOn(ready);
  const stopStatus = openStatusServer({
    path: config.proxier.statusSocket,
    nodeName: name,
    tables,
    holderOf: (key) => work.desired.holderOf(key),
    draining: () => work.draining?.() ?? [],
    clock,
    klog,
  });
  objects.source.start();
  const announce: Daemon['announce'] = (event) =>
    objects.write?.({ ...event, regarding: nodeSubject(name), scope: 'occurrence' });
  announce({ type: 'Normal', reason: 'Starting', action: 'StartKubeProxy', note: '' });
  return {
    announce,
    reconfigure(next) {
      proxier.replace(next);
      work.settingsChanged();
    },
    async takeOver() {
      const node = await openNodeKernel({ ...options, seen: observing?.seen(), log });
      await work.stop();
      work = await serveOn(node);
      work.wake();
    },
    async stop() {
      gate.close();
      objects.source.stop();
      await Promise.all([work.stop(), objects.stop(), stopStatus()]);
    },
  };
}
