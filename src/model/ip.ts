import ipaddr from 'ipaddr.js';
import { ipv6Bytes, ipv6Text } from './ipv6-text.ts';

/** An IP address in canonical text form: dotted decimal, or RFC 5952 for IPv6. Made by `parseIp` only. */
export type IpAddress = string & { readonly brand: 'IpAddress' };

/** A masked network in canonical text form with its prefix length, e.g. `10.244.0.0/16`. Made by `parseCidr` only. */
export type Cidr = string & { readonly brand: 'Cidr' };

/** The two address families, as Kubernetes writes them. */
export type IpFamily = 'IPv4' | 'IPv6';

export const ipFamilies: readonly IpFamily[] = ['IPv4', 'IPv6'];

const dottedDecimal = /^\d{1,}\.\d{1,}\.\d{1,}\.\d{1,}$/;
const prefixDigits = /^\d+$/;

/**
 * Reads an IP address as Kubernetes does: leading zeros in IPv4 are decimal, an IPv4-mapped IPv6 address is IPv4,
 * zones and surrounding blanks are refused. Returns undefined for anything else.
 */
export function parseIp(text: string): IpAddress | undefined {
  if (dottedDecimal.test(text)) return canonicalIpv4(text);
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  return ipFromBytes(ipaddr.IPv6.parse(withSpeltOutGap(text)).toByteArray());
}

/** ipaddr.js takes `::10.0.0.1` for `::ffff:10.0.0.1`; it is `::a00:1`. */
function withSpeltOutGap(text: string): string {
  return /^::\d+\./.test(text) ? `0:0:0:0:0:0:${text.slice(2)}` : text;
}

function canonicalIpv4(text: string): IpAddress | undefined {
  const octets = text.split('.').map(Number);
  return octets.every((octet) => octet <= 255) ? (octets.join('.') as IpAddress) : undefined;
}

/** Reads `<IP>/<prefix length>`; host bits are masked off, leading zeros in the length are tolerated. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  if (slash < 0 || !prefixDigits.test(text.slice(slash + 1))) return undefined;
  const written = text.slice(0, slash);
  const address = parseIp(written);
  if (address === undefined) return undefined;
  const mapped = written.includes(':') && familyOf(address) === 'IPv4';
  const length = Number(text.slice(slash + 1)) - (mapped ? 96 : 0);
  if (length < 0 || length > addressBits(familyOf(address))) return undefined;
  return `${maskAddress(address, length)}/${length}` as Cidr;
}

/** Address family of a canonical address or network. */
export function familyOf(value: IpAddress | Cidr): IpFamily {
  return value.includes(':') ? 'IPv6' : 'IPv4';
}

/** Number of bits in an address of the family: 32 or 128. */
export function addressBits(family: IpFamily): 32 | 128 {
  return family === 'IPv4' ? 32 : 128;
}

/** Prefix length of a network, 0 to 32 or 128. */
export function prefixLengthOf(cidr: Cidr): number {
  return Number(cidr.slice(cidr.indexOf('/') + 1));
}

/** The network address of a network, without its prefix length. */
export function networkAddressOf(cidr: Cidr): IpAddress {
  return cidr.slice(0, cidr.indexOf('/')) as IpAddress;
}

/** The network that holds this one address: `/32` or `/128`. */
export function hostCidr(address: IpAddress): Cidr {
  return `${address}/${addressBits(familyOf(address))}` as Cidr;
}

/** Whether the address lies in the network; never across families. */
export function isInCidr(address: IpAddress, cidr: Cidr): boolean {
  if (familyOf(address) !== familyOf(cidr)) return false;
  const length = prefixLengthOf(cidr);
  const network = ipBytes(networkAddressOf(cidr));
  return ipBytes(address).every((byte, index) => (byte & maskOf(index, length)) === network[index]);
}

/** Loopback: 127.0.0.0/8 or ::1. */
export function isLoopback(address: IpAddress): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** Link-local: 169.254.0.0/16 or fe80::/10. */
export function isLinkLocal(address: IpAddress): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/.test(address);
}

/** Why an address is neither that of a Service nor of an endpoint: words that follow "is"; undefined when it can be. */
export function unservableReason(address: IpAddress): string | undefined {
  if (isLoopback(address) || isLinkLocal(address)) return 'a loopback or link-local address';
  if (address === '0.0.0.0' || address === '::') return 'the unspecified address';
  if (address === '255.255.255.255') return 'the broadcast address';
  return isMulticast(address) ? 'a multicast address' : undefined;
}

/** Multicast: 224.0.0.0/4 or ff00::/8. */
function isMulticast(address: IpAddress): boolean {
  return /^(22[4-9]|23\d)\./.test(address) || /^ff[\da-f]{2}:/.test(address);
}

/** The address as network-order bytes, 4 or 16 of them. */
export function ipBytes(address: IpAddress): number[] {
  if (familyOf(address) === 'IPv4') return address.split('.').map(Number);
  return address.includes('.') ? ipaddr.IPv6.parse(address).toByteArray() : ipv6Bytes(address);
}

/** The address that 4 or 16 network-order bytes stand for. An IPv4-mapped address is printed as IPv4. */
export function ipFromBytes(bytes: readonly number[]): IpAddress {
  if (bytes.length === 4) return bytes.join('.') as IpAddress;
  return (isIpv4Mapped(bytes) ? bytes.slice(12).join('.') : ipv6Text(bytes)) as IpAddress;
}

function isIpv4Mapped(bytes: readonly number[]): boolean {
  return bytes.every((byte, index) => index >= 12 || byte === (index < 10 ? 0 : 0xff));
}

function maskAddress(address: IpAddress, length: number): IpAddress {
  return ipFromBytes(ipBytes(address).map((byte, index) => byte & maskOf(index, length)));
}

/** The bits of a byte that a prefix of this length covers. */
function maskOf(byteIndex: number, prefixLength: number): number {
  const kept = Math.min(8, Math.max(0, prefixLength - byteIndex * 8));
  return (0xff00 >> kept) & 0xff;
}
