import type { Cidr, IpAddress } from '../model/ip.ts';
import type { Protocol } from '../model/service-key.ts';
import type { VirtualServer, VirtualServerKey } from '../model/virtual-server.ts';
import { isInCidr } from '../model/ip.ts';

/** What tells our virtual servers from those of others, all of it readable from the kernel. */
export interface OwnershipEvidence {
  /** Addresses on the dummy interface, and those that are about to be. */
  readonly boundAddresses: Pick<ReadonlySet<IpAddress>, 'has'>;
  /** Addresses on the node's other interfaces. */
  readonly nodeAddresses: ReadonlySet<IpAddress>;
  /** Ports in the node-port sets, as `PROTOCOL/port`. */
  readonly nodePorts: ReadonlySet<string>;
  /** Virtual servers that our sets of external IPs and load balancer addresses name: some are on node addresses. */
  readonly namedServers: ReadonlySet<VirtualServerKey>;
  /** Ranges that belong to somebody else. */
  readonly excludeCidrs: readonly Cidr[];
}

/**
 * Whether a virtual server in the kernel is ours to change or remove: its address is bound on the dummy interface, our
 * sets name it, or it is on a node address with a port that our node-port sets hold. Firewall-mark servers never are.
 * Pure.
 */
export function isOurs(virtualServer: VirtualServer, evidence: OwnershipEvidence): boolean {
  const { identity, key } = virtualServer;
  if (identity.kind === 'firewallMark') return false;
  if (evidence.excludeCidrs.some((cidr) => isInCidr(identity.address, cidr))) return false;
  if (evidence.boundAddresses.has(identity.address) || evidence.namedServers.has(key)) return true;
  if (!evidence.nodePorts.has(nodePortName(identity.protocol, identity.port))) return false;
  return evidence.nodeAddresses.has(identity.address);
}

export function nodePortName(protocol: Protocol, port: number): string {
  return `${protocol}/${port}`;
}
