import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { IpFamily } from '../../model/ip.ts';
import type { ReconcileObserver } from '../../reconcile/observer.ts';
import type { ProblemFinder } from './find-problems.ts';
import { DriverError } from '../../kernel/errors.ts';
import { DriftLog } from './drift-log.ts';
import { systemClock } from '../system-clock.ts';

/** Turns what the reconciler tells into log lines, metrics and problems. */
export function reconcileReport(
  log: Log,
  metrics: Pick<Metrics, 'proxier' | 'rounds'>,
  problems: Pick<ProblemFinder, 'conflict' | 'setFailed' | 'setRecovered' | 'setFull'>,
  clock: Pick<Clock, 'monotonicMs'> = systemClock,
): ReconcileObserver {
  const driftLog = new DriftLog({ log, clock });
  return {
    applied(kind, count) {
      if (count === 0) return;
      metrics.proxier.operations(kind, 'applied', count);
      log.debug(2, 'Applied operations', { kind, count });
    },
    failed(kind, object, error) {
      metrics.proxier.operations(kind, 'failed', 1);
      if (kind === 'rules') metrics.rounds.rulesFailed(object as IpFamily);
      if (kind === 'ipSet') problems.setFailed(object, error);
      if (kind === 'setEntry' && isFull(error)) problems.setFull(setOf(object));
      log.error('Operation failed, will be tried again', error, { kind, object });
    },
    recovered(kind, object) {
      if (kind === 'ipSet') problems.setRecovered(object);
      log.info('Operation succeeded after failures', { kind, object });
    },
    drifted(kind, count, object) {
      if (count === 0) return;
      metrics.proxier.driftRepaired(kind, count);
      driftLog.note(kind, count, object);
    },
    conflict: (object, holder, loser) => problems.conflict(object, holder, loser),
  };
}

function isFull(error: unknown): boolean {
  return error instanceof DriverError && error.errnoName === 'IPSET_ERR_HASH_FULL';
}

/** Entries are named `set entry`. */
function setOf(object: string): string {
  return object.slice(0, object.indexOf(' '));
}
