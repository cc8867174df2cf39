import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { LabError } from './lab-error.ts';

/** Room to keep beside the guest's memory, in MiB. */
const reserveMib = 64;

/**
 * Where the file with the guest's memory goes: the first of the wanted directory, /dev/shm, the temporary directory and
 * /var/tmp that has room, may be written and is not mounted noexec. Throws `LabError` that says what is wrong with each.
 */
export function chooseMemoryDirectory(memoryMib: number, wanted: string | undefined): string {
  const problems: string[] = [];
  for (const directory of [wanted, '/dev/shm', tmpdir(), '/var/tmp']) {
    if (directory === undefined) {
      continue;
    }
    const problem = problemWith(directory, memoryMib);
    if (problem === undefined) {
      return directory;
    }
    problems.push(`${directory}: ${problem}`);
  }
  throw new LabError(
    `no room for the ${memoryMib} MiB of guest memory (${problems.join('; ')}); use --mem or --tmpdir`,
  );
}

function problemWith(directory: string, memoryMib: number): string | undefined {
  try {
    accessSync(directory, constants.W_OK);
    const { bavail, bsize } = statfsSync(directory);
    const freeMib = Math.floor((bavail * bsize) / 2 ** 20);
    if (isNoExec(directory)) {
      return 'mounted noexec';
    }
    return freeMib < memoryMib + reserveMib ? `${freeMib} MiB free` : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Looks at the mount with the longest mount point above the directory. */
function isNoExec(directory: string): boolean {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .map(([, mountPoint, , options]) => ({ mountPoint, options }));
  let best = { length: 0, options: '' };
  for (const { mountPoint, options } of mounts) {
    if (mountPoint === undefined || options === undefined) {
      continue;
    }
    const prefix = mountPoint.endsWith('/') ? mountPoint : `${mountPoint}/`;
    if (`${directory}/`.startsWith(prefix) && prefix.length >= best.length) {
      best = { length: prefix.length, options };
    }
  }
  return best.options.split(',').includes('noexec');
}
