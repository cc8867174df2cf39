import type {
  IpvsTimeouts,
  ListedConnection,
  ListedRealServer,
  ListedVirtualServer,
  SyncDaemon,
} from '../../kernel/drivers.ts';
import type { IpAddress } from '../../model/ip.ts';
import type { ObservedRealServer } from '../../model/real-server.ts';
import type { VirtualServer, VirtualServerIdentity } from '../../model/virtual-server.ts';
import type { Terminal } from '../terminal.ts';
import type { EndpointNames } from './endpoint-names.ts';
import type { IpvsVersion } from './print-settings.ts';
import type { AddressBook } from './service-address.ts';

/** What is read of the kernel. All of it throws errors with `errnoName`. */
export interface StatusKernel {
  info(): Promise<IpvsVersion>;
  timeouts(): Promise<IpvsTimeouts>;
  daemons(): Promise<readonly SyncDaemon[]>;
  /** Without counters they cost a third; all of them are 0 then. */
  listVirtualServers(counters: 'withCounters' | 'withoutCounters'): Promise<readonly ListedVirtualServer[]>;
  findVirtualServer(identity: VirtualServerIdentity): Promise<ListedVirtualServer | undefined>;
  listRealServers(virtualServers: readonly VirtualServer[]): Promise<readonly (readonly ObservedRealServer[])[]>;
  /**
   * Real servers of all virtual servers but those of firewall marks; undefined where there is no such cheap reading, or
   * where it lacks one of these virtual servers.
   */
  readTable(virtualServers: readonly VirtualServer[]): ListedTable | undefined;
  readConnections(): AsyncIterable<ListedConnection>;
  close(): void;
}

/** Real servers that were read already. They have numbers; those of a virtual server follow each other. */
export interface ListedTable {
  /** Those of a virtual server; empty for one that was not there. */
  realServersOf(identity: VirtualServerIdentity): readonly ListedRealServer[];
  /** The same as numbers: from `start` to before `end`. */
  rangeOf(identity: VirtualServerIdentity): { readonly start: number; readonly end: number };
  /** Address and port of one over IPv4, `address * 65536 + port`; negative for one over IPv6. */
  endpointAt(index: number): number;
  /** The columns behind the endpoint, which are those of a listing, with the line feed. */
  columnsAt(index: number): Uint8Array;
}

/** Names of hosts and ports. */
export interface NameSource extends AddressBook {
  /** Looks up the IPv4 address of a host, for `hostAddress` to tell. */
  lookUpHost(name: string): Promise<void>;
  /** Looks up the names of these addresses, for `names` to tell; what is not found in bounded time has none. */
  lookUpAddresses(addresses: Iterable<IpAddress>): Promise<void>;
  readonly names: EndpointNames;
}

/** What the program needs of the world. */
export interface StatusWorld {
  /** How the program is called in hints. */
  readonly program: string;
  readonly versionText: string;
  /** What the help is written to. */
  readonly terminal: () => Terminal;
  readonly openKernel: () => Promise<StatusKernel>;
  readonly openNames: () => NameSource;
  readonly writeOutput: (text: string) => void;
  /** Bytes that are not kept: they change after the call. */
  readonly writeBytes: (bytes: Uint8Array) => void;
  readonly writeError: (text: string) => void;
}

/** The names that a listing asks for. */
export type ListingNames = Pick<NameSource, 'names' | 'lookUpAddresses'>;

/** Where a listing comes from, and where it goes. */
export interface Listing {
  readonly kernel: StatusKernel;
  readonly version: IpvsVersion;
  readonly names: ListingNames;
  readonly write: (text: string) => void;
  readonly writeBytes: (bytes: Uint8Array) => void;
}
