import { familyOf, parseCidr, parseIp } from '../model/ip.ts';
import type { ConfigProblem } from './errors.ts';
import {
  invalidValue,
  notNegative,
  positive,
  unsupportedValue,
  validCidr,
  validListener,
  withinRange,
} from './field-problems.ts';
import type { FoldedConfiguration } from './folded-configuration.ts';
import { parseGoDuration } from './go-duration.ts';
import { modeProblems } from './mode-problems.ts';

const root = 'KubeProxyConfiguration';
const linux = `${root}.KubeProxyLinuxConfiguration`;
const detectLocalModes = ['BridgeInterface', 'ClusterCIDR', 'InterfaceNamePrefix', 'NodeCIDR'];
const oneHour = parseGoDuration('1h');

/**
 * Every rule about the configuration except those of the logging section, in the order in which they are reported.
 * Paths are those that kube-proxy prints. `minor` is the minor release that we stand for.
 */
export function validateConfiguration(folded: FoldedConfiguration, minor: number): ConfigProblem[] {
  return [
    ...withinRange(`${root}.KubeProxyIPTablesConfiguration.MasqueradeBit`, folded.iptables.masqueradeBit, 0, 31),
    ...(folded.mode === 'ipvs' ? ipvsProblems(folded) : []),
    ...(folded.mode === 'nftables' ? nftablesProblems(folded) : []),
    ...conntrackProblems(folded),
    ...withinRange(`${linux}.OOMScoreAdj`, folded.oomScoreAdj, -1000, 1000),
    ...modeProblems(`${root}.Mode.ProxyMode`, folded.mode),
    ...clientProblems(folded),
    ...periodProblems(folded),
    ...addressProblems(folded),
    ...nodePortProblems(folded.nodePortAddresses),
    ...hiddenMetricsProblems(folded.showHiddenMetricsForVersion, minor),
    ...localDetectionProblems(folded),
  ];
}

function ipvsProblems({ ipvs }: FoldedConfiguration): ConfigProblem[] {
  const path = `${root}.KubeProxyIPVSConfiguration`;
  return [
    ...schedulerProblems(`${path}.Scheduler`, ipvs.scheduler),
    ...notNegative(`${path}.TCPTimeout`, ipvs.tcpTimeout),
    ...notNegative(`${path}.TCPFinTimeout`, ipvs.tcpFinTimeout),
    ...notNegative(`${path}.UDPTimeout`, ipvs.udpTimeout),
    ...ipvs.excludeCIDRs.flatMap((cidr, index) => validCidr(`${path}.ExcludeCidrs[${index}]`, cidr)),
  ];
}

/** A name that the kernel has room for. Which schedulers it has is found out at the start. */
const schedulerName = /^[\w-]{1,15}$/;

/** The kernel takes `none` for a virtual server without a scheduler. Source: linux ip_vs_ctl.c, `ip_vs_add_service`. */
function schedulerProblems(path: string, scheduler: string): ConfigProblem[] {
  if (scheduler === 'none') {
    const reason =
      'is no scheduler: to the kernel it is a virtual server that schedules nothing and refuses every connection';
    return [invalidValue(path, scheduler, reason)];
  }
  if (scheduler === '' || schedulerName.test(scheduler)) return [];
  const reason = 'must be the kernel name of a scheduler, e.g. rr, lc, sh or mh: letters, digits, - and _, at most 15';
  return [invalidValue(path, scheduler, reason)];
}

function nftablesProblems({ nftables }: FoldedConfiguration): ConfigProblem[] {
  return withinRange(`${root}.KubeProxyNFTablesConfiguration.MasqueradeBit`, nftables.masqueradeBit, 0, 31);
}

function conntrackProblems({ conntrack }: FoldedConfiguration): ConfigProblem[] {
  const path = `${linux}.KubeProxyConntrackConfiguration`;
  return [
    ...notNegative(`${path}.MaxPerCore`, conntrack.maxPerCore),
    ...notNegative(`${path}.Min`, conntrack.min),
    ...notNegative(`${path}.TCPEstablishedTimeout`, conntrack.tcpEstablishedTimeout),
    ...notNegative(`${path}.TCPCloseWaitTimeout`, conntrack.tcpCloseWaitTimeout),
    ...notNegative(`${path}.UDPTimeout`, conntrack.udpTimeout),
    ...notNegative(`${path}.UDPStreamTimeout`, conntrack.udpStreamTimeout),
  ];
}

function clientProblems({ clientConnection }: FoldedConfiguration): ConfigProblem[] {
  const path = `${root}.ClientConnection.Burst`;
  if (clientConnection.burst === 0 && clientConnection.qps > 0) {
    return [invalidValue(path, 0, 'must be greater than 0 while QPS is')];
  }
  return notNegative(path, clientConnection.burst);
}

function periodProblems(folded: FoldedConfiguration): ConfigProblem[] {
  const { syncPeriod, minSyncPeriod } = folded;
  const tooLong = folded.mode !== 'ipvs' && minSyncPeriod > oneHour && minSyncPeriod <= syncPeriod;
  return [
    ...positive(`${root}.ConfigSyncPeriod`, folded.configSyncPeriod),
    ...positive(`${root}.SyncPeriod`, syncPeriod),
    ...notNegative(`${root}.MinSyncPeriod`, minSyncPeriod),
    ...(minSyncPeriod > syncPeriod
      ? [invalidValue(`${root}.SyncPeriod`, minSyncPeriod, `must be greater than or equal to ${root}.MinSyncPeriod`)]
      : []),
    ...(tooLong ? [invalidValue(`${root}.MinSyncPeriod`, minSyncPeriod, 'must be at most 1h0m0s')] : []),
  ];
}

function addressProblems(folded: FoldedConfiguration): ConfigProblem[] {
  const notAnIp =
    'not a valid textual representation of an IP address, such as 10.0.0.1 or fd00::1: no port, brackets or zone';
  return [
    ...(parseIp(folded.bindAddress) === undefined
      ? [invalidValue(`${root}.BindAddress`, folded.bindAddress, notAnIp)]
      : []),
    ...(folded.healthzBindAddress === '' ? [] : validListener(`${root}.HealthzBindAddress`, folded.healthzBindAddress)),
    ...(folded.metricsBindAddress === '' ? [] : validListener(`${root}.MetricsBindAddress`, folded.metricsBindAddress)),
  ];
}

function nodePortProblems(addresses: readonly string[]): ConfigProblem[] {
  const primary = addresses.indexOf('primary');
  const scanned = primary < 0 ? addresses : addresses.slice(0, primary);
  const path = (index: number): string => `${root}.NodePortAddresses[${index}]`;
  const mixed = primary >= 0 && addresses.length > 1;
  return [
    ...scanned.flatMap((text, index) => validCidr(path(index), text)),
    ...(mixed
      ? [invalidValue(path(primary), 'primary', "can't use both 'primary' and CIDRs: 'primary' must be the only entry")]
      : []),
  ];
}

function hiddenMetricsProblems(version: string, minor: number): ConfigProblem[] {
  const previous = `1.${minor - 1}`;
  if (version === '' || version === previous) return [];
  const reason = `only the previous minor version is allowed, which is ${previous}`;
  return [invalidValue(`${root}.ShowHiddenMetricsForVersion`, version, reason)];
}

function localDetectionProblems({ detectLocalMode, detectLocal }: FoldedConfiguration): ConfigProblem[] {
  const path = `${root}.DetectLocalConfiguration`;
  if (detectLocalMode !== '' && !detectLocalModes.includes(detectLocalMode)) {
    return [unsupportedValue(`${root}.DetectLocalMode`, detectLocalMode, detectLocalModes)];
  }
  if (detectLocalMode === 'BridgeInterface' && detectLocal.bridgeInterface === '') {
    return [invalidValue(`${path}.InterfaceName`, '', 'must not be empty: the name of the bridge that pods are on')];
  }
  if (detectLocalMode === 'InterfaceNamePrefix' && detectLocal.interfaceNamePrefix === '') {
    return [
      invalidValue(
        `${path}.InterfacePrefix`,
        '',
        'must not be empty: what the names of the interfaces of pods begin with',
      ),
    ];
  }
  return detectLocalMode === 'ClusterCIDR' ? clusterCidrProblems(detectLocal.clusterCIDRs) : [];
}

function clusterCidrProblems(texts: readonly string[]): ConfigProblem[] {
  const path = `${root}.DetectLocalConfiguration.ClusterCIDRs`;
  const example = '(e.g. 10.100.0.0/16 or fde4:8dba:82e1::/48)';
  const families = texts.flatMap((text) => {
    const cidr = parseCidr(text);
    return cidr === undefined ? [] : [familyOf(cidr)];
  });
  const notAPair = texts.length > 2 || (families.length === 2 && families[0] === families[1]);
  const pair = 'only a single CIDR or a dual-stack pair is allowed';
  return [
    ...(notAPair ? [invalidValue(path, texts.join(','), pair)] : []),
    ...texts.flatMap((text, index) => validCidr(`${path}[${index}]`, text, `must be a valid CIDR block ${example}`)),
  ];
}
