import type { IpFamily } from './ip.ts';

/** One of our chains with its rules, each as iptables-restore takes it without the leading `-A CHAIN`. */
export interface RuleChain {
  readonly table: 'nat' | 'filter';
  readonly name: string;
  readonly rules: readonly string[];
}

/** A jump from a built-in chain to one of ours; kept in front of the rules of others. */
export interface RuleJump {
  readonly table: 'nat' | 'filter';
  readonly from: string;
  readonly to: string;
  readonly comment: string;
}

/** All packet filter rules of one family. Jumps that leave one built-in chain are listed in the order they are to stand. */
export interface RuleSet {
  readonly family: IpFamily;
  readonly chains: readonly RuleChain[];
  readonly jumps: readonly RuleJump[];
}
