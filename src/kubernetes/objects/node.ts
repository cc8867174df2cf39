import type { Cidr, IpAddress } from '../../model/ip.ts';

/** A Node, as far as this program reads it. */
export interface Node {
  readonly name: string;
  /** InternalIP addresses in order, then ExternalIP ones. */
  readonly addresses: readonly IpAddress[];
  readonly podCidrs: readonly Cidr[];
  /** Label `topology.kubernetes.io/zone`; empty when unset. */
  readonly zone: string;
  /** Whether a deletion timestamp or the autoscaler's taint says that the node is going away. */
  readonly leaving: boolean;
}
