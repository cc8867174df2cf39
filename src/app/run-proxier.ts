import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { type LoadedSettings, loadConfig } from '../config/effective-config.ts';
import type { IpFamily } from '../model/ip.ts';
import { watchEventLoopLag } from '../observe/event-loop-lag.ts';
import { ProxierHealth } from '../observe/health.ts';
import type { Klog } from '../observe/klog.ts';
import { createMetrics } from '../observe/metrics.ts';
import { readProcessUsage } from '../observe/process-usage.ts';
import { buildSource } from './build-info.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import type { endOnSignal } from './end-on-signal.ts';
import { LiveConfiguration } from './configuration/live-configuration.ts';
import { adjustOomScore } from './node/oom-score.ts';
import { operate } from './operate.ts';
import type { DaemonListener } from './rounds/round-report.ts';
import { serve } from './serving/serve.ts';
import { memorySettler } from './settle-memory.ts';
import { systemClock } from './system-clock.ts';
import { programVersion, version } from './version.ts';

/**
 * Starts the proxier with its servers and leaves it running. SIGTERM and SIGINT end the process after the round that
 * is running; the kernel stays as it is, so traffic goes on. SIGHUP reads the configuration files again. Rejects when
 * the node cannot serve Services.
 */
export async function runProxier(options: {
  readonly settings: LoadedSettings;
  readonly klog: Klog;
  readonly signals: ReturnType<typeof endOnSignal>;
}): Promise<void> {
  const { settings, klog, signals } = options;
  const { config } = settings;
  const log = klog.named('app/run-proxier.ts');
  log.info('Starting ipvs-proxier', {
    version: programVersion,
    commit: buildSource.commit,
    node: process.version,
    kernel: release(),
  });
  const health = new ProxierHealth({ timeoutMs: 2 * config.syncPeriodMs, ...systemClock });
  if (settings.manifests.length > 0) health.setNode({ isBeingDeleted: false, taintKeys: [] });
  const metrics = openMetrics(settings);
  const onFatal = (error: Error) => {
    log.error('command failed', error);
    klog.flush();
    process.exit(1);
  };
  const startTimeMs = Date.now();
  const stopServing: (() => Promise<void>)[] = [];
  const { daemon, stop } = await operate({
    config,
    start: (observes) =>
      startDaemon({
        settings,
        klog,
        metrics,
        listener: healthListener(health, memorySettler(systemClock)),
        isHealthy: () => config.healthzBindAddress === undefined || health.isHealthy(),
        observes,
        onFatal,
      }),
    listen: ({ announce }, addresses) => {
      const onFailed = (error: Error, reason: string) => {
        announce({ type: 'Warning', reason, action: 'StartKubeProxy', note: error.message });
        systemClock.schedule(lastWordsMs, () => onFatal(error));
      };
      stopServing.push(serve({ settings, klog, metrics, health, startTimeMs, addresses, onFatal: onFailed }));
    },
    onFatal,
    clock: systemClock,
    log,
  });
  adjustOomScore(config.oomScoreAdjustment, { clock: systemClock, log });
  const live = followConfiguration(settings, { klog, daemon, onFatal });
  const stopLag = watchEventLoopLag(systemClock, metrics.proxier.eventLoopLag);
  const stopAll = () => Promise.allSettled([stop(), ...stopServing.map((each) => each())]);
  signals.working({
    reload: () => live.reload(),
    async stop() {
      stopLag();
      live.stop();
      await stopAll();
    },
  });
  setInterval(() => {}, 2 ** 30); // nothing else keeps the process alive: all other timers are for while it lives
}

/** How long an Event that explains the end of the process has to get through. */
const lastWordsMs = 2_000;

function healthListener(health: ProxierHealth, settleMemory: () => void): DaemonListener {
  const updated = (families: readonly IpFamily[]) => {
    for (const family of families) health.updated(family);
  };
  return {
    started: updated,
    queued(families) {
      for (const family of families) health.queued(family);
    },
    succeeded(families) {
      updated(families);
      settleMemory();
    },
    nodeSeen: (leaving) => health.setNode({ isBeingDeleted: leaving, taintKeys: [] }),
  };
}

function followConfiguration(
  settings: LoadedSettings,
  { klog, daemon, onFatal }: { klog: Klog; daemon: Daemon; onFatal: (error: Error) => void },
): LiveConfiguration {
  const log = klog.named('app/configuration/live-configuration.ts');
  const live = new LiveConfiguration({
    settings,
    files: [settings.configFile, settings.flags['proxier-config'] ?? ''].filter(Boolean),
    reload: () => {
      const readFile = (path: string) => readFileSync(path, 'utf8');
      const invocation = loadConfig({ argv: process.argv.slice(2), readFile, version });
      if (!('settings' in invocation)) throw new Error(`the command line now means ${invocation.kind}`);
      return invocation.settings;
    },
    setVerbosity: (verbosity) => klog.setVerbosity(verbosity),
    setProxierSettings: (proxier) => daemon.reconfigure(proxier),
    onFatal,
    clock: systemClock,
    log,
  });
  live.start();
  if (settings.configFile !== '' || settings.flags['proxier-config'] !== '') live.catchUp();
  return live;
}

function openMetrics(settings: LoadedSettings) {
  const { major, minor, text } = settings.version;
  const kubernetes = { major: String(major), minor: String(minor), gitVersion: text };
  const { commit, treeState, date } = buildSource;
  return createMetrics({
    build: { ...kubernetes, gitCommit: commit, gitTreeState: treeState, buildDate: date, programVersion },
    features: settings.featureGates,
    processUsage: readProcessUsage,
  });
}
