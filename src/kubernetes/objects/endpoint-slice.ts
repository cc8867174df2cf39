import type { IpAddress, IpFamily } from '../../model/ip.ts';
import type { Protocol, ServiceKey } from '../../model/service-key.ts';

/** One usable entry of `ports`: those without a number or with a null name are left out. */
export interface EndpointPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** One entry of `endpoints`. */
export interface Endpoint {
  /** The first of its addresses, as upstream uses it. */
  readonly address: IpAddress;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Empty when unknown. */
  readonly nodeName: string;
  /** Name of the pod (or other target); empty when unknown. */
  readonly targetName: string;
  readonly zone: string;
  /** Zones that should use it; absent without hints. */
  readonly zoneHints?: readonly string[];
  /** Nodes that should use it; absent without hints. */
  readonly nodeHints?: readonly string[];
}

/** An EndpointSlice, as far as this program reads it. */
export interface EndpointSlice {
  /** `namespace/name` of the slice itself. */
  readonly key: string;
  /** The Service it belongs to, from the label `kubernetes.io/service-name`. */
  readonly service: ServiceKey;
  readonly family: IpFamily;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
  /** Annotation `endpoints.kubernetes.io/last-change-trigger-time`, in milliseconds since 1970; 0 when absent. */
  readonly lastChangeTriggerTimeMs: number;
}
