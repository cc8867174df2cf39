import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/** A process group that does not outlive the launcher, however the launcher ends. */
export interface GuardedProcess {
  readonly process: ChildProcess;
  /** Kills the whole group at once. Safe to call when it has ended. */
  kill(): void;
  /** Tells the guard that there is nothing left to kill. */
  release(): void;
}

// No core file of the guest's memory, and all the descriptors we may have.
const startScript = 'ulimit -c 0; ulimit -n "$(ulimit -Hn)"; exec "$0" "$@"';
// Reads a line; end of file means that the launcher has died. A parent-death signal would not do: it reaches only the
// main process, and helpers of a user-mode kernel survive it.
const guardScript = 'read line && exit; kill -9 -"$0"; sleep 0.2; rm -rf "$1"';

/** Starts a program in a group of its own. `runDirectory` is removed by the guard when the launcher was killed. */
export function startGuarded(
  file: string,
  args: readonly string[],
  runDirectory: string,
  options: SpawnOptions,
): GuardedProcess {
  const child = spawn('/bin/sh', ['-c', startScript, file, ...args], { detached: true, ...options });
  const groupId = child.pid;
  if (groupId === undefined) {
    return { process: child, kill() {}, release() {} };
  }
  const guard = spawn('/bin/sh', ['-c', guardScript, String(groupId), runDirectory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  guard.stdin.on('error', () => {});
  (guard.stdin as unknown as { unref(): void }).unref(); // a pipe is a socket here; its type does not say so
  return {
    process: child,
    kill: () => killGroup(groupId),
    release: () => guard.stdin.end('done\n'),
  };
}

function killGroup(groupId: number): void {
  try {
    process.kill(-groupId, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw error;
    }
  }
}
