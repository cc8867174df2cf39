import type { Cidr, IpAddress } from '../../model/ip.ts';
import type { Protocol, ServiceKey } from '../../model/service-key.ts';

/** One entry of `spec.ports`. */
export interface ServicePort {
  /** Empty for the only port of a Service that does not name it. */
  readonly name: string;
  readonly protocol: Protocol;
  /** 1 to 65535. */
  readonly port: number;
  /** 0 when there is none. */
  readonly nodePort: number;
}

/** A Service, as far as this program reads it. Fields of both families are mixed; `familyOf` tells them apart. */
export interface Service {
  readonly key: ServiceKey;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Milliseconds since 1970; 0 when unknown. Decides who owns an address that two Services claim: the older one. */
  readonly creationTimeMs: number;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** At most one per family; empty for a headless Service. */
  readonly clusterIps: readonly IpAddress[];
  readonly ports: readonly ServicePort[];
  /** Seconds a client stays with its endpoint (1 to 86400); 0 without session affinity. */
  readonly affinityTimeoutSeconds: number;
  readonly externalIps: readonly IpAddress[];
  /** `status.loadBalancer.ingress[].ip` whose `ipMode` is absent or `VIP`. */
  readonly loadBalancerIps: readonly IpAddress[];
  readonly loadBalancerSourceRanges: readonly Cidr[];
  readonly internalTrafficPolicy: 'Cluster' | 'Local';
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  /** 0 when there is none. */
  readonly healthCheckNodePort: number;
}
