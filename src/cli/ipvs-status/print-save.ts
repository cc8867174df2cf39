import type { ListedRealServer, ListedVirtualServer } from '../../kernel/drivers.ts';
import type { ForwardingMethod, ObservedRealServer } from '../../model/real-server.ts';
import { type VirtualServer, virtualServerFlags } from '../../model/virtual-server.ts';
import { type EndpointNames, endpointText } from './endpoint-names.ts';
import { netmaskText, schedulerFlagsText } from './virtual-server-text.ts';

/** What is saved of a real server. */
export type SavedRealServer = ListedRealServer & Pick<ObservedRealServer, 'tunnel'>;

/** The command line that makes a virtual server, without the name of the program. */
export function saveVirtualServer(listed: ListedVirtualServer, names: EndpointNames): string {
  const { virtualServer } = listed;
  const { scheduler, flags, persistenceTimeoutSeconds, persistenceEngine } = virtualServer;
  const words = ['-A', selector(virtualServer, names), '-s', scheduler];
  if (flags & virtualServerFlags.persistent) {
    words.push('-p', String(persistenceTimeoutSeconds));
    const netmask = netmaskText(listed);
    if (netmask !== undefined) words.push('-M', netmask);
    if (persistenceEngine !== '') words.push('--pe', persistenceEngine);
  }
  if (flags & virtualServerFlags.onePacket) words.push('-o');
  const schedulerFlags = schedulerFlagsText(virtualServer);
  if (schedulerFlags !== undefined) words.push('-b', schedulerFlags);
  return `${words.join(' ')}\n`;
}

/** The command lines that make real servers of a virtual server. Thresholds are left out, as in what ipvsadm saves. */
export function saveRealServers(
  virtualServer: VirtualServer,
  realServers: readonly SavedRealServer[],
  names: EndpointNames,
): string {
  const { identity } = virtualServer;
  const protocol = identity.kind === 'address' ? identity.protocol : undefined;
  const start = `-a ${selector(virtualServer, names)} -r `;
  let text = '';
  for (const realServer of realServers) {
    const endpoint = endpointText(names, realServer, protocol);
    const method = forwardingOptions[realServer.forwarding];
    text += `${start}${endpoint} ${method} -w ${realServer.weight}${tunnelText(realServer)}\n`;
  }
  return text;
}

/** What has no option of its own is saved as masquerading. */
const forwardingOptions: Readonly<Record<ForwardingMethod, string>> = {
  masquerade: '-m',
  local: '-m',
  tunnel: '-i',
  directRouting: '-g',
  bypass: '-m',
};

const protocolOptions = { TCP: '-t', UDP: '-u', SCTP: '--sctp-service' } as const;
const checksumOptions = ['--tun-nocsum', '--tun-csum', '--tun-remcsum'] as const;

function selector({ identity }: VirtualServer, names: EndpointNames): string {
  if (identity.kind === 'firewallMark')
    return `-f ${identity.firewallMark | 0}${identity.family === 'IPv6' ? ' -6' : ''}`;
  return `${protocolOptions[identity.protocol]} ${endpointText(names, identity, identity.protocol)}`;
}

function tunnelText({ forwarding, tunnel }: SavedRealServer): string {
  if (forwarding !== 'tunnel') return '';
  const type = tunnel?.type ?? 'ipip';
  if (type === 'ipip') return ' --tun-type ipip';
  const checksum = checksumOptions[tunnel?.flags ?? 0] ?? '--tun-nocsum';
  return ` --tun-type ${type}${type === 'gue' ? ` --tun-port ${tunnel?.port ?? 0}` : ''} ${checksum}`;
}
