import type { Log } from '../observe/log.ts';
import type { ServiceKey } from '../model/service-key.ts';
import type { ObjectKind, ReconcileObserver } from '../reconcile/observer.ts';

/** Counts what the reconciler did, for metrics. */
export interface OperationCounters {
  operationsApplied(kind: ObjectKind, count: number): void;
  operationsFailed(kind: ObjectKind, count: number): void;
  driftRepaired(kind: ObjectKind, count: number): void;
}

/** Turns what the reconciler tells into log lines and metrics. */
export function reconcileReport(log: Log, counters: OperationCounters): ReconcileObserver {
  const conflicts = new Set<string>();
  return {
    applied(kind, count) {
      if (count === 0) return;
      counters.operationsApplied(kind, count);
      log.debug(2, 'Applied operations', { kind, count });
    },
    failed(kind, object, error) {
      counters.operationsFailed(kind, 1);
      log.error('Operation failed, will be tried again', error, { kind, object });
    },
    recovered(kind, object) {
      log.info('Operation succeeded after failures', { kind, object });
    },
    drifted(kind, count) {
      if (count === 0) return;
      counters.driftRepaired(kind, count);
      log.warning('Found changes made by somebody else, repairing them', { kind, count });
    },
    conflict(object: string, holder: ServiceKey, loser: ServiceKey) {
      const name = `${object} ${holder} ${loser}`;
      if (conflicts.has(name)) return;
      conflicts.add(name);
      log.warning('Two Services claim one address and port; the older has it', { object, holder, service: loser });
    },
  };
}
