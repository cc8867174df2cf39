import { noTraffic } from '../../src/kernel/ipvs/decode-counters.ts';
import type { IpAddress, IpFamily } from '../../src/model/ip.ts';
import { addressBits } from '../../src/model/ip.ts';
import type { ForwardingMethod, ObservedRealServer, RealServer, Tunnel } from '../../src/model/real-server.ts';
import { masqueradingRealServer } from '../../src/model/real-server.ts';
import type { Protocol } from '../../src/model/service-key.ts';
import type { VirtualServer, VirtualServerIdentity } from '../../src/model/virtual-server.ts';
import { virtualServerFamily, virtualServerFlags, virtualServerKey } from '../../src/model/virtual-server.ts';
import { ip } from './builders.ts';
import { PackedVirtualServer } from '../../src/reconcile/packed-servers.ts';

/** Settings of a virtual server that differ from: rr, no flags, no persistence. */
export interface VirtualServerSettings {
  readonly scheduler?: string;
  readonly flags?: number;
  /** Makes it persistent. */
  readonly persistenceTimeoutSeconds?: number;
  readonly persistencePrefixLength?: number;
  readonly persistenceEngine?: string;
}

/** A virtual server from an endpoint such as `10.96.0.1:80` or `[fd00::1]:80`. */
export function virtualServer(
  protocol: Protocol,
  endpoint: string,
  settings: VirtualServerSettings = {},
): VirtualServer {
  const { address, port } = splitEndpoint(endpoint);
  return fromIdentity({ kind: 'address', address, port, protocol }, settings);
}

/** A virtual server of a firewall mark. */
export function markedVirtualServer(
  firewallMark: number,
  family: IpFamily,
  settings: VirtualServerSettings = {},
): VirtualServer {
  return fromIdentity({ kind: 'firewallMark', firewallMark, family }, settings);
}

/** Settings of a real server that differ from: masquerade, weight 1, no thresholds. */
export interface RealServerSettings {
  readonly forwarding?: ForwardingMethod;
  readonly weight?: number;
  readonly upperThreshold?: number;
  readonly lowerThreshold?: number;
  readonly tunnel?: Tunnel;
}

/** A real server from an endpoint such as `10.244.1.2:8080`. */
export function realServer(endpoint: string, settings: RealServerSettings = {}): RealServer {
  const { address, port } = splitEndpoint(endpoint);
  return { ...masqueradingRealServer(address, port, 1), ...settings };
}

function fromIdentity(identity: VirtualServerIdentity, settings: VirtualServerSettings): VirtualServer {
  const timeout = settings.persistenceTimeoutSeconds ?? 0;
  return {
    key: virtualServerKey(identity),
    identity,
    scheduler: settings.scheduler ?? 'rr',
    flags: (settings.flags ?? 0) | (timeout > 0 ? virtualServerFlags.persistent : 0),
    persistenceTimeoutSeconds: timeout,
    persistencePrefixLength: settings.persistencePrefixLength ?? addressBits(virtualServerFamily(identity)),
    persistenceEngine: settings.persistenceEngine ?? '',
  };
}

function splitEndpoint(endpoint: string): { address: IpAddress; port: number } {
  const colon = endpoint.lastIndexOf(':');
  return { address: ip(endpoint.slice(0, colon).replace(/[[\]]/g, '')), port: Number(endpoint.slice(colon + 1)) };
}

/** A virtual server as a Service wants it, in the form in which it is kept. */
export function planned(
  server: VirtualServer,
  realServers: readonly RealServer[] = [],
  waiting: readonly RealServer[] = [],
): PackedVirtualServer {
  const keys = new Set(waiting.map(({ key }) => key));
  return new PackedVirtualServer({ virtualServer: server, realServers, waiting: keys });
}

/** A real server as the kernel reports it. */
export function observedRealServer(
  server: RealServer,
  activeConnections = 0,
  inactiveConnections = 0,
): ObservedRealServer {
  return { ...server, activeConnections, inactiveConnections, persistentConnections: 0, counters: noTraffic };
}
