import type { ForwardingMethod } from '../../model/real-server.ts';
import type { Protocol } from '../../model/service-key.ts';
import type { VirtualServerKey } from '../../model/virtual-server.ts';
import { virtualServerKey } from '../../model/virtual-server.ts';
import type { ListedRealServer } from '../drivers.ts';
import { readEndpoint } from './endpoint-text.ts';
import { readInSlices } from './read-in-slices.ts';

/** As the kernel prints them; whatever else a real server does is printed as `Masq`. */
const forwardingMethods = new Map<string, ForwardingMethod>([
  ['Masq', 'masquerade'],
  ['Local', 'local'],
  ['Tunnel', 'tunnel'],
  ['Route', 'directRouting'],
  ['Bypass', 'bypass'],
]);

const protocols = new Set<string>(['TCP', 'UDP', 'SCTP']);

/**
 * The real servers of all virtual servers that have an address, in the kernel's order, from the text of the table: a
 * small part of what netlink costs. Those of firewall marks are left out, for the text does not tell their family.
 * Throws `DriverError`. Source: linux/net/netfilter/ipvs/ip_vs_ctl.c, `ip_vs_info_seq_show`, read at 6.1.
 */
export async function readListedRealServers(
  path: string,
): Promise<ReadonlyMap<VirtualServerKey, readonly ListedRealServer[]>> {
  const listed = new ListingText();
  for await (const piece of readInSlices(path)) listed.push(piece);
  return listed.realServers;
}

/** Takes the text piece by piece, however it was cut. */
class ListingText {
  readonly realServers = new Map<VirtualServerKey, ListedRealServer[]>();
  #rest = '';
  #current: ListedRealServer[] | undefined;

  push(piece: string): void {
    const text = this.#rest + piece;
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      if (text.startsWith('  -> ', start)) this.#current?.push(readRealServer(text.slice(start + 5, end)));
      else this.#begin(text.slice(start, end));
      start = end + 1;
    }
    this.#rest = text.slice(start);
  }

  /** A line that is no real server: a virtual server, or one of the heading. */
  #begin(line: string): void {
    this.#current = undefined;
    const [protocol = '', endpoint = ''] = line.split(/ +/, 2);
    if (!protocols.has(protocol)) return;
    const key = virtualServerKey({ kind: 'address', protocol: protocol as Protocol, ...readEndpoint(endpoint) });
    this.#current = [];
    this.realServers.set(key, this.#current);
  }
}

function readRealServer(line: string): ListedRealServer {
  const [endpoint = '', forwarding = '', weight, active, inactive] = line.split(/ +/);
  const { address, port } = readEndpoint(endpoint);
  return {
    address,
    port,
    forwarding: forwardingMethods.get(forwarding) ?? 'masquerade',
    weight: Number(weight),
    activeConnections: Number(active),
    inactiveConnections: Number(inactive),
  };
}
