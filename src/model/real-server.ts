import type { IpAddress } from './ip.ts';
import { formatEndpoint } from './virtual-server.ts';

/** Names a real server within its virtual server: `address:port`. Made by `realServerKey`; never taken apart. */
export type RealServerKey = string & { readonly brand: 'RealServerKey' };

/** How packets reach a real server. Source: linux/ip_vs.h `IP_VS_CONN_F_MASQ` and the following. */
export type ForwardingMethod = 'masquerade' | 'local' | 'tunnel' | 'directRouting' | 'bypass';

/** Encapsulation of the tunnel forwarding method. */
export interface Tunnel {
  readonly type: 'ipip' | 'gue' | 'gre';
  /** UDP port of a GUE tunnel; 0 for the others. */
  readonly port: number;
  /** `IP_VS_TUNNEL_ENCAP_FLAG_*`: 0 no checksum, 1 checksum, 2 remote checksum. */
  readonly flags: number;
}

/** One backend of a virtual server. */
export interface RealServer {
  readonly key: RealServerKey;
  readonly address: IpAddress;
  readonly port: number;
  readonly forwarding: ForwardingMethod;
  /** 0 takes no new connections. */
  readonly weight: number;
  /** Most connections it takes; 0 for no limit. */
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
  /** Present with the tunnel forwarding method only; absent there means plain IPIP. */
  readonly tunnel?: Tunnel;
}

/** A real server as the kernel reports it, with its connection counters. */
export interface ObservedRealServer extends RealServer {
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly persistentConnections: number;
  readonly counters: TrafficCounters;
}

/** Traffic totals since the last reset, and rates per second. */
export interface TrafficCounters {
  readonly connections: bigint;
  readonly incomingPackets: bigint;
  readonly outgoingPackets: bigint;
  readonly incomingBytes: bigint;
  readonly outgoingBytes: bigint;
  readonly connectionRate: bigint;
  readonly incomingPacketRate: bigint;
  readonly outgoingPacketRate: bigint;
  readonly incomingByteRate: bigint;
  readonly outgoingByteRate: bigint;
}

export function realServerKey(address: IpAddress, port: number): RealServerKey {
  return formatEndpoint(address, port) as RealServerKey;
}

/** A masquerading real server without thresholds, as Services need it. `key` spares making it where it is known. */
export function masqueradingRealServer(
  address: IpAddress,
  port: number,
  weight: number,
  key = realServerKey(address, port),
): RealServer {
  return { key, address, port, forwarding: 'masquerade', weight, upperThreshold: 0, lowerThreshold: 0 };
}

/** Whether both have the same settings; address and port are not looked at. */
export function sameRealServerSettings(a: RealServer, b: RealServer): boolean {
  return (
    a.weight === b.weight &&
    a.forwarding === b.forwarding &&
    a.upperThreshold === b.upperThreshold &&
    a.lowerThreshold === b.lowerThreshold &&
    (a.tunnel?.type ?? 'ipip') === (b.tunnel?.type ?? 'ipip') &&
    (a.tunnel?.port ?? 0) === (b.tunnel?.port ?? 0) &&
    (a.tunnel?.flags ?? 0) === (b.tunnel?.flags ?? 0)
  );
}
