import { accessSync, constants, readFileSync } from 'node:fs';
import type { NativeAddon } from '../../native/addon.ts';
import { loadNetlinkAddon } from '../../native/addon.ts';
import type { Log } from '../../observe/log.ts';
import { namesIn, neededCapabilities, planPrivileges } from './plan-privileges.ts';

/** This process, as far as its rights go; `thisProcess`. */
export interface PrivilegedProcess {
  readonly id: number;
  readonly environment: Record<string, string | undefined>;
  /** `/proc/self/status` of the main thread. */
  readonly status: () => string;
  /** Throws where the program cannot begin anew. */
  readonly requireRestart: () => void;
  /** Limits the main thread, and what it becomes, to these capabilities. Throws `AddonLoadError`, or what the kernel says. */
  readonly limit: NativeAddon['limitCapabilities'];
  /** Becomes the same program anew, in the same process; does not return. */
  readonly restart: (environment: Record<string, string | undefined>) => void;
}

/** Set for the program after the restart: the number of the process, so that one that inherits it is not meant. */
const marker = 'IPVS_PROXIER_RESTARTED';

const thisProcess: PrivilegedProcess = {
  id: process.pid,
  environment: process.env,
  status: () => readFileSync('/proc/self/status', 'utf8'),
  requireRestart() {
    if (process.execve === undefined) throw new Error(`Node ${process.versions.node} has no process.execve`);
    accessSync(process.execPath, constants.X_OK); // a call of execve that fails would end the process
  },
  limit: (kept) => loadNetlinkAddon().limitCapabilities(kept),
  restart(environment) {
    process.execve?.(process.execPath, [process.argv0, ...process.execArgv, ...process.argv.slice(1)], environment);
  },
};

/**
 * Gives up every capability that the daemon does not need, for good and in all threads. Rights belong to threads, and
 * Node has several before any of our code runs: so the main thread gives them up, and the process begins anew from it,
 * with the same number, arguments, environment and open standard streams. `prepare` does before what needs the rights.
 * Where there is nothing to give up, nothing happens. What fails is told, and the program goes on with what it has.
 */
export async function dropPrivileges(options: {
  /** Do nothing. */
  readonly keep: boolean;
  readonly prepare: () => Promise<void>;
  readonly log: Log;
  readonly self?: PrivilegedProcess;
}): Promise<void> {
  const { keep, prepare, log, self = thisProcess } = options;
  const isRestarted = self.environment[marker] === String(self.id);
  delete self.environment[marker];
  if (keep) return;
  const { surplus, effective } = planPrivileges(self.status());
  if (isRestarted) tellOutcome(log, surplus, effective);
  if (isRestarted || surplus.length === 0) return;
  try {
    self.requireRestart();
    await prepare();
    self.limit(Number(neededCapabilities));
    self.restart({ ...self.environment, [marker]: String(self.id) });
  } catch (error) {
    log.error('Privileges that are not needed could not be dropped', error, { surplus: surplus.join(',') });
  }
}

function tellOutcome(log: Log, surplus: readonly string[], effective: bigint): void {
  if (surplus.length === 0) log.info('Dropped privileges', { left: namesIn(effective).join(',') });
  else log.warning('Not all privileges that are not needed could be dropped', { surplus: surplus.join(',') });
}
