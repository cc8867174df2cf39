import type { ClusterTables } from '../../cluster/tables.ts';
import type { ProxierSettings } from '../../config/config.ts';
import type { LoadedSettings } from '../../config/effective-config.ts';
import type { CommandRunner } from '../../kernel/rules/run-command.ts';
import { createSysctlDriver } from '../../kernel/sysctl/driver.ts';
import type { Clock } from '../../model/clock.ts';
import type { Klog } from '../../observe/klog.ts';
import type { Metrics } from '../../observe/metrics.ts';
import { ServiceHealthServers } from '../../observe/service-health.ts';
import type { DesiredState } from '../../reconcile/desired-state.ts';
import { Reconciler } from '../../reconcile/reconciler.ts';
import type { DrainingServers } from '../../reconcile/retirer.ts';
import { RunLoop } from '../../reconcile/run-loop.ts';
import { SysctlKeeper } from '../../reconcile/sysctl-keeper.ts';
import type { ChangeMeter } from '../rounds/change-meter.ts';
import { CountedChanges } from './counted-changes.ts';
import type { ProblemFinder } from '../rounds/find-problems.ts';
import { HealthCheckPorts } from './health-check-ports.ts';
import { HintLog } from '../rounds/hint-log.ts';
import { measuredDrivers } from '../node/measured-drivers.ts';
import { NoLocalEndpoints } from './no-local-endpoints.ts';
import type { NodeGate } from '../objects/node-gate.ts';
import type { NodeKernel } from '../node/node-kernel.ts';
import { watchInterfaces } from '../node/node-kernel.ts';
import { NodeTracker } from '../objects/node-tracker.ts';
import { removingLeftovers } from '../cleanup/leftover-listener.ts';
import { openTraffic } from './open-traffic.ts';
import type { PlanFollower } from '../rounds/plan-follower.ts';
import { wantedSysctls } from '../node/prepare-node.ts';
import { reconcileReport } from '../rounds/reconcile-report.ts';
import { type DaemonListener, RoundReport } from '../rounds/round-report.ts';
import { Rounds } from '../rounds/rounds.ts';
import { rulePlanner } from '../rounds/rule-planner.ts';
import { breathe } from '../system-clock.ts';

/** What the work on a node needs: objects, the kernel, and who is to be told. */
export interface WorkParts extends NodeKernel {
  readonly settings: LoadedSettings;
  /** The settings of ours in force, which may change while their users keep this object. */
  readonly proxier: ProxierSettings;
  readonly nodeName: string;
  readonly tables: ClusterTables;
  readonly gate: NodeGate;
  readonly meter: ChangeMeter;
  readonly problems: ProblemFinder;
  readonly listener: DaemonListener;
  readonly isHealthy: () => boolean;
  readonly runCommand?: CommandRunner;
  readonly klog: Klog;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** What is done on this node with the objects: see `startServing`. */
export interface NodeWork {
  readonly desired: Pick<DesiredState, 'holderOf' | 'plan'>;
  /** What drains right now; absent where nothing can. */
  readonly draining?: () => Iterable<DrainingServers>;
  /** Objects changed. */
  changed(): void;
  /** Something that was waited for has come, or its time is up. */
  wake(): void;
  /** Interfaces of the node have changed. */
  addressesChanged(): void;
  /** Somebody has changed in the kernel what is ours. */
  kernelChanged(): void;
  /** The settings of ours have changed. */
  settingsChanged(): void;
  /** Ends after the round that is running. The kernel stays as it is. */
  stop(): Promise<void>;
}

/** How long the last removal of stale flows may take when the program ends. */
const flowDeadlineMs = 2_000;

/** Keeps the kernel as the objects say. Nothing is written before they have been listed and the gate is open. */
export function startServing(parts: WorkParts): NodeWork {
  const { settings, proxier, nodeName, tables, gate, meter, problems, kernel, rules, families } = parts;
  const { klog, metrics, clock } = parts;
  const { config } = settings;
  const log = klog.named('app/serving/serving.ts');
  const tracker = new NodeTracker({
    tables,
    driver: kernel.address,
    config,
    nodeName,
    families,
    onReadFailed: (error) => log.error('Addresses of the node cannot be read, those last read stay', error),
  });
  const traffic = openTraffic({ proxier, tables, desired: () => reconciler.desired, metrics, clock });
  const observer = reconcileReport(klog.named('reconcile/reconciler.ts'), metrics, problems);
  const reconciler = new Reconciler({
    tables,
    drivers: measuredDrivers({ ...kernel, rules }, metrics, clock, traffic),
    config: { ...config, proxier },
    families,
    planRules: rulePlanner({
      config: { ...config, proxier },
      driver: rules,
      podCidrs: () => tables.node(nodeName)?.podCidrs ?? [],
      log,
      onLeftOut: (...left) => problems.rulesLeftOut(...left),
    }),
    sysctls: new SysctlKeeper({ driver: createSysctlDriver(), wanted: wantedSysctls(config), observer }),
    clock,
    observer,
    onFlowsCleaned: (...cleaning) => metrics.conntrack.reconciled(...cleaning),
    breathe,
  });
  const noLocalEndpoints = new NoLocalEndpoints();
  const healthCheckPorts = openHealthCheckPorts(parts);
  const hintLog = new HintLog({ tables, nodeName, log: klog.named('app/rounds/hint-log.ts') });
  const report = new RoundReport({
    families,
    metrics,
    listener: removingLeftovers(parts.listener, { config, rules, clock, log, runCommand: parts.runCommand }),
    meter,
    noLocalEndpoints,
    healthCheckPorts,
    reconciler,
    onSetFill: (fill) => problems.setFilled(fill),
    onEnded: () => problems.interfaceIsUp(kernel.address.isLeftUp),
    clock,
    log,
  });
  const followers: readonly PlanFollower[] = [
    (planned) => noLocalEndpoints.follow(planned),
    (planned) => healthCheckPorts.follow(planned),
    (planned) => problems.follow(planned),
    (planned) => hintLog.follow(planned),
  ];
  const follower: PlanFollower = (planned) => {
    for (const follow of followers) follow(planned);
  };
  const rounds = new Rounds({ tables, gate, tracker, reconciler, follower, listener: report, clock, log });
  const loop = new RunLoop({
    round: () => rounds.run(),
    nextDueMs: () => (tables.inSync && gate.isOpen ? reconciler.nextDueMs() : undefined),
    clock,
    minIntervalMs: config.minSyncPeriodMs,
    retryMs: 1_000,
    onError: (error) => log.error('Round failed, will be repeated', error),
  });
  const needsPodCidrs = config.localDetection.mode === 'NodeCIDR';
  const changes = new CountedChanges({ tables, gate, nodeName, needsPodCidrs });
  const work: Omit<NodeWork, 'stop'> = {
    desired: reconciler.desired,
    draining: () => reconciler.draining(),
    changed() {
      if (changes.counts()) report.requested();
      loop.request();
    },
    wake: () => loop.request(),
    addressesChanged() {
      tracker.addressesChanged();
      loop.request();
    },
    kernelChanged() {
      reconciler.requestAudit();
      loop.request();
    },
    settingsChanged() {
      rounds.replanAll();
      reconciler.replanRules();
      reconciler.requestAudit();
      loop.request();
    },
  };
  const stopWatching = watchInterfaces(
    kernel,
    () => work.addressesChanged(),
    () => work.kernelChanged(),
    log,
  );
  report.loopStarted();
  return {
    ...work,
    async stop() {
      stopWatching();
      await Promise.all([loop.stop(), healthCheckPorts.close()]);
      const left = await reconciler.flows.stop(flowDeadlineMs);
      if (left > 0) log.info('Flows to UDP endpoints that are gone were not removed', { virtualServers: left });
      kernel.close();
    },
  };
}

/** One set of servers per family: a port may be free in one and taken in the other. */
function openHealthCheckPorts({ settings, klog, isHealthy, families, problems, clock }: WorkParts): HealthCheckPorts {
  const serversOf = () =>
    new ServiceHealthServers({
      isProxierHealthy: isHealthy,
      clock,
      log: klog.named('observe/service-health.ts'),
      onListenFailed: (port, error) => problems.portFailed(port, error),
    });
  return new HealthCheckPorts(new Map(families.map((family) => [family, serversOf()])), settings.config);
}
