import type { IpAddress, IpFamily } from '../model/ip.ts';
import type { IpSet, IpSetEntry } from '../model/ip-set.ts';
import type { AddressOperation, IpSetOperation, IpvsOperation } from '../model/operation.ts';
import type {
  ForwardingMethod,
  ObservedRealServer,
  RealServer,
  RealServerKey,
  TrafficCounters,
} from '../model/real-server.ts';
import type { Protocol } from '../model/service-key.ts';
import type { RuleSet } from '../model/rule-set.ts';
import type { VirtualServer, VirtualServerKey } from '../model/virtual-server.ts';
import type { DriverError } from './errors.ts';

/** One operation of a batch that the kernel refused. The others were applied. */
export interface OperationFailure {
  /** Index in the batch handed to `apply`. */
  readonly index: number;
  readonly error: DriverError;
}

/** A virtual server as the kernel has it. */
export interface ObservedVirtualServer {
  readonly virtualServer: VirtualServer;
  readonly realServers: readonly ObservedRealServer[];
  readonly counters: TrafficCounters;
}

/** A virtual server without its real servers, with what only a listing shows. */
export interface ListedVirtualServer {
  readonly virtualServer: VirtualServer;
  readonly counters: TrafficCounters;
  /** Persistence netmask as the kernel has it: for IPv4 the mask, which may have holes; for IPv6 the prefix length. */
  readonly netmask: number;
}

/** What a listing without details shows of a real server. */
export type ListedRealServer = Pick<
  ObservedRealServer,
  'address' | 'port' | 'forwarding' | 'weight' | 'activeConnections' | 'inactiveConnections'
>;

/** A connection, or a template of persistence, in the kernel's words. */
export interface ListedConnection {
  /** `TCP`, `UDP`, `SCTP`; `IP` for a template of a firewall mark. */
  readonly protocol: string;
  readonly source: { readonly address: IpAddress; readonly port: number };
  /** Address of the virtual server; its firewall mark reads as an address too. */
  readonly virtual: { readonly address: IpAddress; readonly port: number };
  readonly destination: { readonly address: IpAddress; readonly port: number };
  /** e.g. `ESTABLISHED`, `NONE`. */
  readonly state: string;
  readonly expiresSeconds: number;
  /** Absent without one, as is its data. */
  readonly persistenceEngine?: string;
  readonly persistenceData?: string;
}

/** A daemon of the kernel that sends connections to other nodes, or takes them. */
export interface SyncDaemon {
  readonly role: 'master' | 'backup';
  /** Interface that it sends or listens on. */
  readonly interfaceName: string;
  readonly syncId: number;
  /** Longest message, in bytes; 0 where the kernel does not say. */
  readonly maximumLength: number;
  /** Multicast address; undefined where the kernel does not say. */
  readonly group: IpAddress | undefined;
  /** 0 where the kernel does not say, as with `ttl`. */
  readonly port: number;
  readonly ttl: number;
}

/** What a cheap reading of the whole table shows of a real server: neither thresholds nor tunnels nor counters. */
export interface ScannedRealServer {
  readonly key: RealServerKey;
  readonly forwarding: ForwardingMethod;
  readonly weight: number;
  readonly activeConnections: number;
  readonly inactiveConnections: number;
}

/** Is shown the whole table: every virtual server once, then the real servers of every virtual server. */
export interface TableVisitor {
  virtualServer(virtualServer: VirtualServer, counters: TrafficCounters): void;
  /**
   * Not called for firewall marks. The digest is of all but the numbers of connections, and another one whenever any of
   * that has changed (but for one in four billion); it is absent where making one would cost more than it saves.
   */
  realServers(key: VirtualServerKey, realServers: readonly ScannedRealServer[], digest?: number): void;
  /** Whether real servers of this digest need not be shown, which saves reading them. */
  readonly knows?: (key: VirtualServerKey, digest: number) => boolean;
  /** Called between slices, where no request is under way: the driver may be used until it resolves. */
  readonly pause?: () => Promise<void>;
}

/** Time-outs of IPVS connections, in whole seconds. */
export interface IpvsTimeouts {
  readonly tcpSeconds: number;
  readonly tcpFinSeconds: number;
  readonly udpSeconds: number;
}

/**
 * The IPVS table of this network namespace. As with every driver: not safe for parallel calls; `list` throws rather
 * than returning part of the table; `apply` settles "already there" and "not there" itself and reports the rest per
 * operation; both throw `NetlinkError` when the outcome is unknown.
 */
export interface IpvsDriver {
  /** Everything, ours or not. Virtual servers of a protocol other than TCP, UDP and SCTP are left out. */
  list(): Promise<readonly ObservedVirtualServer[]>;
  /**
   * Shows the whole table at a fraction of what `list` costs, in slices between which the event loop goes on. What
   * others change meanwhile may be seen or not.
   */
  scan(visitor: TableVisitor): Promise<void>;
  /** Real servers of these virtual servers, in the order asked for; empty for one that does not exist. */
  listRealServers(virtualServers: readonly VirtualServer[]): Promise<readonly (readonly ObservedRealServer[])[]>;
  /** Applies the operations in order. */
  apply(operations: readonly IpvsOperation[]): Promise<readonly OperationFailure[]>;
  timeouts(): Promise<IpvsTimeouts>;
  /** Sets all three; 0 leaves that one as it is. */
  setTimeouts(timeouts: IpvsTimeouts): Promise<void>;
}

/** The dummy interface and the addresses bound to it; and, for telling them apart, the node's other addresses. */
export interface AddressDriver {
  /**
   * Makes the dummy interface if it is missing, and sets it down if it is up, unless that would take IPv6 addresses
   * away. Returns whether there was something to do.
   */
  ensureInterface(): Promise<boolean>;
  /** Addresses on the dummy interface: global ones, neither loopback nor IPv6 link-local. Empty when there is none. */
  list(): Promise<readonly IpAddress[]>;
  /** Addresses on every other interface, up or down; neither loopback nor IPv6 link-local. */
  listNodeAddresses(): Promise<readonly IpAddress[]>;
  apply(operations: readonly AddressOperation[]): Promise<readonly OperationFailure[]>;
}

/** A set as the kernel has it. `type` may be one that this program does not use; its entries are then not listed. */
export interface ObservedIpSet {
  readonly name: string;
  readonly type: string;
  readonly family: IpFamily | undefined;
  readonly maxElements: number;
  readonly entries: readonly IpSetEntry[];
}

export interface IpSetDriver {
  /** The sets of these names that exist, with their entries. Other sets are not read. */
  list(names: readonly string[]): Promise<readonly ObservedIpSet[]>;
  apply(operations: readonly IpSetOperation[]): Promise<readonly OperationFailure[]>;
  /** Replaces a set of another type or size: makes `set` beside it with the entries and swaps; throws when it cannot. */
  replaceSet(set: IpSet, entries: readonly IpSetEntry[]): Promise<void>;
  /** Removes sets by name; one that rules still refer to stays and is reported. */
  destroy(names: readonly string[]): Promise<readonly OperationFailure[]>;
}

/** One way in which the kernel's rules differ from those wanted. */
export interface RuleDifference {
  readonly family: IpFamily;
  readonly table: string;
  readonly chain: string;
  /** What is wrong, e.g. `rule 3 is missing: ...`, `jump from INPUT is missing`. */
  readonly problem: string;
}

/** Packet filter rules, through iptables and ip6tables. */
export interface RulesDriver {
  /** Which families have a working packet filter. */
  families(): Promise<readonly IpFamily[]>;
  /** What differs from the rules wanted; empty when all is in place. Reads only. */
  compare(rules: RuleSet): Promise<readonly RuleDifference[]>;
  /**
   * Puts the rules in place, whatever was there in the chains of the set; one restore per call, and none where nothing
   * differs. Returns whether it wrote. Throws `DriverError`.
   */
  apply(rules: RuleSet): Promise<boolean>;
  /** Removes the jumps and the chains of the set. */
  remove(rules: RuleSet): Promise<void>;
}

/** A flow in the connection tracking table, as far as stale UDP flows need it. */
export interface TrackedFlow {
  readonly protocol: Protocol;
  readonly originalSource: IpAddress;
  readonly originalSourcePort: number;
  readonly originalDestination: IpAddress;
  readonly originalDestinationPort: number;
  readonly replySource: IpAddress;
  readonly replySourcePort: number;
  /** What the kernel calls it: a flow of the same addresses that begins anew is called otherwise. */
  readonly id?: number;
}

/** Flows that are looked for: those to an address and port, or of them those that the real server answers. */
export interface FlowTarget {
  readonly address: IpAddress;
  readonly port: number;
  readonly realServer?: Pick<RealServer, 'address' | 'port'>;
}

export interface ConntrackDriver {
  /**
   * UDP flows of the family; with targets those to their addresses and ports, of which the kernel has left out as many
   * as it can that other real servers answer. Takes long where the table is large; other drivers go on meanwhile.
   */
  listUdpFlows(family: IpFamily, targets?: readonly FlowTarget[]): Promise<readonly TrackedFlow[]>;
  /**
   * Deletes the flows; one that is gone already is no failure, and one that has begun anew stays. Returns how many were
   * deleted.
   */
  deleteFlows(flows: readonly TrackedFlow[]): Promise<number>;
}

/** Settings under /proc/sys. */
export interface SysctlDriver {
  /** Value of a setting such as `net/ipv4/ip_forward`, trimmed; undefined when the kernel does not have it. */
  read(name: string): string | undefined;
  /** Writes when the value differs; returns whether it wrote. Throws `DriverError` naming setting, value and remedy. */
  ensure(name: string, value: string): boolean;
}
