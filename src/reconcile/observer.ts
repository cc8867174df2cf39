import type { ServiceKey } from '../model/service-key.ts';

/** Kinds of kernel objects, as metrics and log lines name them. */
export type ObjectKind =
  | 'virtualServer'
  | 'realServer'
  | 'interface'
  | 'address'
  | 'ipSet'
  | 'setEntry'
  | 'rules'
  | 'flow'
  | 'sysctl';

/** Hears what the reconciler does; turns it into metrics and log lines. */
export interface ReconcileObserver {
  /** Operations that the kernel accepted. */
  applied(kind: ObjectKind, count: number): void;
  /** An object whose operation failed; it stays pending and is tried again. */
  failed(kind: ObjectKind, object: string, error: unknown): void;
  /** An object that had failed before and is in place now. */
  recovered(kind: ObjectKind, object: string): void;
  /** Objects that a listing showed to be other than we left them; they are being repaired. `object` names a single one. */
  drifted(kind: ObjectKind, count: number, object?: string): void;
  /** A virtual server that two Services claim; the holder was there first. */
  conflict(object: string, holder: ServiceKey, loser: ServiceKey): void;
}
