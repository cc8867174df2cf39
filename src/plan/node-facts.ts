import type { IpAddress, IpFamily } from '../model/ip.ts';

/** What planning needs to know about this node. A value; a change of it plans all Services again. */
export interface NodeFacts {
  readonly nodeName: string;
  /** Label `topology.kubernetes.io/zone`; empty when unset. */
  readonly zone: string;
  /** Zones of this node and of others, as far as they are known. */
  readonly knownZones: ReadonlySet<string>;
  /** Families that work on this node. */
  readonly families: readonly IpFamily[];
  /** The node's own IP per family, for source ranges; loopback when unknown. */
  readonly nodeIps: Readonly<Record<IpFamily, IpAddress>>;
  /** Addresses that serve node ports. */
  readonly nodePortAddresses: readonly IpAddress[];
  /** Addresses on interfaces other than ours, and those that the Node has in the API: served, but never bound. */
  readonly foreignAddresses: ReadonlySet<IpAddress>;
  /** Addresses of other Nodes, as far as they are known, and of API servers: never bound, or they could not be reached. */
  readonly otherNodeAddresses: ReadonlySet<IpAddress>;
}
