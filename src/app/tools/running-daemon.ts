import { readlinkSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { processIds } from '../process-table.ts';
import { textOfFile } from '../text-of-file.ts';

/** The ipvs-proxier that runs on this node. */
export interface RunningDaemon {
  readonly processId: number;
  /** Its flags; paths in them lead to the files that it sees. */
  readonly flags: readonly string[];
}

/** Flags whose value is a path. */
const pathFlags = new Set(['config', 'proxier-config', 'kubeconfig', 'manifests']);
const programs = /(?:^|\/)(?:ipvs-proxier(?:\.cjs)?|app\/main\.ts)$/;
/** Flags of runs that do not stay. */
const passing = /^--(?:cleanup|init-only|write-config-to|version|help)\b/;

/** Looks for the daemon among the processes that can be seen. Of several the first by number. */
export function findRunningDaemon(procDirectory = '/proc'): RunningDaemon | undefined {
  for (const name of [...processIds(procDirectory)].sort((a, b) => Number(a) - Number(b))) {
    const flags = daemonFlags(join(procDirectory, name));
    if (flags !== undefined) return { processId: Number(name), flags };
  }
  return undefined;
}

function daemonFlags(process: string): readonly string[] | undefined {
  const words = textOfFile(join(process, 'cmdline')).split('\0').slice(0, -1);
  const program = words.slice(0, 8).findIndex((word) => programs.test(word));
  // The runtime comes first: an editor that has the file open is no daemon.
  if (program < 1 || !/(?:^|\/)node$/.test(words[0] ?? '')) return undefined;
  const flags = words.slice(program + 1);
  if (flags.some((flag) => passing.test(flag)) || (flags[0] !== undefined && !flags[0].startsWith('-')))
    return undefined;
  return flags.map((flag, index) => withVisiblePath(flag, flags[index - 1] ?? '', process));
}

/** Files are named as the daemon sees them, which may be in a container. */
function withVisiblePath(flag: string, before: string, process: string): string {
  const [, name = '', value] = /^--([\w-]+)(?:=(.*))?$/s.exec(flag) ?? [];
  const isPath = (each: string) => pathFlags.has(each.replaceAll('_', '-'));
  if (value !== undefined && isPath(name)) return `--${name}=${visiblePath(value, process)}`;
  const isValue = /^--[\w-]+$/.test(before) && isPath(before.slice(2));
  return isValue ? visiblePath(flag, process) : flag;
}

function visiblePath(path: string, process: string): string {
  if (path === '') return path;
  try {
    const absolute = isAbsolute(path) ? path : join(readlinkSync(join(process, 'cwd')), path);
    const isElsewhere = readlinkSync(join(process, 'ns/mnt')) !== readlinkSync('/proc/self/ns/mnt');
    return isElsewhere ? join(process, 'root', absolute) : absolute;
  } catch {
    return path;
  }
}
