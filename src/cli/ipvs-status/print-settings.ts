import type { IpvsTimeouts, SyncDaemon } from '../../kernel/drivers.ts';

/** First line of a listing of the whole table. */
export function versionLine({ version, connectionTableSize }: IpvsVersion): string {
  return `IP Virtual Server version ${version} (size=${connectionTableSize})\n`;
}

/** What the kernel says about its IPVS: a version in three parts, and the buckets of its connection table. */
export interface IpvsVersion {
  readonly version: string;
  readonly connectionTableSize: number;
}

export function timeoutsLine({ tcpSeconds, tcpFinSeconds, udpSeconds }: IpvsTimeouts): string {
  return `Timeout (tcp tcpfin udp): ${tcpSeconds} ${tcpFinSeconds} ${udpSeconds}\n`;
}

/** The line of a synchronization daemon; older kernels say less. */
export function daemonLine({ role, interfaceName, syncId, maximumLength, group, port, ttl }: SyncDaemon): string {
  const parts = [`mcast=${interfaceName}`, `syncid=${syncId}`];
  if (maximumLength !== 0) parts.push(`maxlen=${maximumLength}`);
  if (group !== undefined) parts.push(`group=${group}`);
  if (port !== 0) parts.push(`port=${port}`);
  if (ttl !== 0) parts.push(`ttl=${ttl}`);
  return `${role} sync daemon (${parts.join(', ')})\n`;
}
