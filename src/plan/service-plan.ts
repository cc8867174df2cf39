import type { IpAddress, IpFamily } from '../model/ip.ts';
import type { IpSetEntry } from '../model/ip-set.ts';
import type { RealServer, RealServerKey } from '../model/real-server.ts';
import type { Protocol, ServiceKey } from '../model/service-key.ts';
import type { VirtualServer } from '../model/virtual-server.ts';
import type { SetRole } from './ip-sets.ts';

/** A virtual server that a Service wants, with the real servers that take its connections. */
export interface PlannedVirtualServer {
  readonly virtualServer: VirtualServer;
  /** Shared between the virtual servers of one service port that use the same endpoints. */
  readonly realServers: readonly RealServer[];
  /** Real servers of endpoints that are still listed but take no new connections: they may drain without a deadline. */
  readonly waiting: ReadonlySet<RealServerKey>;
}

/** An entry that a Service wants in one of the sets. */
export interface PlannedSetEntry {
  readonly role: SetRole;
  readonly family: IpFamily;
  readonly entry: IpSetEntry;
}

/** A load balancer address whose source ranges leave out the node itself: its own processes must be refused. */
export interface OutputFilterException {
  readonly address: IpAddress;
  readonly protocol: Protocol;
  readonly port: number;
}

/** Something that a user may want to know about a Service. */
export type PlanNote =
  | {
      readonly code:
        | 'addressNotBindable'
        | 'addressOfNode'
        | 'addressOfOthers'
        | 'addressTaken'
        | 'addressWithoutFamily'
        | 'hintsForUnknownZones'
        | 'manyEndpoints'
        | 'noHealthCheckPort'
        | 'sliceWithoutPorts'
        | 'sourceRangesWithoutFamily';
      readonly message: string;
    }
  | {
      readonly code: 'noLocalEndpoint';
      readonly message: string;
      readonly policy: 'internal' | 'external';
      readonly family: IpFamily;
    };

/** Everything that one Service wants on this node. A value: it can be printed, compared and thrown away. */
export interface ServicePlan {
  readonly key: ServiceKey;
  /** Of two Services that claim one virtual server the older wins. */
  readonly creationTimeMs: number;
  readonly virtualServers: readonly PlannedVirtualServer[];
  readonly boundAddresses: readonly IpAddress[];
  readonly setEntries: readonly PlannedSetEntry[];
  readonly outputFilters: readonly OutputFilterException[];
  /** Where load balancers ask for local endpoints; 0 unless the type is LoadBalancer and the external policy Local. */
  readonly healthCheckNodePort: number;
  /** Distinct addresses of local, ready endpoints, per family. */
  readonly localReadyEndpoints: Readonly<Record<IpFamily, number>>;
  readonly notes: readonly PlanNote[];
}
