import type { Cidr, IpAddress } from '../model/ip.ts';
import type { PortRange } from '../model/port-range.ts';
import type { ProxyMode } from './proxy-modes.ts';

/** How traffic from local pods is told apart. */
export type LocalDetection =
  | { readonly mode: 'ClusterCIDR'; readonly clusterCidrs: readonly Cidr[] }
  | { readonly mode: 'NodeCIDR' }
  | { readonly mode: 'BridgeInterface'; readonly interfaceName: string }
  | { readonly mode: 'InterfaceNamePrefix'; readonly interfacePrefix: string };

/** Settings of the IPVS mode, from `ipvs` of KubeProxyConfiguration. */
export interface IpvsConfig {
  /** Kernel name of the scheduler of every virtual server; `rr` unless set. */
  readonly scheduler: string;
  /** Virtual servers in these ranges are never touched. */
  readonly excludeCidrs: readonly Cidr[];
  readonly strictArp: boolean;
  /** 0 leaves the kernel's value. */
  readonly tcpTimeoutSeconds: number;
  readonly tcpFinTimeoutSeconds: number;
  readonly udpTimeoutSeconds: number;
}

/** Settings that upstream does not have, from ProxierConfiguration. */
export interface ProxierSettings {
  /** Longest time a removed real server may drain once its endpoint is gone; 0 for no limit. Default 600000. */
  readonly drainDeadlineMs: number;
  /** How long a removed UDP real server keeps its flows. Default 5000. */
  readonly drainUdpGraceMs: number;
  /** Where external traffic goes when its policy is Local and no local endpoint exists. Default `cluster`. */
  readonly externalPolicyFallback: 'cluster' | 'drop';
  /** How often the kernel is compared with what is wanted; 0 never. Default 10000. */
  readonly auditPeriodMs: number;
  /** Which flavour of iptables to use. Default `auto`: the one that already holds rules, else the system's. */
  readonly iptablesFlavour: 'auto' | 'legacy' | 'nft';
  /** Source ports that masqueraded connections may get; absent leaves the choice to the kernel. */
  readonly masqueradePorts?: PortRange | undefined;
  /** Whether addresses of Services answer ping. Default false. */
  readonly answerPing?: boolean;
  /** Whether sh and mh look at the source port, too. Default `byScheduler`: mh does. */
  readonly hashSourcePort?: 'byScheduler' | 'always' | 'never';
  /** Whose Node objects are watched; addresses of known Nodes are never bound. Default `own`. */
  readonly knownNodes?: 'own' | 'all';
  readonly operation: OperationSettings;
  readonly traffic: TrafficSettings;
  readonly apiServer: ApiServerSettings;
  /** Path of the local socket that tools ask; empty for none. */
  readonly statusSocket: string;
  /** Whether rights that the daemon was started with and does not need are kept. Default false. */
  readonly keepPrivileges?: boolean;
}

/** Ways to the API server besides the configured one. */
export interface ApiServerSettings {
  /** `https://` URLs without a slash at the end, the preferred one first. */
  readonly urls: readonly string[];
  /** Name or IP address in their certificates; empty means their own hosts, for discovered ones the configured host. */
  readonly tlsServerName: string;
  /** Whether the endpoints of `default/kubernetes` are used. Default true. */
  readonly discovery: boolean;
  /** Where they are kept for the next start; empty keeps none. Default `/var/lib/ipvs-proxier/api-servers.json`. */
  readonly cacheFile: string;
}

/** How much of the traffic of Services the metrics show. */
export interface TrafficSettings {
  /** Nothing, Service ports and their virtual servers, or also their endpoints. Default `off`. */
  readonly level: 'off' | 'service' | 'endpoint';
  /** Most series with labels. Default 10000. */
  readonly maxSeries: number;
}

/** What the daemon does on a node that another Service proxy may serve. */
interface OperationSettings {
  /** Default `active`. */
  readonly mode: 'active' | 'observe' | 'takeover';
  /** What `active` does beside another Service proxy. Default `refuse`. */
  readonly otherProxy: 'refuse' | 'ignore';
  /** In the two other modes, beside the ports that belong to the other proxy; 0 for none. Default 10356. */
  readonly waitingHealthzPort: number;
  /** As above. Default 10349. */
  readonly waitingMetricsPort: number;
}

/** What conntrack settings to make; 0 and false leave the kernel's value. */
export interface ConntrackConfig {
  readonly maxPerCore: number;
  readonly min: number;
  readonly tcpEstablishedTimeoutSeconds: number;
  readonly tcpCloseWaitTimeoutSeconds: number;
  readonly tcpBeLiberal: boolean;
  readonly udpTimeoutSeconds: number;
  readonly udpStreamTimeoutSeconds: number;
}

/** A host and port to listen on; undefined where the listener is disabled. */
export interface ListenAddress {
  readonly host: IpAddress;
  readonly port: number;
}

/** How to reach the API server. */
export interface ClientConnectionConfig {
  /** Empty with an empty `master` means in-cluster. */
  readonly kubeconfig: string;
  /** From `--master`; wins over the kubeconfig's server. */
  readonly master: string;
  readonly contentType: string;
  readonly acceptContentTypes: string;
  /** Requests per second, watches excepted; negative for no limit. */
  readonly qps: number;
  readonly burst: number;
}

/** What is logged, and how. */
export interface LoggingConfig {
  readonly format: 'text' | 'json';
  readonly verbosity: number;
  readonly flushFrequencyMs: number;
  /** Information goes to stdout and errors to stderr, instead of both to stderr. */
  readonly splitStream: boolean;
  readonly vmodule: readonly { readonly filePattern: string; readonly verbosity: number }[];
}

/** The effective configuration: file or flags, defaulted, folded by mode, validated and frozen. */
export interface ProxyConfig {
  readonly mode: ProxyMode;
  /** Empty means the host name of the operating system. */
  readonly hostnameOverride: string;
  readonly bindAddress: IpAddress;
  readonly healthzBindAddress: ListenAddress | undefined;
  readonly metricsBindAddress: ListenAddress | undefined;
  readonly bindAddressHardFail: boolean;
  readonly enableProfiling: boolean;
  readonly syncPeriodMs: number;
  readonly minSyncPeriodMs: number;
  readonly configSyncPeriodMs: number;
  readonly masqueradeAll: boolean;
  /** 0 to 31; the packet mark that asks for masquerading is `1 << masqueradeBit`. */
  readonly masqueradeBit: number;
  readonly localDetection: LocalDetection;
  /** CIDRs that select the node addresses which serve node ports; `primary` is the node's own IPs; empty is all. */
  readonly nodePortAddresses: 'primary' | readonly Cidr[];
  readonly ipvs: IpvsConfig;
  readonly conntrack: ConntrackConfig;
  readonly oomScoreAdjustment: number;
  readonly clientConnection: ClientConnectionConfig;
  readonly logging: LoggingConfig;
  readonly featureGates: Readonly<Record<string, boolean>>;
  readonly showHiddenMetricsForVersion: string;
  readonly proxier: ProxierSettings;
}
