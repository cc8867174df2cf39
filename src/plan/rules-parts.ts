import type { IpFamily } from '../model/ip.ts';
import type { PortRange } from '../model/port-range.ts';
import type { RuleCapabilities, RuleExtension, RuleTable } from '../model/rule-set.ts';
import type { SetRole } from './ip-sets.ts';
import type { OutputFilterException } from './service-plan.ts';
import { ipSetFor, setComment } from './ip-sets.ts';

/** What the rules of one family depend on. */
export interface RulePlanInput {
  readonly family: IpFamily;
  /** 0 to 31; the packet mark that asks for masquerading is `1 << masqueradeBit`. */
  readonly masqueradeBit: number;
  readonly masqueradeAll: boolean;
  /** Source ports for masqueraded traffic; absent leaves the choice to the kernel. */
  readonly masqueradePorts?: PortRange | undefined;
  /** Whether addresses of Services answer echo requests. Default false. */
  readonly answerPing?: boolean;
  /** Match for traffic that does not come from local pods, e.g. `! -s 10.244.0.0/16`; undefined when nobody can tell. */
  readonly notLocalMatch: string | undefined;
  /** Sets that hold entries. Rules on the others are left out, save those that upstream always writes. */
  readonly nonEmptySets: ReadonlySet<SetRole>;
  /** Load balancer addresses that processes of this node must not reach; in any order. */
  readonly outputFilters: readonly OutputFilterException[];
  readonly capabilities: RuleCapabilities;
  /** Sets that this node does not have: no rule can refer to them. */
  readonly missingSets: ReadonlySet<SetRole>;
}

/** What a rule cannot be without. */
export type RuleNeed = RuleExtension | SetRole;

/** A piece of a rule, with the extension and the set that it needs. */
export interface RulePart {
  readonly text: string;
  readonly needs?: RuleExtension;
  readonly set?: SetRole;
}

/** A rule before it is known whether this node can hold it. */
export interface RuleDraft {
  readonly table: RuleTable;
  readonly chain: string;
  readonly parts: readonly RulePart[];
  /** What other rules need without which this one would do harm. */
  readonly dependsOn?: readonly RuleNeed[];
}

export function text(words: string): RulePart {
  return { text: words };
}

export function jumpTo(target: string): RulePart {
  return { text: `-j ${target}` };
}

export function comment(words: string): RulePart {
  return { text: `-m comment --comment "${words}"`, needs: 'comment' };
}

/** Match on a set. `directions` says for each part of the entry which side of the packet it is compared with. */
export function inSet(role: SetRole, family: IpFamily, directions: string): RulePart {
  return { text: `-m set --match-set ${ipSetFor(role, family).name} ${directions}`, needs: 'set', set: role };
}

/** As `inSet`, with the set's comment in front. */
export function inSetWithComment(role: SetRole, family: IpFamily, directions: string): readonly RulePart[] {
  return [comment(setComment(role)), inSet(role, family, directions)];
}

export function addressType(words: string): RulePart {
  return { text: `-m addrtype ${words}`, needs: 'addrtype' };
}

export function connectionState(states: string): RulePart {
  return { text: `-m conntrack --ctstate ${states}`, needs: 'conntrack' };
}

/** The mark as upstream writes it: eight hexadecimal digits. */
export function markText(masqueradeBit: number): string {
  return `0x${(2 ** masqueradeBit).toString(16).padStart(8, '0')}`;
}
