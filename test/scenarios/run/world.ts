import type { RuleSet } from '../../../src/model/rule-set.ts';
import type { Drivers } from '../../../src/reconcile/reconciler.ts';
import type { RuleInputs } from '../../../src/reconcile/rules-keeper.ts';
import type { ProxyConfig } from '../../../src/config/config.ts';
import type { ConnectionCount } from '../format/scenario.ts';

/** A kernel to play scenarios on: the fake one, or the lab's. */
export interface World {
  readonly drivers: Drivers;
  /** Plans the rules of a family for what the packet filter of this kernel can do. */
  planRules(config: ProxyConfig): (inputs: RuleInputs) => Promise<RuleSet>;
  /** Gives the node's interfaces these addresses and no others. */
  setInterfaces(addresses: readonly string[]): Promise<void>;
  /** Runs command lines of ipvsadm, ipset, ip and iptables, as somebody else would. */
  runCommands(lines: readonly string[]): Promise<void>;
  setConnections(count: ConnectionCount): void;
  /** Adds tracked UDP flows, each as `CLIENT:PORT -> ADDRESS:PORT via ADDRESS:PORT`. */
  addFlows(flows: readonly string[]): Promise<void>;
  /** Lets operations with this description fail once. */
  failOnce(description: string): void;
  /** What the kernel holds as flat lines in any order; see `parse-state.ts`. Rules as `rule ...`, without comments. */
  read(): Promise<readonly string[]>;
  /** One spelling for a line that was expected and one that was read. */
  normalize(line: string): string;
  /** Every change of the kernel made through the drivers since the last call. */
  takeWrites(): readonly string[];
}
