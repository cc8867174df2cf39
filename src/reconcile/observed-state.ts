import type { AddressDriver, ObservedIpSet } from '../kernel/drivers.ts';
import type { Cidr, IpAddress, IpFamily } from '../model/ip.ts';
import type { VirtualServerKey } from '../model/virtual-server.ts';
import type { SetRole } from '../plan/ip-sets.ts';
import type { ListedServers } from './server-table.ts';
import { virtualServerKey } from '../model/virtual-server.ts';
import { ipSetFor } from '../plan/ip-sets.ts';
import { isOurs, nodePortName } from './ownership.ts';

/** Virtual servers in the kernel, sorted by whose they are. */
export interface ObservedServersByOwner {
  readonly ours: readonly ListedServers[];
  /** Virtual servers that belong to somebody else. */
  readonly foreign: ReadonlySet<VirtualServerKey>;
}

/** Reads virtual servers and tells what is ours, by evidence in the kernel or because we know it. */
export async function readObserved(options: {
  readonly drivers: {
    /** All virtual servers, or those of which it is asked whose they are. */
    readonly ipvs: { readonly list: () => Promise<readonly ListedServers[]> };
    readonly address: Pick<AddressDriver, 'listNodeAddresses'>;
  };
  /** Addresses on the dummy interface, and those that are about to be. */
  readonly boundAddresses: Pick<ReadonlySet<IpAddress>, 'has'>;
  readonly sets: readonly ObservedIpSet[];
  readonly families: readonly IpFamily[];
  readonly excludeCidrs: readonly Cidr[];
  /** Whether a virtual server is wanted, or was ours when it was last seen. */
  readonly isKnown: (key: VirtualServerKey) => boolean;
}): Promise<ObservedServersByOwner> {
  const { drivers, boundAddresses, sets, families, excludeCidrs, isKnown } = options;
  const evidence = {
    boundAddresses,
    nodeAddresses: new Set(await drivers.address.listNodeAddresses()),
    nodePorts: nodePortsIn(sets, families),
    namedServers: serversNamedIn(sets, families),
    excludeCidrs,
  };
  const ours: ListedServers[] = [];
  const foreign = new Set<VirtualServerKey>();
  for (const observed of await drivers.ipvs.list()) {
    const { key } = observed.virtualServer;
    if (isKnown(key) || isOurs(observed.virtualServer, evidence)) ours.push(observed);
    else foreign.add(key);
  }
  return { ours, foreign };
}

const nodePortRoles: readonly SetRole[] = ['nodePortTcp', 'nodePortUdp', 'nodePortSctp'];

/** Ports that the node-port sets hold. */
function nodePortsIn(sets: readonly ObservedIpSet[], families: readonly IpFamily[]): ReadonlySet<string> {
  const byName = new Map(sets.map((set) => [set.name, set]));
  const ports = new Set<string>();
  for (const role of nodePortRoles) {
    const protocol = role === 'nodePortTcp' ? 'TCP' : role === 'nodePortUdp' ? 'UDP' : 'SCTP';
    for (const family of families) {
      for (const entry of byName.get(ipSetFor(role, family).name)?.entries ?? []) {
        if ('port' in entry) ports.add(nodePortName(protocol, entry.port));
      }
    }
  }
  return ports;
}

const externalRoles: readonly SetRole[] = ['externalIp', 'externalIpLocal', 'loadBalancer'];

/** Virtual servers whose address and port are in the sets of what is reached from outside. */
function serversNamedIn(sets: readonly ObservedIpSet[], families: readonly IpFamily[]): ReadonlySet<VirtualServerKey> {
  const names = new Set<string>(families.flatMap((family) => externalRoles.map((role) => ipSetFor(role, family).name)));
  const entries = sets.filter((set) => names.has(set.name)).flatMap((set) => set.entries);
  const named = entries.filter((entry) => entry.type === 'hash:ip,port');
  return new Set(named.map((entry) => virtualServerKey({ kind: 'address', ...entry })));
}
