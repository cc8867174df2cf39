// Source: linux/netfilter/nfnetlink.h and nfnetlink_conntrack.h, read at 6.1.

/** Size of `nfgenmsg`, which precedes the attributes of a message. */
export const netfilterHeaderBytes = 4;

/** Message types: subsystem `NFNL_SUBSYS_CTNETLINK` and a command (`IPCTNL_MSG_CT_*`). */
export const conntrackMessage = { new: 0x100, get: 0x101, delete: 0x102 } as const;

/** Attributes of a flow (`CTA_*`). */
export const flowAttribute = {
  originalTuple: 1,
  replyTuple: 2,
  /** u32 in network order. */
  id: 12,
  /** u16 in network order; absent for zone 0. */
  zone: 18,
  /** Nest of `filterAttribute`; since Linux 5.8, ignored before. */
  filter: 25,
} as const;

/** Attributes of a tuple (`CTA_TUPLE_*`). */
export const tupleAttribute = { ip: 1, protocol: 2 } as const;

/** Addresses of a tuple, 4 or 16 bytes (`CTA_IP_*`). */
export const ipAttribute = {
  source: { IPv4: 1, IPv6: 3 },
  destination: { IPv4: 2, IPv6: 4 },
} as const;

/** Protocol part of a tuple (`CTA_PROTO_*`): u8, and u16 in network order. */
export const protocolAttribute = { number: 1, sourcePort: 2, destinationPort: 3 } as const;

/** Which fields of the tuples in a dump request count (`CTA_FILTER_*`): u32 in host order. */
export const filterAttribute = { originalFlags: 1, replyFlags: 2 } as const;

/** Fields that count (`CTA_FILTER_FLAG`). Addresses only for IPv4: for IPv6 the kernel (6.1 to 6.18) inverts them. */
export const filterFlag = {
  sourceAddress: 0x1,
  destinationAddress: 0x2,
  protocolNumber: 0x8,
  sourcePort: 0x10,
  destinationPort: 0x20,
} as const;
