import type { Cidr, IpAddress, IpFamily } from '../../model/ip.ts';
import type { Protocol } from '../../model/service-key.ts';
import type { FilterTable } from './packet-filter.ts';

/** An endpoint of a port, and what uses it. */
export interface EndpointFacts {
  /** `address:port`. */
  readonly key: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Empty when unknown. */
  readonly nodeName: string;
  readonly local: boolean;
  readonly zoneHints?: readonly string[];
  readonly nodeHints?: readonly string[];
  /** Whether traffic of policy Cluster, or Local, goes to it from this node. */
  readonly usedCluster: boolean;
  readonly usedLocal: boolean;
  /** What came of a connection to it from this node; absent where none was tried. */
  readonly answer?: 'open' | 'refused' | 'silent' | 'unreachable';
}

/** A port of the Service in one family. */
export interface PortFacts {
  /** Empty for the only port of a Service that does not name it. */
  readonly name: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly family: IpFamily;
  /** Names of the ports that the EndpointSlices have. */
  readonly slicePorts: readonly string[];
  readonly endpoints: readonly EndpointFacts[];
}

export interface ServiceFacts {
  /** `namespace/name`. */
  readonly key: string;
  readonly type: string;
  readonly isHeadless: boolean;
  /** Label `service.kubernetes.io/service-proxy-name`; empty without. */
  readonly proxyName: string;
  readonly internalPolicy: 'Cluster' | 'Local';
  readonly externalPolicy: 'Cluster' | 'Local';
  /** What is wrong with it, or was left out of it; empty when all is well. */
  readonly problems: readonly string[];
  readonly sourceRanges: readonly Cidr[];
  readonly slices: number;
}

/** A real server as the kernel has it. */
export interface KernelServerFacts {
  readonly key: string;
  readonly weight: number;
  readonly active: number;
  readonly inactive: number;
  readonly persistent: number;
  /** Since it was added. */
  readonly connections: number;
  readonly incomingPackets: number;
  readonly outgoingPackets: number;
}

/** A virtual server as the kernel has it. */
export interface KernelVirtualServerFacts {
  readonly scheduler: string;
  readonly persistenceSeconds: number;
  readonly realServers: readonly KernelServerFacts[];
}

/** One address and port at which the Service can be reached on this node. */
export interface PathFacts {
  readonly kind: 'cluster IP' | 'external IP' | 'load balancer IP' | 'node port';
  readonly address: IpAddress;
  readonly port: number;
  readonly protocol: Protocol;
  /** Name of the port of the Service. */
  readonly portName: string;
  /** Why it is not served here; absent where it is. */
  readonly notServed?: string;
  /** The other Service that has it; absent where it is this one's. */
  readonly heldBy?: string;
  readonly scheduler: string;
  readonly persistenceSeconds: number;
  /** Real servers wanted, as `address:port`. */
  readonly wanted: readonly string[];
  /** Real servers that are listed as endpoints and take nothing new, for they are not ready or on another node. */
  readonly waiting: readonly string[];
  /** Whether the address is to be bound to kube-ipvs0, and whether it is. */
  readonly toBeBound: boolean;
  readonly bound: boolean;
  /** Whether an interface of the node other than kube-ipvs0 has the address. */
  readonly onNode: boolean;
  /** Absent where the kernel has none. */
  readonly kernel?: KernelVirtualServerFacts;
  /** Set entries that it needs, and whether they are there. */
  readonly entries: readonly { readonly set: string; readonly entry: string; readonly present: boolean }[];
}

interface SetSizeFacts {
  /** Undefined where the kernel does not count them. */
  readonly entries?: number;
  readonly maxElements: number;
}

export interface SetFacts {
  readonly name: string;
  /** Undefined where the kernel has no set of the name. */
  readonly size?: SetSizeFacts;
}

export interface RuleFacts {
  readonly family: IpFamily;
  /** Rules and jumps that this Service needs and that are not there, in words. */
  readonly missing: readonly string[];
  /** The filter table; absent where there is none or it cannot be read. */
  readonly filter?: FilterTable;
}

/** The ipvs-proxier of this node. */
export interface DaemonFacts {
  /** Undefined where none is seen. */
  readonly processId?: number;
  /** Whether it writes to the kernel; a daemon that only looks, or waits to take over, does not. */
  readonly operation?: 'active' | 'observe' | 'takeover';
  /** What its health port says; absent where nobody listens. */
  readonly health?: { readonly status: number; readonly secondsSinceUpdate: number };
  /** Its health port, where it is seen and that port does not answer. */
  readonly silentPort?: string;
}

/** Everything that a verdict follows from. A value: tests write it down. */
export interface ExplainFacts {
  /** As on the command line. */
  readonly asked: string;
  readonly node: string;
  /** Whether the kernel is that of the node. */
  readonly isThisNode: boolean;
  /** What of the kernel could not be read, and why. */
  readonly unread: readonly string[];
  readonly client?: {
    readonly address: IpAddress;
    readonly kind: 'pod' | 'node' | 'outside';
    /** Whether it is an endpoint of the Service on this node. */
    readonly isLocalEndpoint: boolean;
  };
  /** Where objects come from; `failure` is why they could not be had, `unusable` what is wrong with the Service itself. */
  readonly objects: { readonly origin: string; readonly failure?: string; readonly unusable?: string };
  readonly service?: ServiceFacts;
  readonly ports: readonly PortFacts[];
  readonly paths: readonly PathFacts[];
  readonly daemon: DaemonFacts;
  /** Other proxies that are alive here, each in words. */
  readonly otherProxies: readonly string[];
  /** Chains that mode iptables of kube-proxy has for this Service. */
  readonly otherModeChains: readonly string[];
  readonly hasInterface: boolean;
  /** State by name: loaded, builtIn, available, missing, unknown. */
  readonly modules: Readonly<Record<string, string>>;
  /** Values by name, as `net/ipv4/ip_forward`; absent where the kernel does not have the setting. */
  readonly settings: Readonly<Record<string, string>>;
  readonly conntrack?: { readonly count: number; readonly max: number };
  readonly sets: readonly SetFacts[];
  readonly rules: readonly RuleFacts[];
  readonly health?: {
    readonly port: number;
    /** HTTP status; 0 where nobody listens. */
    readonly status: number;
    readonly localEndpoints: number;
  };
  readonly strictArp: boolean;
  /** Whether all Service traffic is masqueraded, as `masqueradeAll` says. */
  readonly masqueradesAll?: boolean;
}
