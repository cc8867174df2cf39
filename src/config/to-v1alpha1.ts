import { stringify } from 'yaml';
import type { FoldedConfiguration } from './folded-configuration.ts';
import { formatGoDuration } from './go-duration.ts';
import { kubeProxyApiVersion, kubeProxyKind } from './kube-proxy-configuration.ts';

/** A JSON object that has the shape of a `KubeProxyConfiguration`. */
export type V1alpha1Object = Readonly<Record<string, unknown>>;

/**
 * The effective configuration in the form of its file, for `/configz` and `--write-config-to`. Periods and
 * masqueradeAll appear in the section of the active mode only, and are zero in the others. Reading it back gives the
 * same configuration. Keys are in alphabetical order.
 */
export function toV1alpha1(folded: FoldedConfiguration): V1alpha1Object {
  return sorted({
    apiVersion: kubeProxyApiVersion,
    kind: kubeProxyKind,
    ...(Object.keys(folded.featureGates).length > 0 ? { featureGates: folded.featureGates } : {}),
    clientConnection: folded.clientConnection,
    logging: loggingObject(folded.logging),
    hostnameOverride: folded.hostnameOverride,
    bindAddress: folded.bindAddress,
    healthzBindAddress: folded.healthzBindAddress,
    metricsBindAddress: folded.metricsBindAddress,
    bindAddressHardFail: folded.bindAddressHardFail,
    enableProfiling: folded.enableProfiling,
    showHiddenMetricsForVersion: folded.showHiddenMetricsForVersion,
    mode: folded.mode,
    ...modeSections(folded),
    winkernel: folded.winkernel,
    detectLocalMode: folded.detectLocalMode,
    detectLocal: {
      bridgeInterface: folded.detectLocal.bridgeInterface,
      interfaceNamePrefix: folded.detectLocal.interfaceNamePrefix,
    },
    clusterCIDR: folded.detectLocal.clusterCIDRs.join(','),
    nodePortAddresses: listOrNull(folded.nodePortAddresses),
    oomScoreAdj: folded.oomScoreAdj,
    conntrack: folded.conntrack,
    configSyncPeriod: folded.configSyncPeriod,
    portRange: '',
    ...(folded.windowsRunAsService ? { windowsRunAsService: true } : {}),
  }) as V1alpha1Object;
}

/** The same as YAML text: keys in alphabetical order, no document marker. */
export function toV1alpha1Yaml(folded: FoldedConfiguration): string {
  return stringify(toV1alpha1(folded), { version: '1.1', lineWidth: 0, indentSeq: false });
}

function modeSections({ iptables, ipvs, nftables, ...folded }: FoldedConfiguration) {
  const none = { syncPeriod: 0n, minSyncPeriod: 0n };
  const periods = { syncPeriod: folded.syncPeriod, minSyncPeriod: folded.minSyncPeriod };
  const isNftables = folded.mode === 'nftables';
  const isIpvs = folded.mode === 'ipvs';
  return {
    iptables: {
      ...iptables,
      ...(isIpvs || isNftables ? none : periods),
      masqueradeAll: !isNftables && folded.masqueradeAll,
    },
    ipvs: { ...ipvs, ...(isIpvs ? periods : none), excludeCIDRs: listOrNull(ipvs.excludeCIDRs) },
    nftables: { ...nftables, ...(isNftables ? periods : none), masqueradeAll: isNftables && folded.masqueradeAll },
  };
}

function loggingObject(logging: FoldedConfiguration['logging']) {
  const { nanoseconds, writtenAsInteger } = logging.flushFrequency;
  const options = (of: FoldedConfiguration['logging']['options']['text']) => ({
    infoBufferSize: of.infoBufferSize,
    ...(of.splitStream ? { splitStream: true } : {}),
  });
  return {
    flushFrequency: writtenAsInteger ? Number(nanoseconds) : nanoseconds,
    format: logging.format,
    options: { json: options(logging.options.json), text: options(logging.options.text) },
    verbosity: logging.verbosity,
    ...(logging.vmodule.length > 0 ? { vmodule: logging.vmodule } : {}),
  };
}

function listOrNull(list: readonly string[]): readonly string[] | null {
  return list.length > 0 ? list : null;
}

/** The same value with keys in alphabetical order at every level, and durations as text. */
function sorted(value: unknown): unknown {
  if (typeof value === 'bigint') return formatGoDuration(value);
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
