import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessUsage } from './metrics.ts';

/** Clock ticks per second in `/proc`: 100 on every platform that Linux user space sees. */
const ticksPerSecond = 100;

/** Reads a file of `/proc`; injected so that tests can hand in text. */
export interface ProcFiles {
  read(path: string): string;
  /** Number of entries in a directory. */
  count(path: string): number;
}

const procFiles: ProcFiles = {
  read: (path) => readFileSync(path, 'utf8'),
  count: (path) => readdirSync(path).length,
};

/**
 * Resource usage of this process from `/proc/self` (proc(5)). Values that cannot be read are 0. Fields of
 * `/proc/self/stat` are counted behind the name, which can hold blanks and parentheses.
 */
export function readProcessUsage(files: ProcFiles = procFiles): ProcessUsage {
  const stat = attempt(() => files.read('/proc/self/stat'), '');
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const field = (number: number): number => fields[number - 3] || 0;
  const boot = Number(/^btime (\d+)$/m.exec(attempt(() => files.read('/proc/stat'), ''))?.[1] ?? 0);
  const limits = attempt(() => files.read('/proc/self/limits'), '');
  return {
    startTimeSeconds: boot + field(22) / ticksPerSecond,
    cpuSeconds: (field(14) + field(15)) / ticksPerSecond,
    residentBytes: residentBytes(files),
    virtualBytes: field(23),
    openFileDescriptors: attempt(() => files.count('/proc/self/fd'), 0),
    maxFileDescriptors: Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0),
  };
}

function residentBytes(files: ProcFiles): number {
  const status = attempt(() => files.read('/proc/self/status'), '');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
