// Source: linux/rtnetlink.h, linux/if_link.h and linux/if_addr.h, read at 6.1.

/** Message types (`RTM_*`). */
export const routeMessage = {
  newLink: 16,
  deleteLink: 17,
  getLink: 18,
  newAddress: 20,
  deleteAddress: 21,
  getAddress: 22,
} as const;

/** Bytes of `struct ifinfomsg` and `struct ifaddrmsg`, which precede the attributes. */
export const linkHeaderBytes = 16;
export const addressHeaderBytes = 8;

/** `IFF_UP`, a flag in `struct ifinfomsg`. Source: linux/if.h. */
export const linkUp = 1;

/** Attributes of an interface (`IFLA_*`). */
export const linkAttribute = { name: 3, transmitQueueLength: 13, linkInfo: 18, extensionMask: 29 } as const;

/** Attributes inside LINKINFO (`IFLA_INFO_*`). */
export const linkInfoAttribute = { kind: 1 } as const;

/** `RTEXT_FILTER_SKIP_STATS`: leave the statistics out of a reply. */
export const skipStatistics = 8;

/** Attributes of an address (`IFA_*`). On a point-to-point interface ADDRESS is the peer's. */
export const addressAttribute = { address: 1, local: 2 } as const;

/** `IFA_F_NODAD`: do not look for another owner before using the address (IPv6). */
export const noDuplicateDetection = 0x02;
