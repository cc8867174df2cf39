import type { Clock } from '../model/clock.ts';
import type { Klog } from '../observe/klog.ts';

/** Where signals and faults come from, and how a process ends; `process` itself. */
export interface Ending {
  on(event: 'SIGTERM' | 'SIGINT', listener: (signal: string) => void): unknown;
  on(event: 'SIGHUP', listener: () => void): unknown;
  on(event: 'uncaughtException', listener: (error: Error) => void): unknown;
  exit(code: number): void;
}

export interface EndOnSignalOptions {
  readonly klog: Klog;
  readonly clock: Clock;
  readonly ending?: Ending;
}

/** What a signal does once the program works. */
export interface WorkingProgram {
  /** Ends everything; the kernel stays as it is. */
  readonly stop: () => Promise<unknown>;
  /** SIGHUP: reads the configuration files again. */
  readonly reload: () => void;
}

/** Longest time that the round in progress may take to end. */
const stopDeadlineMs = 5_000;

/**
 * SIGTERM and SIGINT end the process with exit code 0: at once while it starts, for whatever was begun the next start
 * completes; once `working` was called, after the program has stopped, or at the deadline. A second signal ends it at
 * once. A fault that nobody has caught is told and ends it with exit code 1. Without this the first process of a
 * container would ignore SIGTERM, and SIGHUP would end it.
 */
export function endOnSignal({ klog, clock, ending = process }: EndOnSignalOptions) {
  const log = klog.named('app/end-on-signal.ts');
  let program: WorkingProgram | undefined;
  let isStopping = false;
  const exit = (code: number) => {
    klog.flush();
    ending.exit(code);
  };
  const onSignal = (signal: string) => {
    if (isStopping || program === undefined) return exit(0);
    isStopping = true;
    log.info('Stopping; Services stay programmed', { signal });
    clock.schedule(stopDeadlineMs, () => exit(0));
    void program
      .stop()
      .catch((error: unknown) => log.error('Not everything could be stopped', error))
      .then(() => exit(0));
  };
  ending.on('SIGTERM', onSignal);
  ending.on('SIGINT', onSignal);
  ending.on('SIGHUP', () => program?.reload());
  ending.on('uncaughtException', (error) => {
    log.error('command failed', error, { stack: error.stack });
    exit(1);
  });
  return {
    working: (next: WorkingProgram) => {
      program = next;
    },
  };
}
