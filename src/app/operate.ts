import type { ListenAddress, ProxyConfig } from '../config/config.ts';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../observe/log.ts';
import type { Daemon } from './daemon.ts';
import { findOtherProxies } from './other-proxy/find-other-proxies.ts';
import type { OtherProxy } from './other-proxy/other-proxy.ts';
import { proxyProcesses } from './other-proxy/proxy-processes.ts';
import { requireNoOtherProxy } from './other-proxy/require-no-other-proxy.ts';
import { TakeOver } from './other-proxy/take-over.ts';

/** Where the health and the metrics server listen; undefined for not at all. */
export interface ServedAddresses {
  readonly healthz: ListenAddress | undefined;
  readonly metrics: ListenAddress | undefined;
}

export interface OperateOptions {
  readonly config: ProxyConfig;
  /** Starts the daemon, serving or observing. */
  readonly start: (observes: boolean) => Promise<Daemon>;
  /** Opens the health and the metrics server there. */
  readonly listen: (daemon: Daemon, addresses: ServedAddresses) => void;
  readonly onFatal: (error: Error) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly findOthers?: typeof findOtherProxies;
  readonly findProcesses?: () => readonly OtherProxy[];
}

/** A daemon at work. */
interface Operation {
  readonly daemon: Daemon;
  /** Ends it; the kernel stays as it is. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts the daemon as `operation` says: `active` only where no other Service proxy is alive, unless that is to be
 * ignored; `observe` and `takeover` beside one, on ports of their own. Rejects with `OtherProxyError`, or when the node
 * cannot serve Services.
 */
export async function operate(options: OperateOptions): Promise<Operation> {
  const { config, start, listen, clock } = options;
  const { mode, otherProxy } = config.proxier.operation;
  const usual: ServedAddresses = { healthz: config.healthzBindAddress, metrics: config.metricsBindAddress };
  if (mode === 'active') {
    if (otherProxy === 'refuse') await withoutEnding(() => requireNoOtherProxy({ find: finder(options), clock }));
    const daemon = await start(false);
    listen(daemon, usual);
    return { daemon, stop: () => daemon.stop() };
  }
  const daemon = await start(true);
  listen(daemon, waitingAddresses(config));
  if (mode === 'observe') return { daemon, stop: () => daemon.stop() };
  const takeOver = startTakeOver(options, daemon, () => listen(daemon, usual));
  return {
    daemon,
    async stop() {
      await takeOver.stop();
      await daemon.stop();
    },
  };
}

function startTakeOver(options: OperateOptions, daemon: Daemon, onServing: () => void) {
  const { onFatal, clock, log, findProcesses = proxyProcesses } = options;
  const takeOver = new TakeOver({
    find: finder(options),
    findProcesses,
    async serve() {
      await daemon.takeOver();
      onServing();
    },
    stepBack: (error) => void daemon.stop().finally(() => onFatal(error)),
    announce: daemon.announce,
    onFatal,
    clock,
    log,
  });
  takeOver.start();
  return takeOver;
}

/** Never asks the ports on which this process listens while it waits. */
function finder({ config, findOthers = findOtherProxies }: OperateOptions) {
  const { mode, waitingHealthzPort, waitingMetricsPort } = config.proxier.operation;
  const ownPorts = mode === 'active' ? [] : [waitingHealthzPort, waitingMetricsPort];
  return () => findOthers(config, ownPorts);
}

/** The usual hosts with the ports that are set for waiting. */
function waitingAddresses(config: ProxyConfig): ServedAddresses {
  const { waitingHealthzPort, waitingMetricsPort } = config.proxier.operation;
  const at = (usual: ListenAddress | undefined, port: number) =>
    usual === undefined || port === 0 ? undefined : { host: usual.host, port };
  return {
    healthz: at(config.healthzBindAddress, waitingHealthzPort),
    metrics: at(config.metricsBindAddress, waitingMetricsPort),
  };
}

/** Timers of the clock do not keep the process alive, and before the start nothing else does. */
async function withoutEnding(work: () => Promise<void>): Promise<void> {
  const keepAlive = setInterval(() => {}, 2 ** 30);
  try {
    await work();
  } finally {
    clearInterval(keepAlive);
  }
}
