import type { RuleDifference } from '../kernel/drivers.ts';
import type { IpFamily } from '../model/ip.ts';
import type { IpSet } from '../model/ip-set.ts';
import type { Operation } from '../model/operation.ts';

/** Something that the daemon would write. */
export type NotedOperation =
  | Operation
  | { readonly kind: 'makeInterface'; readonly name: string }
  | { readonly kind: 'replaceSet'; readonly set: IpSet; readonly entries: number }
  | { readonly kind: 'writeRules'; readonly family: IpFamily; readonly differences: readonly RuleDifference[] }
  | { readonly kind: 'deleteFlows'; readonly flows: number }
  | {
      readonly kind: 'setSysctl';
      readonly name: string;
      readonly value: string;
      /** Undefined where the kernel does not have the setting. */
      readonly present: string | undefined;
    }
  | {
      readonly kind: 'setTimeouts';
      readonly tcpSeconds: number;
      readonly tcpFinSeconds: number;
      readonly udpSeconds: number;
    };
