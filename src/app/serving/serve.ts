import type { LoadedSettings } from '../../config/effective-config.ts';
import type { ListenAddress } from '../../config/config.ts';
import type { HttpHandler } from '../../observe/http-message.ts';
import { healthHandler, type ProxierHealth } from '../../observe/health.ts';
import { HttpServer } from '../../observe/http-server.ts';
import type { Klog } from '../../observe/klog.ts';
import type { Metrics } from '../../observe/metrics.ts';
import { metricsHandler } from '../../observe/metrics-server.ts';
import type { ServedAddresses } from '../operate.ts';
import { systemClock } from '../system-clock.ts';

export interface ServeOptions {
  readonly settings: LoadedSettings;
  readonly klog: Klog;
  readonly metrics: Metrics;
  readonly health: ProxierHealth;
  readonly startTimeMs: number;
  readonly addresses: ServedAddresses;
  /** A server cannot listen and the configuration says that this ends the process; `reason` is that of the Event. */
  readonly onFatal: (error: Error, reason: string) => void;
}

/** Starts the health and the metrics server; returns what stops them. A port in use is tried again every 5 seconds. */
export function serve(options: ServeOptions): () => Promise<void> {
  const { addresses } = options;
  const servers = [
    server(options, healthServer, addresses.healthz, () => healthHandler(options.health, options.metrics.health)),
    server(options, metricsServer, addresses.metrics, () => pages(options)),
  ].flat();
  for (const each of servers) void each.start(); // it never rejects
  return async () => {
    await Promise.all(servers.map((each) => each.stop()));
  };
}

const healthServer = {
  name: 'health server',
  field: 'healthzBindAddress',
  failure: 'FailedToStartProxierHealthcheck',
};
const metricsServer = {
  name: 'metrics server',
  field: 'metricsBindAddress',
  failure: 'FailedToStartMetricServer',
};

function server(
  { settings, klog, onFatal }: ServeOptions,
  { name, field, failure }: typeof healthServer,
  address: ListenAddress | undefined,
  handler: () => HttpHandler,
): HttpServer[] {
  if (address === undefined) return [];
  const log = klog.named('observe/http-server.ts');
  const { bindAddressHardFail: hardFail } = settings.config;
  const fail = (error: Error) => onFatal(error, failure);
  const shared = { log, clock: systemClock, hardFail, onFatal: fail };
  return [new HttpServer({ name, field, ...address, handler: handler(), ...shared })];
}

function pages({ settings, klog, metrics, startTimeMs }: ServeOptions): HttpHandler {
  const { config, version } = settings;
  return metricsHandler({
    registry: metrics.registry,
    mode: config.mode,
    v1alpha1: { ...settings.v1alpha1 },
    flags: settings.flags,
    enableProfiling: config.enableProfiling,
    enableStatusz: config.featureGates.ComponentStatusz ?? true,
    enableFlagz: config.featureGates.ComponentFlagz ?? true,
    status: {
      startTimeMs,
      nowMs: () => Date.now(),
      binaryVersion: `${version.major}.${version.minor}.${version.patch}`,
      emulationVersion: `${version.major}.${version.minor}`,
    },
    setVerbosity: (verbosity) => klog.setVerbosity(verbosity),
  });
}
