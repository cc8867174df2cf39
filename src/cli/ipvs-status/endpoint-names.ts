import type { IpAddress } from '../../model/ip.ts';
import { familyOf, ipBytes } from '../../model/ip.ts';
import type { Protocol } from '../../model/service-key.ts';

/** What hosts and ports are called. */
export interface EndpointNames {
  /** Name of a host, or its address as ipvsadm prints it. */
  readonly host: (address: IpAddress) => string;
  /** Name of a port, or its number. Ports of firewall marks have no protocol and no name. */
  readonly port: (port: number, protocol: string | undefined) => string;
}

/** Longest endpoint that ipvsadm prints, and longest IPv4 endpoint in its columns; the rest is cut off. */
const longestEndpoint = 59;
export const longestInColumn = 28;

/** `HOST:PORT` or `[HOST]:PORT`. */
export function endpointText(
  names: EndpointNames,
  { address, port }: { readonly address: IpAddress; readonly port: number },
  protocol: string | undefined,
): string {
  const host = names.host(address);
  const portText = names.port(port, protocol);
  const text = familyOf(address) === 'IPv6' ? `[${host}]:${portText}` : `${host}:${portText}`;
  return text.length > longestEndpoint ? text.slice(0, longestEndpoint) : text;
}

export const numericNames: EndpointNames = { host: printedAddress, port: String };

/** Names that were found; what has none is numeric. Keys of ports are made by `portKey`. */
export function foundNames(hosts: ReadonlyMap<IpAddress, string>, ports: ReadonlyMap<string, string>): EndpointNames {
  return {
    host: (address) => hosts.get(address) ?? printedAddress(address),
    port: (port, protocol) =>
      (protocol === undefined ? undefined : ports.get(portKey(port, protocol as Protocol))) ?? String(port),
  };
}

/** e.g. `80/tcp`. */
function portKey(port: number, protocol: Protocol): string {
  return `${port}/${protocol.toLowerCase()}`;
}

/** The C library prints the last 32 bits of IPv4-compatible addresses in decimal (`::10.0.0.1`). */
function printedAddress(address: IpAddress): string {
  if (!address.startsWith('::') || address.includes('.')) return address;
  const bytes = ipBytes(address);
  const isCompatible = bytes.slice(0, 12).every((byte) => byte === 0) && (bytes[12] !== 0 || bytes[13] !== 0);
  return isCompatible ? `::${bytes.slice(12).join('.')}` : address;
}
