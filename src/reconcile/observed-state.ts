import type { AddressDriver, IpvsDriver, ObservedIpSet, ObservedVirtualServer } from '../kernel/drivers.ts';
import type { Cidr, IpAddress, IpFamily } from '../model/ip.ts';
import type { VirtualServerKey } from '../model/virtual-server.ts';
import type { SetRole } from '../plan/ip-sets.ts';
import { familyOf } from '../model/ip.ts';
import { ipSetFor } from '../plan/ip-sets.ts';
import { isOurs, nodePortName } from './ownership.ts';

/** What is ours in the kernel. */
export interface ObservedState {
  readonly addresses: readonly IpAddress[];
  readonly virtualServers: readonly ObservedVirtualServer[];
}

/** Reads addresses and virtual servers and keeps what is ours, by evidence in the kernel or because it is wanted. */
export async function readObserved(options: {
  readonly drivers: { readonly ipvs: IpvsDriver; readonly address: AddressDriver };
  readonly sets: readonly ObservedIpSet[];
  readonly families: readonly IpFamily[];
  readonly excludeCidrs: readonly Cidr[];
  readonly isWanted: (key: VirtualServerKey) => boolean;
}): Promise<ObservedState> {
  const { drivers, sets, families, excludeCidrs, isWanted } = options;
  const bound = (await drivers.address.list()).filter((address) => families.includes(familyOf(address)));
  const evidence = {
    boundAddresses: new Set(bound),
    nodeAddresses: new Set(await drivers.address.listNodeAddresses()),
    nodePorts: nodePortsIn(sets, families),
    excludeCidrs,
  };
  const listed = await drivers.ipvs.list();
  const virtualServers = listed.filter(
    (observed) => isWanted(observed.virtualServer.key) || isOurs(observed, evidence),
  );
  return { addresses: bound, virtualServers };
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
