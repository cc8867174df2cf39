import type { Protocol } from './service-key.ts';

/**
 * What the running ipvs-proxier tells tools over its local socket: an answer to `GET /v1/services` over HTTP, one JSON
 * object a line: a `node` line, lines of Services and of what drains, and at last an `end` line, without which the
 * answer was cut off. Fields may be added at any time; a change that old tools would misread gets another version.
 */
export type StatusLine = NodeLine | ServiceLine | DrainingLine | EndLine;

/** Version of the protocol that this program speaks. */
export const statusProtocol = 1;

/**
 * Of the query `namespace`, `service` (`namespace/name`) and `address` (`IP:PORT`: who has a virtual server there) are
 * known. Programs before 0.2 refuse `address`.
 */
export const servicesPath = `/v${statusProtocol}/services`;

export const defaultStatusSocket = '/run/ipvs-proxier/status.sock';

/** Header of every answer: the version of the protocol. */
export const protocolHeader = 'ipvs-proxier-protocol';
/** Header of every answer: the version of the program. */
export const programHeader = 'ipvs-proxier-version';

/** The daemon itself. */
interface NodeLine {
  readonly kind: 'node';
  readonly protocol: number;
  readonly program: string;
  /** Name of this node. */
  readonly node: string;
  /** Whether it has listed all objects; before, Services may be missing. */
  readonly inSync: boolean;
}

/** A Service of the API with its endpoints, whether or not it is served here. */
export interface ServiceLine {
  readonly kind: 'service';
  readonly namespace: string;
  readonly name: string;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  readonly internalTrafficPolicy: 'Cluster' | 'Local';
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  /** Seconds; 0 without. */
  readonly sessionAffinity: number;
  /** All addresses but those of the node, which node ports are on. */
  readonly addresses: readonly { readonly address: string; readonly from: AddressKind }[];
  readonly ports: readonly StatusPort[];
  readonly slices: readonly StatusSlice[];
  /** Addresses and ports of its that an older Service has; absent when there are none. */
  readonly lost?: readonly StatusAddress[];
}

export interface StatusAddress {
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
}

export type AddressKind = 'clusterIP' | 'externalIP' | 'loadBalancer';

/** `nodePort` is 0 when there is none; the name is empty for the only port of a Service. */
export interface StatusPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly nodePort: number;
}

/** Endpoints on the same ports. */
export interface StatusSlice {
  readonly ports: readonly { readonly name: string; readonly protocol: Protocol; readonly port: number }[];
  readonly endpoints: readonly StatusEndpoint[];
}

/** What is unknown is left out. */
export interface StatusEndpoint {
  readonly address: string;
  /** `ready`; `serving` while it terminates and still serves; else `notReady`. */
  readonly state: 'ready' | 'serving' | 'notReady';
  readonly terminating?: true;
  readonly pod?: string;
  readonly node?: string;
  readonly zone?: string;
}

/** Real servers of a virtual server that take no new connections and keep those that they have. */
export interface DrainingLine {
  readonly kind: 'draining';
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  readonly realServers: readonly DrainingServer[];
}

export interface DrainingServer {
  readonly address: string;
  readonly port: number;
  /** Seconds since it was first seen draining. */
  readonly forSeconds: number;
  /** Seconds since its endpoint is in no slice; absent while it still is in one, so that there is no deadline. */
  readonly goneForSeconds?: number;
}

/** The answer is complete. */
interface EndLine {
  readonly kind: 'end';
  readonly services: number;
}
