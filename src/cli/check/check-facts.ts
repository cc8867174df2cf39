/** One flavour of iptables in one family as it was found. */
export interface IptablesFacts {
  readonly flavour: 'nft' | 'legacy';
  readonly family: 'IPv4' | 'IPv6';
  /** Rules that it holds; undefined where they cannot be read. */
  readonly rules: number | undefined;
}

/** A network interface. */
export interface InterfaceFacts {
  readonly name: string;
  readonly mtuBytes: number;
  /** As the kernel says, e.g. `vxlan`, `bridge`, `dummy`; empty for others. */
  readonly kind: string;
  readonly isUp: boolean;
}

/** What is known of a node before it serves Services. A value: tests write it down. */
export interface CheckFacts {
  /** Release of the kernel, e.g. `6.1.0-18-amd64`. */
  readonly kernel: string;
  readonly scheduler: string;
  /** State by name: loaded, builtIn, available, missing, unknown. */
  readonly modules: Readonly<Record<string, string>>;
  /** Values by name, as `net/ipv4/ip_forward`; absent where the kernel does not have the setting. */
  readonly settings: Readonly<Record<string, string>>;
  /** Whether settings under /proc/sys can be written. */
  readonly settingsWritable: boolean;
  /** Names of the capabilities in force, e.g. `NET_ADMIN`. */
  readonly capabilities: readonly string[];
  /** Whether this is the network namespace of the first process; undefined where that cannot be told. */
  readonly isHostNetwork: boolean | undefined;
  readonly iptables: readonly IptablesFacts[];
  /** The flavour that will be used; undefined where there is none. */
  readonly flavour: string | undefined;
  /** Why the native addon does not load; absent where it does. */
  readonly addonFailure?: string;
  /** What ipvs-proxier is configured to do; beside another proxy it may look on. */
  readonly operation: 'active' | 'observe' | 'takeover';
  /** Service proxies that are alive, each in words. */
  readonly aliveProxies: readonly string[];
  /** Names of processes that are known for changing the same things. */
  readonly processes: readonly string[];
  /** Chains that other modes of kube-proxy have left, some of them. */
  readonly otherModeChains: readonly string[];
  /** Virtual servers in the kernel that are not on addresses of kube-ipvs0. */
  readonly foreignServers: readonly string[];
  readonly interfaces: readonly InterfaceFacts[];
  /** What could not be read, and why. */
  readonly unread: readonly string[];
}
