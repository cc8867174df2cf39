// Source: linux/netlink.h and linux/genetlink.h, read at 6.1.

/** Netlink protocols (`NETLINK_*`). */
export const netlinkProtocol = { route: 0, netfilter: 12, generic: 16 } as const;

/** Message flags (`NLM_F_*`). The values of one group are reused by another. */
export const messageFlags = {
  request: 0x01,
  multi: 0x02,
  acknowledge: 0x04,
  dumpInterrupted: 0x10,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  /** In an error reply: the request is not echoed (`NLM_F_CAPPED`). */
  capped: 0x100,
  /** In an error reply: attributes follow (`NLM_F_ACK_TLVS`). */
  acknowledgeAttributes: 0x200,
} as const;

/** Control message types (`NLMSG_*`). */
export const controlMessage = { error: 2, done: 3 } as const;

/**
 * The generic netlink controller, which knows the numbers of all families (`GENL_ID_CTRL`, `CTRL_CMD_*`, `CTRL_ATTR_*`).
 * Its messages begin with a `genlmsghdr` of 4 bytes: command, version, 2 reserved.
 */
export const genericController = {
  type: 16,
  headerBytes: 4,
  getFamily: 3,
  version: 1,
  familyId: 1,
  familyName: 2,
} as const;

/** Multicast groups of rtnetlink (`RTNLGRP_*`). Source: linux/rtnetlink.h, read at 6.1. */
export const routeGroup = { link: 1, ipv4Address: 5, ipv6Address: 9 } as const;

/** Bits of an attribute type (`NLA_F_*`). */
export const attributeFlags = { nested: 0x8000, networkByteOrder: 0x4000, typeMask: 0x3fff } as const;

export const messageHeaderBytes = 16;
