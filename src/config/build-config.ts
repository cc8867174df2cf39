import { type IpAddress, parseIp } from '../model/ip.ts';
import type {
  ClientConnectionConfig,
  ConntrackConfig,
  IpvsConfig,
  ListenAddress,
  LocalDetection,
  LoggingConfig,
  ProxierSettings,
  ProxyConfig,
} from './config.ts';
import { cidrsOf } from './field-problems.ts';
import type { FoldedConfiguration } from './folded-configuration.ts';
import { toMilliseconds, toSeconds } from './go-duration.ts';
import { parsePort, splitHostPort } from './listen-text.ts';

/** What is not part of the folded configuration. */
export interface BuildInputs {
  readonly folded: FoldedConfiguration;
  readonly proxier: ProxierSettings;
  readonly featureGates: Readonly<Record<string, boolean>>;
  /** From `--master`. */
  readonly master: string;
}

/** The typed, frozen configuration. Requires a folded configuration that has passed validation. Pure. */
export function buildConfig({ folded, proxier, featureGates, master }: BuildInputs): ProxyConfig {
  return deepFreeze({
    mode: folded.mode as ProxyConfig['mode'],
    hostnameOverride: folded.hostnameOverride,
    bindAddress: parseIp(folded.bindAddress) as IpAddress,
    healthzBindAddress: listenAddress(folded.healthzBindAddress),
    metricsBindAddress: listenAddress(folded.metricsBindAddress),
    bindAddressHardFail: folded.bindAddressHardFail,
    enableProfiling: folded.enableProfiling,
    syncPeriodMs: toMilliseconds(folded.syncPeriod),
    minSyncPeriodMs: toMilliseconds(folded.minSyncPeriod),
    configSyncPeriodMs: toMilliseconds(folded.configSyncPeriod),
    masqueradeAll: folded.masqueradeAll,
    masqueradeBit: folded.mode === 'nftables' ? folded.nftables.masqueradeBit : folded.iptables.masqueradeBit,
    localDetection: localDetection(folded),
    nodePortAddresses: folded.nodePortAddresses[0] === 'primary' ? 'primary' : cidrsOf(folded.nodePortAddresses),
    ipvs: ipvsConfig(folded),
    conntrack: conntrackConfig(folded),
    oomScoreAdjustment: folded.oomScoreAdj,
    clientConnection: clientConnectionConfig(folded, master),
    logging: loggingConfig(folded.logging),
    featureGates,
    showHiddenMetricsForVersion: folded.showHiddenMetricsForVersion,
    proxier,
  });
}

/** The logging section, in the form that the log takes. */
export function loggingConfig(logging: FoldedConfiguration['logging']): LoggingConfig {
  const format = logging.format === 'json' ? 'json' : 'text';
  return {
    format,
    verbosity: logging.verbosity,
    flushFrequencyMs: toMilliseconds(logging.flushFrequency.nanoseconds),
    splitStream: logging.options[format].splitStream,
    vmodule: logging.vmodule,
  };
}

/** `IP:port` as a value; undefined for blank, which disables the listener. */
function listenAddress(text: string): ListenAddress | undefined {
  const parts = splitHostPort(text);
  if (parts === undefined) return undefined;
  return { host: parseIp(parts.host) as IpAddress, port: parsePort(parts.port) as number };
}

function localDetection({ detectLocalMode, detectLocal }: FoldedConfiguration): LocalDetection {
  switch (detectLocalMode) {
    case 'NodeCIDR':
      return { mode: 'NodeCIDR' };
    case 'BridgeInterface':
      return { mode: 'BridgeInterface', interfaceName: detectLocal.bridgeInterface };
    case 'InterfaceNamePrefix':
      return { mode: 'InterfaceNamePrefix', interfacePrefix: detectLocal.interfaceNamePrefix };
    default:
      return { mode: 'ClusterCIDR', clusterCidrs: cidrsOf(detectLocal.clusterCIDRs) };
  }
}

function ipvsConfig({ ipvs }: FoldedConfiguration): IpvsConfig {
  return {
    scheduler: ipvs.scheduler || 'rr',
    excludeCidrs: cidrsOf(ipvs.excludeCIDRs),
    strictArp: ipvs.strictARP,
    tcpTimeoutSeconds: toSeconds(ipvs.tcpTimeout),
    tcpFinTimeoutSeconds: toSeconds(ipvs.tcpFinTimeout),
    udpTimeoutSeconds: toSeconds(ipvs.udpTimeout),
  };
}

function conntrackConfig({ conntrack }: FoldedConfiguration): ConntrackConfig {
  return {
    maxPerCore: conntrack.maxPerCore,
    min: conntrack.min,
    tcpEstablishedTimeoutSeconds: toSeconds(conntrack.tcpEstablishedTimeout),
    tcpCloseWaitTimeoutSeconds: toSeconds(conntrack.tcpCloseWaitTimeout),
    tcpBeLiberal: conntrack.tcpBeLiberal,
    udpTimeoutSeconds: toSeconds(conntrack.udpTimeout),
    udpStreamTimeoutSeconds: toSeconds(conntrack.udpStreamTimeout),
  };
}

function clientConnectionConfig({ clientConnection }: FoldedConfiguration, master: string): ClientConnectionConfig {
  const { kubeconfig, contentType, acceptContentTypes, qps, burst } = clientConnection;
  return { kubeconfig, master, contentType, acceptContentTypes, qps, burst };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
