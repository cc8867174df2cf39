import { release } from 'node:os';
import type { LoadedSettings } from '../config/effective-config.ts';
import { watchEventLoopLag } from '../observe/event-loop-lag.ts';
import { ProxierHealth } from '../observe/health.ts';
import type { Klog } from '../observe/klog.ts';
import type { Log } from '../observe/log.ts';
import { createMetrics } from '../observe/metrics.ts';
import { readProcessUsage } from '../observe/process-usage.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { serve } from './serve.ts';
import { systemClock } from './system-clock.ts';
import { programVersion } from './version.ts';

/**
 * Starts the proxier with its servers and leaves it running. SIGTERM and SIGINT end the process after the round that
 * is running; the kernel stays as it is, so traffic goes on. Rejects when the node cannot serve Services.
 */
export async function runProxier(options: { readonly settings: LoadedSettings; readonly klog: Klog }): Promise<void> {
  const { settings, klog } = options;
  const log = klog.named('app/run-proxier.ts');
  log.info('Starting ipvs-proxier', { version: programVersion, node: process.version, kernel: release() });
  const health = new ProxierHealth({ timeoutMs: 2 * settings.config.syncPeriodMs, nowMs: () => Date.now() });
  if (settings.manifests.length > 0) health.setNode({ isBeingDeleted: false, taintKeys: [] });
  const metrics = openMetrics(settings);
  const daemon = await startDaemon({
    settings,
    klog,
    metrics,
    listener: {
      queued: (families) => {
        for (const family of families) health.queued(family);
      },
      succeeded: (families) => {
        for (const family of families) health.updated(family);
      },
      nodeSeen: (leaving) => health.setNode({ isBeingDeleted: leaving, taintKeys: [] }),
    },
  });
  const onFatal = (error: Error) => {
    log.error('command failed', error);
    klog.flush();
    process.exit(1);
  };
  const stopServing = serve({ settings, klog, metrics, health, startTimeMs: Date.now(), onFatal });
  const stopLag = watchEventLoopLag(systemClock, metrics.proxier.eventLoopLag);
  stopOnSignal({ log, klog, daemon, stopServing, stopLag });
}

function openMetrics(settings: LoadedSettings) {
  const { major, minor, text } = settings.version;
  const build = { major: String(major), minor: String(minor), gitVersion: text, gitCommit: '', buildDate: '' };
  return createMetrics({
    build: { ...build, programVersion },
    features: settings.featureGates,
    processUsage: readProcessUsage,
  });
}

/** Longest time that the round in progress may take to end. */
const stopDeadlineMs = 5_000;

function stopOnSignal(parts: {
  readonly log: Log;
  readonly klog: Klog;
  readonly daemon: Daemon;
  readonly stopServing: () => Promise<void>;
  readonly stopLag: () => void;
}): void {
  const keepAlive = setInterval(() => {}, 2 ** 30);
  const stop = (signal: NodeJS.Signals) => {
    parts.log.info('Stopping; Services stay programmed', { signal });
    const exit = () => {
      clearInterval(keepAlive);
      parts.klog.flush();
      process.exit(0);
    };
    setTimeout(exit, stopDeadlineMs).unref();
    parts.stopLag();
    void Promise.allSettled([parts.daemon.stop(), parts.stopServing()]).then(exit);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
