import type { IpAddress, IpFamily } from '../../src/model/ip.ts';
import { addressBits, parseIp } from '../../src/model/ip.ts';
import type { ForwardingMethod, RealServer, Tunnel } from '../../src/model/real-server.ts';
import { masqueradingRealServer } from '../../src/model/real-server.ts';
import type { Protocol } from '../../src/model/service-key.ts';
import type { VirtualServer, VirtualServerIdentity } from '../../src/model/virtual-server.ts';
import { virtualServerFamily, virtualServerFlags, virtualServerKey } from '../../src/model/virtual-server.ts';

/** Reads an address that the test spells right. */
export function ip(text: string): IpAddress {
  const address = parseIp(text);
  if (address === undefined) throw new Error(`not an IP address: ${text}`);
  return address;
}

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
