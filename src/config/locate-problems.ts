import { pathSteps } from './decode-file.ts';
import { type ConfigProblem, positionPrefix } from './errors.ts';
import type { YamlSource } from './yaml-source.ts';

/** Where a configuration was written, for problems that are found after its decoding. */
export interface WrittenSource {
  readonly positionOf: YamlSource['positionOf'];
  /** Mode in the file, which decides where the periods are. */
  readonly mode: string;
  /** Whether a flag stands in for the file's value of this field. */
  readonly isOverridden: (field: string) => boolean;
}

const root = 'KubeProxyConfiguration.';

/** Fields of the file by the paths that kube-proxy prints, without their common beginning and without an index. */
const fileFields: Readonly<Record<string, string>> = {
  'KubeProxyIPTablesConfiguration.MasqueradeBit': 'iptables.masqueradeBit',
  'KubeProxyIPVSConfiguration.Scheduler': 'ipvs.scheduler',
  'KubeProxyIPVSConfiguration.TCPTimeout': 'ipvs.tcpTimeout',
  'KubeProxyIPVSConfiguration.TCPFinTimeout': 'ipvs.tcpFinTimeout',
  'KubeProxyIPVSConfiguration.UDPTimeout': 'ipvs.udpTimeout',
  'KubeProxyIPVSConfiguration.ExcludeCidrs': 'ipvs.excludeCIDRs',
  'KubeProxyNFTablesConfiguration.MasqueradeBit': 'nftables.masqueradeBit',
  'KubeProxyLinuxConfiguration.KubeProxyConntrackConfiguration.MaxPerCore': 'conntrack.maxPerCore',
  'KubeProxyLinuxConfiguration.KubeProxyConntrackConfiguration.Min': 'conntrack.min',
  'KubeProxyLinuxConfiguration.KubeProxyConntrackConfiguration.TCPEstablishedTimeout':
    'conntrack.tcpEstablishedTimeout',
  'KubeProxyLinuxConfiguration.KubeProxyConntrackConfiguration.TCPCloseWaitTimeout': 'conntrack.tcpCloseWaitTimeout',
  'KubeProxyLinuxConfiguration.KubeProxyConntrackConfiguration.UDPTimeout': 'conntrack.udpTimeout',
  'KubeProxyLinuxConfiguration.KubeProxyConntrackConfiguration.UDPStreamTimeout': 'conntrack.udpStreamTimeout',
  'KubeProxyLinuxConfiguration.OOMScoreAdj': 'oomScoreAdj',
  'Mode.ProxyMode': 'mode',
  'ClientConnection.Burst': 'clientConnection.burst',
  ConfigSyncPeriod: 'configSyncPeriod',
  BindAddress: 'bindAddress',
  HealthzBindAddress: 'healthzBindAddress',
  MetricsBindAddress: 'metricsBindAddress',
  NodePortAddresses: 'nodePortAddresses',
  ShowHiddenMetricsForVersion: 'showHiddenMetricsForVersion',
  DetectLocalMode: 'detectLocalMode',
  'DetectLocalConfiguration.InterfaceName': 'detectLocal.bridgeInterface',
  'DetectLocalConfiguration.InterfacePrefix': 'detectLocal.interfaceNamePrefix',
};

/**
 * Puts the place in the file before each problem, and the name that the field has there: `file:line:column: field: `. A
 * field that is not written has the place of what it would be in. Problems of what flags say stay as they are.
 */
export function locateProblems(problems: readonly ConfigProblem[], source: WrittenSource): readonly ConfigProblem[] {
  return problems.map((each) => {
    const field = fileField(each, source.mode);
    if (field === undefined || source.isOverridden(field)) return each;
    const position = source.positionOf(pathSteps(field));
    const name = each.message.startsWith(field) ? '' : `${field}: `;
    return { ...each, position, message: `${positionPrefix(position)}${name}${each.message}` };
  });
}

/** Other paths than those that kube-proxy prints are those of the file. */
function fileField({ field, bound }: ConfigProblem, mode: string): string | undefined {
  if (!field.startsWith(root)) return field === '' ? undefined : field;
  const [, path = '', index = ''] = /^(.*?)(\[\d+\])?$/.exec(field.slice(root.length)) ?? [];
  const section = mode === 'ipvs' || mode === 'nftables' ? mode : 'iptables';
  // kube-proxy tells of a gap that is longer than the period under the name of the period, with the value of the gap
  if (path === 'MinSyncPeriod' || bound.includes('MinSyncPeriod')) return `${section}.minSyncPeriod`;
  if (path === 'SyncPeriod') return `${section}.syncPeriod`;
  if (path === 'DetectLocalConfiguration.ClusterCIDRs') return 'clusterCIDR';
  const known = fileFields[path];
  return known === undefined ? undefined : known + index;
}
