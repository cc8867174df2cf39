import type { ListedRealServer, ListedVirtualServer } from '../../kernel/drivers.ts';
import { familyOf } from '../../model/ip.ts';
import type { ForwardingMethod, ObservedRealServer, Tunnel } from '../../model/real-server.ts';
import type { VirtualServer } from '../../model/virtual-server.ts';
import { virtualServerFlags } from '../../model/virtual-server.ts';
import { countersText } from './counter-text.ts';
import { type EndpointNames, endpointText, longestInColumn } from './endpoint-names.ts';
import { netmaskText, schedulerFlagsText } from './virtual-server-text.ts';

/** What a listing shows of each entry. */
export type TableDetail = 'plain' | 'stats' | 'rate' | 'thresholds' | 'persistent-conn' | 'tun-info';

/** How a listing looks. */
export interface TableLook {
  readonly detail: TableDetail;
  /** Counters as they are, not in thousands and millions. */
  readonly exact: boolean;
  readonly names: EndpointNames;
}

/** The two lines above a listing. */
export function tableHeading(detail: TableDetail): string {
  const [first, second] = headings[detail];
  return `${first}\n${second}\n`;
}

const localColumn = 'Prot LocalAddress:Port'.padEnd(33);
const remoteColumn = '  -> RemoteAddress:Port';

const headings: Readonly<Record<TableDetail, readonly [string, string]>> = {
  plain: ['Prot LocalAddress:Port Scheduler Flags', `${remoteColumn}           Forward Weight ActiveConn InActConn`],
  'tun-info': [
    'Prot LocalAddress:Port Scheduler Flags',
    `${remoteColumn}           Forward TunnelInfo    Weight ActiveConn InActConn`,
  ],
  stats: [`${localColumn}    Conns   InPkts  OutPkts  InBytes OutBytes`, remoteColumn],
  rate: [`${localColumn}      CPS    InPPS   OutPPS    InBPS   OutBPS`, remoteColumn],
  thresholds: [`${localColumn} Uthreshold Lthreshold ActiveConn InActConn `, remoteColumn],
  'persistent-conn': [`${localColumn} Weight    PersistConn ActiveConn InActConn `, remoteColumn],
};

/** The line of a virtual server. */
export function virtualServerLine(listed: ListedVirtualServer, { detail, exact, names }: TableLook): string {
  const name = virtualServerName(listed.virtualServer, names);
  if (detail !== 'stats' && detail !== 'rate') return `${name} ${settingsText(listed)}\n`;
  return `${name.padEnd(33)}${countersText(listed.counters, detail, exact)}\n`;
}

/** The line of a real server, in a listing that shows what `/proc/net/ip_vs` has. */
export function plainRealServerLine(
  realServer: ListedRealServer,
  protocol: string | undefined,
  look: TableLook,
): string {
  const { forwarding, weight, activeConnections, inactiveConnections } = realServer;
  const counts = `${column(weight, 6)} ${column(activeConnections, 10)} ${column(inactiveConnections, 10)}`;
  return `${realServerName(realServer, protocol, look.names)} ${forwardingNames[forwarding].padEnd(7)} ${counts}\n`;
}

/** The line of a real server, with all that is known of it. */
export function realServerLine(realServer: ObservedRealServer, protocol: string | undefined, look: TableLook): string {
  if (look.detail === 'plain') return plainRealServerLine(realServer, protocol, look);
  return `${realServerName(realServer, protocol, look.names)}${details(realServer, look.detail, look.exact)}\n`;
}

function details(realServer: ObservedRealServer, detail: Exclude<TableDetail, 'plain'>, exact: boolean): string {
  const { weight, activeConnections, inactiveConnections, forwarding } = realServer;
  const connections = `${column(activeConnections, 10)} ${column(inactiveConnections, 10)}`;
  switch (detail) {
    case 'stats':
    case 'rate':
      return countersText(realServer.counters, detail, exact);
    case 'thresholds':
      return ` ${column(realServer.upperThreshold, 10)} ${column(realServer.lowerThreshold, 10)} ${connections}`;
    case 'persistent-conn':
      return ` ${column(weight, 9)} ${column(realServer.persistentConnections, 11)} ${connections}`;
    case 'tun-info': {
      const tunnel = tunnelText(realServer).padEnd(13);
      return ` ${forwardingNames[forwarding].padEnd(7)} ${tunnel} ${column(weight, 6)} ${connections}`;
    }
  }
}

const forwardingNames: Readonly<Record<ForwardingMethod, string>> = {
  masquerade: 'Masq',
  local: 'Local',
  tunnel: 'Tunnel',
  directRouting: 'Route',
  bypass: 'Bypass',
};

const checksumNames = ['-c', '+c', 'r+c'] as const;

/** e.g. `gue:6080:+c`. */
function tunnelText({
  forwarding,
  tunnel,
}: {
  readonly forwarding: ForwardingMethod;
  readonly tunnel?: Tunnel;
}): string {
  if (forwarding !== 'tunnel') return 'n/a';
  if (tunnel === undefined || tunnel.type === 'ipip') return 'ipip';
  const checksum = checksumNames[tunnel.flags] ?? '-c';
  return tunnel.type === 'gue' ? `gue:${tunnel.port}:${checksum}` : `gre:${checksum}`;
}

function virtualServerName({ identity }: VirtualServer, names: EndpointNames): string {
  if (identity.kind === 'firewallMark') {
    return `FWM  ${identity.firewallMark | 0}${identity.family === 'IPv6' ? ' IPv6' : ''}`;
  }
  const text = endpointText(names, identity, identity.protocol);
  const shown = familyOf(identity.address) === 'IPv4' ? text.slice(0, longestInColumn) : text;
  return `${identity.protocol.padEnd(4)} ${shown}`;
}

/** Scheduler, its flags, persistence, and whether every datagram is on its own. */
function settingsText(listed: ListedVirtualServer): string {
  const { scheduler, flags, persistenceTimeoutSeconds, persistenceEngine } = listed.virtualServer;
  const schedulerFlags = schedulerFlagsText(listed.virtualServer);
  let text = scheduler;
  if (schedulerFlags !== undefined) text += ` (${schedulerFlags})`;
  if (flags & virtualServerFlags.persistent) {
    text += ` persistent ${persistenceTimeoutSeconds}`;
    const netmask = netmaskText(listed);
    if (netmask !== undefined) text += ` mask ${netmask}`;
    if (persistenceEngine !== '') text += ` pe ${persistenceEngine}`;
  }
  return flags & virtualServerFlags.onePacket ? `${text} ops` : text;
}

function realServerName(realServer: ListedRealServer, protocol: string | undefined, names: EndpointNames): string {
  const text = endpointText(names, realServer, protocol);
  const shown = familyOf(realServer.address) === 'IPv4' ? text.slice(0, longestInColumn) : text;
  return `  -> ${shown.padEnd(longestInColumn)}`;
}

function column(number: number, width: number): string {
  return String(number).padEnd(width);
}
