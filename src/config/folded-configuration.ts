import { isIpv6Text, listenerWithPort } from './listen-text.ts';
import type { Nanoseconds } from './go-duration.ts';
import type { KubeProxyConfiguration } from './kube-proxy-configuration.ts';

/** Default ports of the two servers. */
const healthzPort = 10256;
const metricsPort = 10249;

/**
 * The configuration with the settings of the active mode pulled to the top, as validation and the flags see it.
 * Texts are still texts: nothing here has been validated.
 */
export interface FoldedConfiguration {
  readonly featureGates: Readonly<Record<string, boolean>>;
  readonly clientConnection: KubeProxyConfiguration['clientConnection'];
  readonly logging: KubeProxyConfiguration['logging'];
  readonly hostnameOverride: string;
  readonly bindAddress: string;
  /** Blank means disabled. */
  readonly healthzBindAddress: string;
  /** Blank means disabled. */
  readonly metricsBindAddress: string;
  readonly bindAddressHardFail: boolean;
  readonly enableProfiling: boolean;
  readonly showHiddenMetricsForVersion: string;
  readonly mode: string;
  readonly iptables: Pick<KubeProxyConfiguration['iptables'], 'masqueradeBit' | 'localhostNodePorts'>;
  readonly ipvs: Omit<KubeProxyConfiguration['ipvs'], 'syncPeriod' | 'minSyncPeriod'>;
  readonly nftables: Pick<KubeProxyConfiguration['nftables'], 'masqueradeBit'>;
  readonly winkernel: KubeProxyConfiguration['winkernel'];
  readonly detectLocalMode: string;
  readonly detectLocal: KubeProxyConfiguration['detectLocal'] & { readonly clusterCIDRs: readonly string[] };
  readonly nodePortAddresses: readonly string[];
  readonly oomScoreAdj: number;
  readonly conntrack: KubeProxyConfiguration['conntrack'];
  readonly configSyncPeriod: Nanoseconds;
  readonly masqueradeAll: boolean;
  readonly syncPeriod: Nanoseconds;
  readonly minSyncPeriod: Nanoseconds;
  readonly windowsRunAsService: boolean;
}

/** Folds a decoded file by its mode, and fills the listener addresses, which depend on `bindAddress`. Pure. */
export function foldByMode(file: KubeProxyConfiguration): FoldedConfiguration {
  const { portRange: _dead, clusterCIDR, iptables, ipvs, nftables, detectLocal, ...kept } = file;
  const { syncPeriod, minSyncPeriod, ...ipvsOnly } = ipvs;
  const active = file.mode === 'nftables' ? nftables : iptables;
  const periods = file.mode === 'ipvs' ? { syncPeriod, minSyncPeriod } : active;
  return {
    ...kept,
    ...listenerDefaults(file),
    iptables: { masqueradeBit: iptables.masqueradeBit, localhostNodePorts: iptables.localhostNodePorts },
    ipvs: ipvsOnly,
    nftables: { masqueradeBit: nftables.masqueradeBit },
    detectLocal: { ...detectLocal, clusterCIDRs: clusterCIDR === '' ? [] : clusterCIDR.split(',') },
    masqueradeAll: active.masqueradeAll,
    syncPeriod: periods.syncPeriod,
    minSyncPeriod: periods.minSyncPeriod,
  };
}

/** The defaults that hold on Linux, after a file or the flags have been read. */
export function withLinuxDefaults(folded: FoldedConfiguration): FoldedConfiguration {
  const noAddresses = folded.nodePortAddresses.length === 0;
  return {
    ...folded,
    mode: folded.mode || 'iptables',
    nodePortAddresses: folded.mode === 'nftables' && noAddresses ? ['primary'] : folded.nodePortAddresses,
    detectLocalMode: folded.detectLocalMode || 'ClusterCIDR',
  };
}

function listenerDefaults(file: KubeProxyConfiguration) {
  const sixth = isIpv6Text(file.bindAddress);
  return {
    healthzBindAddress: listenerWithPort(file.healthzBindAddress || (sixth ? '::' : '0.0.0.0'), healthzPort),
    metricsBindAddress: listenerWithPort(file.metricsBindAddress || (sixth ? '::1' : '127.0.0.1'), metricsPort),
  };
}
