import type { IpSetType } from '../../model/ip-set.ts';
import { attributeFlags } from '../../netlink/constants.ts';

// Source: linux/netfilter/nfnetlink.h, linux/netfilter/ipset/ip_set.h, ip_set_hash.h and ip_set_bitmap.h, read at 6.1.

/** `NFNL_SUBSYS_IPSET`: the high byte of every message type. */
const ipSetSubsystem = 6;

/** Message types: `IPSET_CMD_*` in the low byte. */
export const ipSetMessage = {
  create: (ipSetSubsystem << 8) | 2,
  destroy: (ipSetSubsystem << 8) | 3,
  rename: (ipSetSubsystem << 8) | 5,
  swap: (ipSetSubsystem << 8) | 6,
  list: (ipSetSubsystem << 8) | 7,
  add: (ipSetSubsystem << 8) | 9,
  delete: (ipSetSubsystem << 8) | 10,
  test: (ipSetSubsystem << 8) | 11,
  header: (ipSetSubsystem << 8) | 12,
  type: (ipSetSubsystem << 8) | 13,
} as const;

/** `IPSET_PROTOCOL`. */
export const ipSetProtocolVersion = 7;

/** Bytes of `struct nfgenmsg`, which precedes the attributes. */
export const netfilterHeaderBytes = 4;

const network = attributeFlags.networkByteOrder;

/** Attributes of a command (`IPSET_ATTR_*`). Number 3 is the second name in SWAP and RENAME. */
export const commandAttribute = {
  protocol: 1,
  setName: 2,
  typeName: 3,
  secondSetName: 3,
  revision: 4,
  family: 5,
  flags: 6,
  data: 7,
  entries: 8,
  lineNumber: 9,
} as const;

/** Attributes of the header of a set, inside DATA of CREATE and LIST. */
export const headerAttribute = { port: 4, portTo: 5, hashSize: 18, maxElements: 19, elements: 24 } as const;

/** Attributes of an entry, inside DATA of ADD, DEL and LIST. */
export const entryAttribute = {
  ip: 1,
  cidr: 3,
  port: 4,
  protocol: 7,
  flags: 8,
  lineNumber: 9,
  ip2: 20,
  cidr2: 21,
} as const;

/** Attributes inside an IP nest. */
export const ipAttribute = { ipv4: 1, ipv6: 2 } as const;

/** `IPSET_FLAG_LIST_HEADER`, a flag of LIST: without the entries. */
export const headerOnlyFlag = 4;

/** `IPSET_FLAG_NOMATCH`, a bit of the entry's flags: packets of this network do not match. */
export const noMatchFlag = 4;

/** A number that the kernel accepts in network order only, marked so. */
export function inNetworkOrder(type: number): number {
  return type | network;
}

/**
 * The revision that each type is made with where the kernel has a newer one. All have SCTP and large networks; later
 * revisions bring nothing that is used here, and the command line tool refuses to list a set whose revision is newer
 * than the tool. These are listed by every ipset since 6.22 (2014).
 */
export const wantedRevision: Readonly<Record<IpSetType, number>> = {
  'hash:ip': 4,
  'hash:ip,port': 5,
  'hash:ip,port,ip': 5,
  'hash:ip,port,net': 7,
  'bitmap:port': 3,
};

/** Number of ports in a `bitmap:port` that covers all of them. */
export const allPorts = 65536;
