import type { IpAddress } from './ip.ts';
import type { IpSet, IpSetEntry, IpSetName } from './ip-set.ts';
import type { RealServer } from './real-server.ts';
import type { VirtualServer } from './virtual-server.ts';

/** One change of the IPVS table. */
export type IpvsOperation =
  | { readonly kind: 'addVirtualServer'; readonly virtualServer: VirtualServer }
  | { readonly kind: 'setVirtualServer'; readonly virtualServer: VirtualServer }
  | { readonly kind: 'deleteVirtualServer'; readonly virtualServer: VirtualServer }
  | { readonly kind: 'addRealServer'; readonly virtualServer: VirtualServer; readonly realServer: RealServer }
  | { readonly kind: 'setRealServer'; readonly virtualServer: VirtualServer; readonly realServer: RealServer }
  | { readonly kind: 'deleteRealServer'; readonly virtualServer: VirtualServer; readonly realServer: RealServer };

/** One change of the addresses on the dummy interface. */
export type AddressOperation =
  | { readonly kind: 'bindAddress'; readonly address: IpAddress }
  | { readonly kind: 'unbindAddress'; readonly address: IpAddress };

/** One change of the IP sets. */
export type IpSetOperation =
  | { readonly kind: 'createSet'; readonly set: IpSet }
  | { readonly kind: 'addEntry'; readonly set: IpSetName; readonly entry: IpSetEntry }
  | { readonly kind: 'deleteEntry'; readonly set: IpSetName; readonly entry: IpSetEntry };

/** Any change that the reconciler can ask a driver for. */
export type Operation = IpvsOperation | AddressOperation | IpSetOperation;
