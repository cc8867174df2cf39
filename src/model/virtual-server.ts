import type { IpAddress, IpFamily } from './ip.ts';
import { joinText } from './flat-text.ts';
import { familyOf } from './ip.ts';
import type { Protocol } from './service-key.ts';

/** Names a virtual server, e.g. `TCP/10.96.0.1:443` or `FWM/7/IPv4`. Made by `virtualServerKey`; never taken apart. */
export type VirtualServerKey = string & { readonly brand: 'VirtualServerKey' };

/** What identifies a virtual server in the kernel: address, port and protocol, or a firewall mark and a family. */
export type VirtualServerIdentity =
  | { readonly kind: 'address'; readonly address: IpAddress; readonly port: number; readonly protocol: Protocol }
  | { readonly kind: 'firewallMark'; readonly firewallMark: number; readonly family: IpFamily };

/** Bits of `VirtualServer.flags`. Source: linux/ip_vs.h `IP_VS_SVC_F_*`, read at 6.1. */
export const virtualServerFlags = {
  /** Client affinity for `persistenceTimeoutSeconds`. */
  persistent: 0x01,
  /** UDP: every datagram is scheduled on its own. */
  onePacket: 0x04,
  /** sh: sh-fallback; mh: mh-fallback (take another server when the chosen one has weight 0). */
  schedulerFallback: 0x08,
  /** sh: sh-port; mh: mh-port (the source port takes part in the hash). */
  schedulerPort: 0x10,
} as const;

/** One virtual server as we want it or as the kernel has it. The kernel's own `hashed` bit is never in `flags`. */
export interface VirtualServer {
  readonly key: VirtualServerKey;
  readonly identity: VirtualServerIdentity;
  /** Kernel name of the scheduler: `rr`, `wrr`, `lc`, `wlc`, `sh`, `mh`, ...; at most 15 characters. */
  readonly scheduler: string;
  /** Bits of `virtualServerFlags`. */
  readonly flags: number;
  /** How long a client stays with its real server, in seconds; 0 without persistence. */
  readonly persistenceTimeoutSeconds: number;
  /** Clients that share this prefix are one client for persistence: 1 to 32 or 128. */
  readonly persistencePrefixLength: number;
  /** Persistence engine, e.g. `sip`; empty for none. */
  readonly persistenceEngine: string;
}

/** Key of a virtual server. Same identity, same key. */
export function virtualServerKey(identity: VirtualServerIdentity): VirtualServerKey {
  if (identity.kind === 'firewallMark') return `FWM/${identity.firewallMark}/${identity.family}` as VirtualServerKey;
  return joinText(identity.protocol, '/', formatEndpoint(identity.address, identity.port)) as VirtualServerKey;
}

/** Address family of a virtual server. */
export function virtualServerFamily(identity: VirtualServerIdentity): IpFamily {
  return identity.kind === 'address' ? familyOf(identity.address) : identity.family;
}

/** `address:port`, with brackets around an IPv6 address. */
export function formatEndpoint(address: IpAddress, port: number): string {
  return joinText(address.includes(':') ? `[${address}]` : address, ':', String(port));
}

/** Whether both have the same settings; identity is not looked at. */
export function sameVirtualServerSettings(a: VirtualServer, b: VirtualServer): boolean {
  return (
    a.scheduler === b.scheduler &&
    a.flags === b.flags &&
    a.persistenceTimeoutSeconds === b.persistenceTimeoutSeconds &&
    a.persistencePrefixLength === b.persistencePrefixLength &&
    a.persistenceEngine === b.persistenceEngine
  );
}
