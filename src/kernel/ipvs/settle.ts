import type { IpvsOperation } from '../../model/operation.ts';
import { errno } from '../../netlink/errors.ts';
import type { MessageFailure } from '../../netlink/transport.ts';

/** An operation to send instead of one that was refused, and the place of the latter in its batch. */
interface Repair {
  readonly index: number;
  readonly operation: IpvsOperation;
}

/** What the refusals of a batch come to. */
export interface Settlement {
  /** Adds of what is there already, as sets, in order. */
  readonly repairs: readonly Repair[];
  /** Refusals that stay. */
  readonly failures: readonly MessageFailure[];
}

/**
 * Sorts the refusals of a batch: deleting what is not there is done; adding what is there becomes a set, unless a
 * later operation of the batch concerns the same object and so decides about it; the rest are failures. Pure.
 */
export function settle(operations: readonly IpvsOperation[], refusals: readonly MessageFailure[]): Settlement {
  const repairs: Repair[] = [];
  const failures: MessageFailure[] = [];
  let later: LastTouches | undefined;
  for (const refusal of refusals) {
    const operation = operations[refusal.index];
    if (operation === undefined || isDone(operation, refusal.errno)) continue;
    const repair = repairOf(operation, refusal.errno);
    if (repair === undefined) {
      failures.push(refusal);
      continue;
    }
    later ??= lastTouches(operations);
    if (!isDecidedLater(later, operation, refusal.index)) repairs.push({ index: refusal.index, operation: repair });
  }
  return { repairs, failures };
}

function isDone(operation: IpvsOperation, number: number): boolean {
  const isDelete = operation.kind === 'deleteVirtualServer' || operation.kind === 'deleteRealServer';
  return isDelete && (number === errno.ESRCH || number === errno.ENOENT);
}

function repairOf(operation: IpvsOperation, number: number): IpvsOperation | undefined {
  if (number !== errno.EEXIST) return undefined;
  if (operation.kind === 'addVirtualServer') return { ...operation, kind: 'setVirtualServer' };
  if (operation.kind === 'addRealServer') return { ...operation, kind: 'setRealServer' };
  return undefined;
}

/** Index of the last operation of a batch that concerns an object, by its key. */
interface LastTouches {
  readonly objects: ReadonlyMap<string, number>;
  /** Deletes of virtual servers, which concern all their real servers. */
  readonly deletes: ReadonlyMap<string, number>;
}

function lastTouches(operations: readonly IpvsOperation[]): LastTouches {
  const objects = new Map<string, number>();
  const deletes = new Map<string, number>();
  for (const [index, operation] of operations.entries()) {
    objects.set(objectKey(operation), index);
    if (operation.kind === 'deleteVirtualServer') deletes.set(operation.virtualServer.key, index);
  }
  return { objects, deletes };
}

function isDecidedLater(later: LastTouches, operation: IpvsOperation, index: number): boolean {
  if ((later.objects.get(objectKey(operation)) ?? index) > index) return true;
  return (later.deletes.get(operation.virtualServer.key) ?? index) > index;
}

function objectKey(operation: IpvsOperation): string {
  if ('realServer' in operation) return `${operation.virtualServer.key} ${operation.realServer.key}`;
  return operation.virtualServer.key;
}
