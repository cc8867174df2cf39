import { availableParallelism, release } from 'node:os';
import type { ConntrackConfig, ProxyConfig } from '../../config/config.ts';
import type { IpvsDriver, IpvsTimeouts, SysctlDriver } from '../../kernel/drivers.ts';
import type { Log } from '../../observe/log.ts';
import type { WantedSysctl } from '../../reconcile/sysctl-keeper.ts';

export interface PrepareNodeOptions {
  readonly config: Pick<ProxyConfig, 'conntrack' | 'ipvs'>;
  /** Settings under /proc/sys, and those under /sys. */
  readonly sysctl: SysctlDriver;
  readonly sysfs: SysctlDriver;
  readonly ipvs: IpvsDriver;
  readonly log: Log;
}

/**
 * Settings of the kernel that Services need. What is right already is not written, so that a process without the right
 * to write them can start on a node that was prepared. Throws `DriverError` for the first that cannot be set.
 */
export async function prepareNode(options: PrepareNodeOptions): Promise<void> {
  const { conntrack, ipvs } = options.config;
  try {
    setConntrackLimit(options);
    ensureAll(options, conntrackSettings(conntrack));
  } catch (error) {
    throw conntrackError(error);
  }
  ensureAll(options, ipvsSettings(ipvs.strictArp));
  await setTimeouts(options);
}

function ensureAll({ sysctl, log }: PrepareNodeOptions, settings: readonly WantedSysctl[]): void {
  for (const [name, value] of settings) if (sysctl.ensure(name, value)) log.info('Set sysctl', { name, value });
}

/** In upstream's words, and with the way out for nodes where these settings cannot be written. */
function conntrackError(cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  const remedy = 'where they cannot be written, set conntrack.maxPerCore and the timeouts of conntrack to 0';
  return new Error(`could not set conntrack parameters from kube-proxy configuration: ${why}; ${remedy}`, { cause });
}

/** Settings under /proc/sys that Services need, in the order in which they are made. */
export function wantedSysctls(config: PrepareNodeOptions['config']): readonly WantedSysctl[] {
  return [...conntrackSettings(config.conntrack), ...ipvsSettings(config.ipvs.strictArp)];
}

/** Most flows that the kernel tracks, whatever the number of processors. */
const mostFlows = 1_048_576;

function setConntrackLimit({ config: { conntrack }, sysctl, sysfs, log }: PrepareNodeOptions): void {
  if (conntrack.maxPerCore === 0) return;
  const scaled = conntrack.maxPerCore * processorCount(sysfs);
  const limit = scaled > mostFlows ? mostFlows : Math.max(scaled, conntrack.min);
  if (limit === 0) return;
  const name = 'net/netfilter/nf_conntrack_max';
  if (sysctl.ensure(name, String(limit))) log.info('Set sysctl', { name, value: limit });
  const hashSize = 'module/nf_conntrack/parameters/hashsize';
  const buckets = Math.floor(limit / 4);
  if (Number(sysfs.read(hashSize) ?? buckets) < buckets) sysfs.ensure(hashSize, String(buckets));
}

function conntrackSettings(conntrack: ConntrackConfig): WantedSysctl[] {
  const settings: [string, number][] = [
    ['nf_conntrack_tcp_timeout_established', conntrack.tcpEstablishedTimeoutSeconds],
    ['nf_conntrack_tcp_timeout_close_wait', conntrack.tcpCloseWaitTimeoutSeconds],
    ['nf_conntrack_tcp_be_liberal', conntrack.tcpBeLiberal ? 1 : 0],
    ['nf_conntrack_udp_timeout', conntrack.udpTimeoutSeconds],
    ['nf_conntrack_udp_timeout_stream', conntrack.udpStreamTimeoutSeconds],
  ];
  return settings.filter(([, value]) => value > 0).map(([name, value]) => [`net/netfilter/${name}`, String(value)]);
}

function ipvsSettings(strictArp: boolean): WantedSysctl[] {
  const settings: WantedSysctl[] = [['net/ipv4/vs/conntrack', '1']];
  if (reusesPortsBadly(release())) settings.push(['net/ipv4/vs/conn_reuse_mode', '0']);
  settings.push(['net/ipv4/vs/expire_nodest_conn', '1'], ['net/ipv4/vs/expire_quiescent_template', '1']);
  settings.push(['net/ipv4/ip_forward', '1']);
  if (strictArp) settings.push(['net/ipv4/conf/all/arp_ignore', '1'], ['net/ipv4/conf/all/arp_announce', '2']);
  return settings;
}

/** Kernels from 4.1 on, before 5.9, delay connections that reuse a source port by a second. */
function reusesPortsBadly(kernelRelease: string): boolean {
  const [major = 0, minor = 0] = kernelRelease.split('.').map(Number);
  const version = major * 1000 + minor;
  return version >= 4001 && version < 5009;
}

/** A timeout of 0 is left as it is. What the kernel has already is not written. */
async function setTimeouts({ config, ipvs, log }: PrepareNodeOptions): Promise<void> {
  const timeouts = {
    tcpSeconds: config.ipvs.tcpTimeoutSeconds,
    tcpFinSeconds: config.ipvs.tcpFinTimeoutSeconds,
    udpSeconds: config.ipvs.udpTimeoutSeconds,
  };
  if (Object.values(timeouts).every((seconds) => seconds === 0)) return;
  try {
    if (isInForce(timeouts, await ipvs.timeouts())) return;
    await ipvs.setTimeouts(timeouts);
    log.info('Set the IPVS timeouts', timeouts);
  } catch (error) {
    log.error('Failed to set the IPVS timeouts', error, timeouts);
  }
}

function isInForce(wanted: IpvsTimeouts, present: IpvsTimeouts): boolean {
  const names = ['tcpSeconds', 'tcpFinSeconds', 'udpSeconds'] as const;
  return names.every((name) => wanted[name] === 0 || wanted[name] === present[name]);
}

/** Processors of the machine that are in use, whatever share of them this process may have. */
function processorCount(sysfs: SysctlDriver): number {
  const ranges = sysfs.read('devices/system/cpu/online')?.split(',') ?? [];
  const counts = ranges.map((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    return last - first + 1;
  });
  const count = counts.reduce((sum, each) => sum + each, 0);
  return count > 0 ? count : availableParallelism();
}
