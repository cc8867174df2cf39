// Source: linux/ip_vs.h, read at 6.1. Everything is in host byte order unless noted.

/** Name of the generic netlink family (`IPVS_GENL_NAME`). */
export const ipvsFamilyName = 'IPVS';

/** Version of the family (`IPVS_GENL_VERSION`). */
export const ipvsFamilyVersion = 1;

/** Size of `genlmsghdr`, which precedes the attributes of a message. */
export const genericHeaderBytes = 4;

/** Commands (`IPVS_CMD_*`). The kernel calls a virtual server "service" and a real server "destination". */
export const ipvsCommand = {
  newService: 1,
  setService: 2,
  deleteService: 3,
  getService: 4,
  newDestination: 5,
  setDestination: 6,
  deleteDestination: 7,
  getDestination: 8,
  newDaemon: 9,
  getDaemon: 11,
  setConfig: 12,
  getConfig: 13,
  setInfo: 14,
  getInfo: 15,
  zero: 16,
  flush: 17,
} as const;

/** Attributes of a command (`IPVS_CMD_ATTR_*`). */
export const commandAttribute = {
  service: 1,
  destination: 2,
  daemon: 3,
  /** The three time-outs: u32, seconds; 0 leaves that one as it is. */
  timeoutTcp: 4,
  timeoutTcpFin: 5,
  timeoutUdp: 6,
} as const;

/** Attributes of a virtual server (`IPVS_SVC_ATTR_*`). */
export const serviceAttribute = {
  /** u16, `addressFamily`. */
  addressFamily: 1,
  /** u16, `protocolNumber`. */
  protocol: 2,
  /** 16 bytes; an IPv4 address is in the first four. */
  address: 3,
  /** u16 in network order. */
  port: 4,
  /** u32, in place of protocol, address and port. */
  firewallMark: 5,
  /** String of at most 15 characters. */
  scheduler: 6,
  /** Two u32: flags, and the mask of those to change. */
  flags: 7,
  /** u32, persistence time-out in seconds. */
  timeout: 8,
  /** u32: for IPv4 the mask in network order, for IPv6 the prefix length. */
  netmask: 9,
  statistics: 10,
  /** String of at most 15 characters; absent for none. */
  persistenceEngine: 11,
  statistics64: 12,
} as const;

/** Attributes of a real server (`IPVS_DEST_ATTR_*`). */
export const destinationAttribute = {
  /** 16 bytes; an IPv4 address is in the first four. */
  address: 1,
  /** u16 in network order. */
  port: 2,
  /** u32, index in `forwardingMethods`. */
  forwarding: 3,
  /** u32, read by the kernel as i32. */
  weight: 4,
  upperThreshold: 5,
  lowerThreshold: 6,
  activeConnections: 7,
  inactiveConnections: 8,
  persistentConnections: 9,
  statistics: 10,
  /** u16; absent means that of the virtual server. */
  addressFamily: 11,
  statistics64: 12,
  /** u8, index in `tunnelTypes`. */
  tunnelType: 13,
  /** u16 in network order. */
  tunnelPort: 14,
  /** u16. */
  tunnelFlags: 15,
} as const;

/** Attributes of a statistics nest (`IPVS_STATS_ATTR_*`). In the 64-bit nest all are u64. */
export const statisticsAttribute = {
  connections: 1,
  incomingPackets: 2,
  outgoingPackets: 3,
  incomingBytes: 4,
  outgoingBytes: 5,
  connectionRate: 6,
  incomingPacketRate: 7,
  outgoingPacketRate: 8,
  incomingByteRate: 9,
  outgoingByteRate: 10,
} as const;

/** Attributes of the reply to `getInfo` (`IPVS_INFO_ATTR_*`). */
export const infoAttribute = { version: 1, connectionTableSize: 2 } as const;

/** Attributes of a synchronization daemon (`IPVS_DAEMON_ATTR_*`). */
export const daemonAttribute = {
  /** u32, index in `daemonRoles`. */
  role: 1,
  interfaceName: 2,
  /** u32. */
  syncId: 3,
  /** u16. */
  maximumLength: 4,
  /** 4 bytes. */
  group: 5,
  /** 16 bytes, in place of `group`. */
  group6: 6,
  /** u16 in host order. */
  port: 7,
  /** u8. */
  ttl: 8,
} as const;

/** Roles of a synchronization daemon by their number (`IP_VS_STATE_MASTER` and the following). */
export const daemonRoles = [undefined, 'master', 'backup'] as const;

/** Set by the kernel in every virtual server it reports (`IP_VS_SVC_F_HASHED`). */
export const hashedFlag = 0x02;

/** Forwarding methods by their number (`IP_VS_CONN_F_MASQ` and the following). */
export const forwardingMethods = ['masquerade', 'local', 'tunnel', 'directRouting', 'bypass'] as const;

/** Tunnel types by their number (`IP_VS_CONN_F_TUNNEL_TYPE_*`). */
export const tunnelTypes = ['ipip', 'gue', 'gre'] as const;
