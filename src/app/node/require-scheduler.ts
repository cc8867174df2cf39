import type { IpvsDriver } from '../../kernel/drivers.ts';
import { isKnownScheduler } from '../../kernel/ipvs/known-scheduler.ts';
import { probeScheduler } from '../../kernel/ipvs/probe.ts';
import type { Log } from '../../observe/log.ts';

export interface RequireSchedulerOptions {
  readonly ipvs: Pick<IpvsDriver, 'apply'>;
  readonly scheduler: string;
  readonly log: Log;
  /** Told how many operations were needed; not called on a node where the scheduler is in use. */
  readonly onWritten?: (operations: number) => void;
  readonly isKnown?: (options: { readonly scheduler: string }) => Promise<boolean>;
}

/**
 * Makes sure that the kernel has the scheduler. Writes nothing where that can be read; elsewhere a virtual server is
 * added, which loads the module, and deleted again. Throws `DriverError`, naming the module, when it cannot be had.
 */
export async function requireScheduler(options: RequireSchedulerOptions): Promise<void> {
  const { ipvs, scheduler, log, onWritten = () => {}, isKnown = isKnownScheduler } = options;
  if (await isKnown({ scheduler })) return;
  const refusal = await probeScheduler(ipvs, scheduler);
  if (refusal !== undefined) throw refusal;
  onWritten(2);
  log.info('Tried the scheduler with a virtual server of its own', { scheduler, operations: 2 });
}
