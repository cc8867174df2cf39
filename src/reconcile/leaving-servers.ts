import type { IpAddress } from '../model/ip.ts';
import type { VirtualServerIdentity, VirtualServerKey } from '../model/virtual-server.ts';
import type { SetMember } from './desired-state.ts';
import { ipSetFor } from '../plan/ip-sets.ts';
import { virtualServerKey } from '../model/virtual-server.ts';
import { nodePortName } from './ownership.ts';

/** Sets that say which virtual servers on node addresses are ours. */
const nodePortProtocols = new Map(
  (['IPv4', 'IPv6'] as const).flatMap((family) => [
    [ipSetFor('nodePortTcp', family).name, 'TCP' as const],
    [ipSetFor('nodePortUdp', family).name, 'UDP' as const],
    [ipSetFor('nodePortSctp', family).name, 'SCTP' as const],
  ]),
);

/** Sets that name virtual servers of ours whose address may be one of the node, so that it is bound nowhere else. */
const namingSets: ReadonlySet<string> = new Set(
  (['IPv4', 'IPv6'] as const).flatMap((family) =>
    (['externalIp', 'externalIpLocal', 'loadBalancer'] as const).map((role) => ipSetFor(role, family).name),
  ),
);

/**
 * Virtual servers in the kernel that nobody wants any more and that still have connections. What they need stays until
 * they are gone: their address, which brings the packets in, and the set entries by which a restarted process knows
 * that they are ours.
 */
export class LeavingServers {
  readonly #identities = new Map<VirtualServerKey, VirtualServerIdentity>();
  readonly #addresses = new Map<string, number>();
  readonly #ports = new Map<string, number>();

  /** Notes that a virtual server is leaving (its identity), or that it is gone or wanted again (undefined). */
  note(key: VirtualServerKey, identity: VirtualServerIdentity | undefined): void {
    const previous = this.#identities.get(key);
    if ((previous === undefined) === (identity === undefined)) return;
    if (identity === undefined) this.#identities.delete(key);
    else this.#identities.set(key, identity);
    this.#count(identity ?? (previous as VirtualServerIdentity), identity === undefined ? -1 : 1);
  }

  get size(): number {
    return this.#identities.size;
  }

  needsAddress(address: IpAddress): boolean {
    return this.#addresses.has(address);
  }

  needsMember({ set, entry }: SetMember): boolean {
    if (this.#identities.size === 0) return false;
    if (entry.type === 'hash:ip') return this.#addresses.has(entry.address);
    if (entry.type === 'hash:ip,port' && namingSets.has(set)) {
      return this.#identities.has(virtualServerKey({ kind: 'address', ...entry }));
    }
    const protocol = nodePortProtocols.get(set);
    return protocol !== undefined && 'port' in entry && this.#ports.has(nodePortName(protocol, entry.port));
  }

  #count(identity: VirtualServerIdentity, change: number): void {
    if (identity.kind !== 'address') return;
    addTo(this.#addresses, identity.address, change);
    addTo(this.#ports, nodePortName(identity.protocol, identity.port), change);
  }
}

function addTo(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
