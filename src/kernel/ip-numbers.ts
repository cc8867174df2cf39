import type { IpFamily } from '../model/ip.ts';
import type { Protocol } from '../model/service-key.ts';

/** Address families, the same in IPVS, rtnetlink and netfilter (`AF_*`, `NFPROTO_*`). Source: linux/socket.h. */
export const addressFamily = { unspecified: 0, IPv4: 2, IPv6: 10 } as const;

/** Numbers of the transport protocols. Source: linux/in.h, `IPPROTO_*`. */
export const protocolNumber = { TCP: 6, UDP: 17, SCTP: 132 } as const;

const families = new Map<number, IpFamily>([
  [addressFamily.IPv4, 'IPv4'],
  [addressFamily.IPv6, 'IPv6'],
]);

const protocols = new Map<number, Protocol>([
  [protocolNumber.TCP, 'TCP'],
  [protocolNumber.UDP, 'UDP'],
  [protocolNumber.SCTP, 'SCTP'],
]);

/** The IP family of a number of `addressFamily`; undefined for any other. */
export function familyOfNumber(number: number): IpFamily | undefined {
  return families.get(number);
}

/** The protocol of a number of `protocolNumber`; undefined for any other. */
export function protocolOfNumber(number: number): Protocol | undefined {
  return protocols.get(number);
}
