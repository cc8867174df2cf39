import { familyOf, parseIp } from '../model/ip.ts';

/** Host and port of a listener as written, neither of them checked. */
export interface HostAndPort {
  readonly host: string;
  readonly port: string;
}

/** Splits `host:port` or `[IPv6]:port`; undefined when the text is not of that form. */
export function splitHostPort(text: string): HostAndPort | undefined {
  const bracketed = /^\[([^[\]]*)\]:([^:[\]]*)$/.exec(text);
  const plain = /^([^:[\]]*):([^:[\]]*)$/.exec(text);
  const match = bracketed ?? plain;
  return match === null ? undefined : { host: match[1] as string, port: match[2] as string };
}

/** Adds the port to a bare IP; a text that has a port, or is no IP, stays as it is. */
export function listenerWithPort(text: string, port: number): string {
  if (splitHostPort(text) !== undefined) return text;
  const address = parseIp(text);
  if (address === undefined) return text;
  return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`;
}

/** Whether the text takes IPv6 defaults: everything but an IPv4 address does, as upstream. */
export function isIpv6Text(text: string): boolean {
  const address = parseIp(text);
  return address === undefined || familyOf(address) === 'IPv6';
}

/** A port number from 1 to 65535, or undefined. */
export function parsePort(text: string): number | undefined {
  if (!/^[+]?\d+$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65535 ? port : undefined;
}
