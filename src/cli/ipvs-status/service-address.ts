import type { IpAddress } from '../../model/ip.ts';
import { parseIp } from '../../model/ip.ts';
import type { Protocol } from '../../model/service-key.ts';

/** What a service address needs to know of names: undefined for one that does not exist. */
export interface AddressBook {
  /** The IPv4 address of a host; null when it was not looked up yet. */
  readonly hostAddress: (name: string) => IpAddress | undefined | null;
  /** The port of a service such as `http`. */
  readonly portNumber: (name: string, protocol: Protocol) => number | undefined;
}

/** A service address that was understood, was not, or names a host to be looked up first. */
export type ServiceAddress =
  | { readonly kind: 'endpoint'; readonly address: IpAddress; readonly port: number }
  | { readonly kind: 'illegal' }
  | { readonly kind: 'unknownHost'; readonly host: string };

const illegal = { kind: 'illegal' } as const;

/**
 * Reads `HOST[:PORT]` or `[IPV6]:PORT` as ipvsadm 1.31 does: without a port it is 0, an IPv6 address without brackets
 * has none, IPv4 may be written with fewer parts, in octal or hexadecimal (`inet_aton`).
 */
export function readServiceAddress(text: string, protocol: Protocol, names: AddressBook): ServiceAddress {
  if (text.startsWith('[')) return readBracketed(text, protocol, names);
  const ipv6 = readIpv6(text);
  if (ipv6 !== undefined) return { kind: 'endpoint', address: ipv6, port: 0 };
  const colon = text.lastIndexOf(':');
  const host = colon < 0 ? text : text.slice(0, colon);
  const port = colon < 0 ? 0 : readPort(text.slice(colon + 1), protocol, names);
  return hostEndpoint(host, port, names);
}

/** An IPv4 address in brackets is taken too, and its port is not looked at. */
function readBracketed(text: string, protocol: Protocol, names: AddressBook): ServiceAddress {
  const [, inside, portText] = /^\[([^\]]*)\]:(.*)$/.exec(text) ?? [];
  if (inside === undefined || portText === undefined) return illegal;
  const ipv6 = readIpv6(inside);
  if (ipv6 === undefined) return hostEndpoint(inside, 0, names);
  const port = readPort(portText, protocol, names);
  return port === undefined ? illegal : { kind: 'endpoint', address: ipv6, port };
}

function hostEndpoint(host: string, port: number | undefined, names: AddressBook): ServiceAddress {
  if (host === '' || port === undefined) return illegal;
  const address = readIpv4(host) ?? names.hostAddress(host);
  if (address === null) return { kind: 'unknownHost', host };
  return address === undefined ? illegal : { kind: 'endpoint', address, port };
}

/** An IPv4-mapped address stays IPv6. */
function readIpv6(text: string): IpAddress | undefined {
  if (!text.includes(':') || text.includes('%')) return undefined;
  const address = parseIp(text);
  if (address === undefined || address.includes(':')) return address;
  return `::ffff:${address}` as IpAddress; // the canonical text of what parseIp takes for IPv4
}

/** A decimal number up to 65535, or the name of a service. */
function readPort(text: string, protocol: Protocol, names: AddressBook): number | undefined {
  if (!/^\s*[+-]?\d+$/.test(text)) return names.portNumber(text, protocol);
  const port = Number(text);
  return port >= 0 && port <= 65535 ? port : undefined;
}

/** One to four numbers, decimal, octal (`010`) or hexadecimal (`0xa`); the last fills what is left of the 32 bits. */
function readIpv4(text: string): IpAddress | undefined {
  const parts = text.split('.').map(readNumber);
  const last = parts.pop();
  if (last === undefined || parts.length > 3 || last >= 2 ** (32 - 8 * parts.length)) return undefined;
  let bits = last;
  for (const [index, part] of parts.entries()) {
    if (part === undefined || part > 255) return undefined;
    bits += part * 2 ** (24 - 8 * index);
  }
  return [bits / 2 ** 24, bits / 2 ** 16, bits / 2 ** 8, bits]
    .map((part) => Math.floor(part) % 256)
    .join('.') as IpAddress;
}

function readNumber(text: string): number | undefined {
  if (/^0[xX][\da-fA-F]+$/.test(text)) return Number.parseInt(text.slice(2), 16);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
}
