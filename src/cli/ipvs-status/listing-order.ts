import type { IpAddress } from '../../model/ip.ts';
import { familyOf, ipBytes } from '../../model/ip.ts';
import type { VirtualServerIdentity } from '../../model/virtual-server.ts';
import { virtualServerFamily } from '../../model/virtual-server.ts';

/** Numbers that an entry is ordered by, most significant first; each from 0 to 4294967295. */
type SortKey = readonly number[];

const familyNumber = { IPv4: 2, IPv6: 10 } as const;
const protocolNumber = { TCP: 6, UDP: 17, SCTP: 132 } as const;

/** By firewall mark, then family, protocol, address and port. */
export function sortVirtualServers<T>(entries: readonly T[], identityOf: (entry: T) => VirtualServerIdentity): T[] {
  return (
    sortNearIpv4(entries, (entry) => nearNumber(identityOf(entry))) ??
    sortByKeys(entries, (entry) => virtualServerSortKey(identityOf(entry)))
  );
}

/** By address, then port. */
export function sortRealServers<T extends { readonly address: IpAddress; readonly port: number }>(
  entries: readonly T[],
): T[] {
  return sortNearIpv4(entries, endpointNumber) ?? sortByKeys(entries, realServerSortKey);
}

/**
 * Whether endpoints over IPv4 between these two, `address * 65536 + port`, are in the order of their numbers: half of all
 * addresses apart they are not.
 */
export function endpointsAreNear(least: number, greatest: number): boolean {
  return greatest - (greatest % 65_536) - (least - (least % 65_536)) < farApart;
}

const endpointsPerProtocol = 2 ** 48;
/** Endpoints of this distance are half of all addresses apart: a difference of 32 bits turns negative. */
const farApart = 2 ** 47;
const protocolOrder = { TCP: 0, UDP: 1, SCTP: 2 } as const;

function endpointNumber({ address, port }: { readonly address: IpAddress; readonly port: number }): number | undefined {
  return familyOf(address) === 'IPv6' ? undefined : ipv4Word(address) * 65_536 + port;
}

function nearNumber(identity: VirtualServerIdentity): number | undefined {
  if (identity.kind === 'firewallMark') return undefined;
  const endpoint = endpointNumber(identity);
  return endpoint === undefined ? undefined : protocolOrder[identity.protocol] * endpointsPerProtocol + endpoint;
}

/**
 * The usual case, several times faster: IPv4 addresses that are less than half of all addresses apart, whose order is
 * that of their numbers however they are sorted. Undefined for any other.
 */
function sortNearIpv4<T>(entries: readonly T[], numberOf: (entry: T) => number | undefined): T[] | undefined {
  const keyed: { readonly entry: T; readonly key: number }[] = [];
  let least = Number.POSITIVE_INFINITY;
  let greatest = 0;
  for (const entry of entries) {
    const key = numberOf(entry);
    if (key === undefined) return undefined;
    least = Math.min(least, key % endpointsPerProtocol);
    greatest = Math.max(greatest, key % endpointsPerProtocol);
    keyed.push({ entry, key });
  }
  if (!endpointsAreNear(least, greatest)) return undefined;
  return keyed.sort((first, second) => first.key - second.key).map(({ entry }) => entry);
}

function virtualServerSortKey(identity: VirtualServerIdentity): SortKey {
  const family = familyNumber[virtualServerFamily(identity)];
  if (identity.kind === 'firewallMark') return [identity.firewallMark, family];
  return [0, family, protocolNumber[identity.protocol], ...addressWords(identity.address), identity.port];
}

/** Where families are mixed, an IPv4 address is compared with the first part of an IPv6 address. */
function realServerSortKey({ address, port }: { readonly address: IpAddress; readonly port: number }): SortKey {
  const words = addressWords(address);
  return familyOf(address) === 'IPv6' ? [...words, port] : [...words, 0, 0, 0, port];
}

/** The address as one or four numbers of 32 bits. */
function addressWords(address: IpAddress): number[] {
  if (familyOf(address) === 'IPv4') return [ipv4Word(address)];
  const bytes = ipBytes(address);
  return [0, 4, 8, 12].map((at) => bytes.slice(at, at + 4).reduce((word, byte) => word * 256 + byte, 0));
}

function ipv4Word(address: IpAddress): number {
  let word = 0;
  let byte = 0;
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at);
    if (code === 0x2e) {
      word = word * 256 + byte;
      byte = 0;
    } else {
      byte = byte * 10 + code - 0x30;
    }
  }
  return word * 256 + byte;
}

/**
 * Keys are compared by the sign of their difference in 32 bits, as ipvsadm does: 200.0.0.1 comes before 10.0.0.1, and
 * where three addresses are far apart the order depends on the way of sorting. So both are as there: a merge sort that
 * halves, with the smaller half first.
 */
function sortByKeys<T>(entries: readonly T[], keyOf: (entry: T) => SortKey): T[] {
  const keyed = entries.map((entry) => ({ entry, key: keyOf(entry) }));
  return mergeSort(keyed).map(({ entry }) => entry);
}

interface Keyed<T> {
  readonly entry: T;
  readonly key: SortKey;
}

function mergeSort<T>(entries: readonly Keyed<T>[]): readonly Keyed<T>[] {
  if (entries.length < 2) return entries;
  const middle = entries.length >> 1;
  return merge(mergeSort(entries.slice(0, middle)), mergeSort(entries.slice(middle)));
}

function merge<T>(left: readonly Keyed<T>[], right: readonly Keyed<T>[]): Keyed<T>[] {
  const merged: Keyed<T>[] = [];
  let [fromLeft, fromRight] = [0, 0];
  for (;;) {
    const [first, second] = [left[fromLeft], right[fromRight]];
    if (first === undefined) return merged.concat(right.slice(fromRight));
    if (second === undefined) return merged.concat(left.slice(fromLeft));
    if (compareKeys(first.key, second.key) <= 0) {
      merged.push(first);
      fromLeft++;
    } else {
      merged.push(second);
      fromRight++;
    }
  }
}

function compareKeys(first: SortKey, second: SortKey): number {
  for (let index = 0; index < first.length; index++) {
    const difference = ((first[index] ?? 0) - (second[index] ?? 0)) | 0;
    if (difference !== 0) return difference;
  }
  return 0;
}
