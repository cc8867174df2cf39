import type { IpAddress } from '../../model/ip.ts';
import type { RealServer } from '../../model/real-server.ts';
import type { ServiceKey } from '../../model/service-key.ts';
import type { VirtualServer } from '../../model/virtual-server.ts';
import type { NotedOperation } from '../noted-operation.ts';

/** What a Service wants on a node. */
export interface PlannedServiceReport {
  readonly key: ServiceKey;
  readonly type: string;
  readonly virtualServers: readonly {
    readonly virtualServer: VirtualServer;
    readonly realServers: readonly RealServer[];
    /** The older Service that has it; undefined where it is this one's. */
    readonly heldBy: ServiceKey | undefined;
  }[];
  readonly addresses: readonly IpAddress[];
  readonly entries: readonly { readonly set: string; readonly entry: string }[];
  /** 0 for none. */
  readonly healthCheckNodePort: number;
  readonly notes: readonly string[];
}

/** What `plan` has found out. */
export interface PlanReport {
  readonly node: string;
  /** Where the objects come from, in words. */
  readonly objects: string;
  /** What the plan is compared with, in words. */
  readonly comparedWith: string;
  /** What could not be read of it. */
  readonly gaps: readonly string[];
  /** What is wrong with objects. */
  readonly problems: readonly string[];
  readonly services: readonly PlannedServiceReport[];
  readonly operations: readonly NotedOperation[];
}
