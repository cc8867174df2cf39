import type { ServiceKey } from '../../model/service-key.ts';

/** Kinds of things in the kernel, in the order in which differences are listed. */
export const differenceKinds = [
  'interface',
  'setting',
  'set',
  'set entry',
  'rules',
  'address',
  'virtual server',
  'real server',
] as const;
type DifferenceKind = (typeof differenceKinds)[number];

/** Something in the kernel that is not as wanted. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** `missing` and `different` things are wanted; an `unwanted` one is ours, and nobody wants it any more. */
  readonly how: 'missing' | 'different' | 'unwanted';
  readonly object: string;
  readonly details: readonly string[];
  /** The Service that it is for, where that can be told. */
  readonly service?: ServiceKey;
}

/** Something in the kernel that is as it should be, or nobody's business. */
export interface OtherObject {
  readonly kind: string;
  readonly object: string;
}

/** What `diff` has found out. */
export interface DiffReport {
  readonly node: string;
  /** Where the objects come from, in words. */
  readonly objects: string;
  readonly absent: readonly string[];
  readonly problems: readonly string[];
  /** Virtual servers, addresses and entries that are wanted. */
  readonly wanted: number;
  readonly differences: readonly Difference[];
  /** Real servers that keep their connections until these end. */
  readonly draining: readonly OtherObject[];
  /** What kube-proxy in one of its other modes or older releases has left. */
  readonly leftovers: readonly OtherObject[];
  /** What belongs to others, and is left alone. */
  readonly foreign: readonly OtherObject[];
}
