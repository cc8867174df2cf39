import type { IpFamily } from './ip.ts';

/** The tables that hold rules of ours. */
export type RuleTable = 'nat' | 'filter';

/** One of our chains with its rules, each as iptables-restore takes it without the leading `-A CHAIN`. */
export interface RuleChain {
  readonly table: RuleTable;
  readonly name: string;
  readonly rules: readonly string[];
  /** True where any order of the rules means the same; absent where the order counts. */
  readonly anyOrder?: boolean;
}

/** A jump from a built-in chain to one of ours. */
export interface RuleJump {
  readonly table: RuleTable;
  readonly from: string;
  readonly to: string;
  /** Empty for a jump without comment, where the kernel has none. */
  readonly comment: string;
}

/** All packet filter rules of one family. Jumps that leave one built-in chain are listed in the order they are to stand. */
export interface RuleSet {
  readonly family: IpFamily;
  readonly chains: readonly RuleChain[];
  readonly jumps: readonly RuleJump[];
}

/** Every match (lower case) and target (upper case) beyond ACCEPT, DROP and RETURN that our rules use. */
export const ruleExtensions = [
  'comment',
  'mark',
  'addrtype',
  'conntrack',
  'set',
  'physdev',
  'ipvs',
  'MARK',
  'MASQUERADE',
  'REJECT',
] as const;

export type RuleExtension = (typeof ruleExtensions)[number];

/** What the packet filter of this node can do. */
export interface RuleCapabilities {
  /** Whether MASQUERADE takes `--random-fully`. */
  readonly randomFully: boolean;
  /** Extensions that the kernel or iptables lacks. */
  readonly missing: ReadonlySet<RuleExtension>;
}
