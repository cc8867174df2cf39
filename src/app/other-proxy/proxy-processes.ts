import { readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { processIds } from '../process-table.ts';
import { textOfFile } from '../text-of-file.ts';
import type { OtherProxy } from './other-proxy.ts';

/** Programs that are Service proxies, and the arguments with which they are none. */
const programs: ReadonlyMap<string, readonly string[]> = new Map([
  ['kube-proxy', ['--cleanup', '--init-only', '--version']],
  ['kube-router', ['--run-service-proxy=false']],
]);

/**
 * The Service proxies in the process table, as far as this process sees it: in a container that takes `hostPID`. One in
 * another network namespace serves another node, and one that has ended and was not waited for serves none.
 */
export function proxyProcesses(procDirectory = '/proc'): readonly OtherProxy[] {
  return processIds(procDirectory).flatMap((id) => {
    const directory = join(procDirectory, id);
    const name = textOfFile(join(directory, 'comm')).trim();
    const excluding = programs.get(name);
    if (excluding === undefined || !isRunning(directory)) return [];
    const words = textOfFile(join(directory, 'cmdline')).split('\0');
    if (excluding.some((word) => words.includes(word) || words.includes(`${word}=true`))) return [];
    return isInOtherNetwork(procDirectory, directory) ? [] : [{ sign: 'process', name, seen: `process ${id}` }];
  });
}

/** The state is the first word after the name, which may hold spaces and parentheses. */
function isRunning(directory: string): boolean {
  const stat = textOfFile(join(directory, 'stat'));
  return !['Z', 'X', ''].includes(stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '');
}

/**
 * False where that cannot be told. The link to the namespace of a process with more rights may not be read by one that
 * has dropped its own; its list of interfaces may, and each namespace has another file for it.
 */
function isInOtherNetwork(procDirectory: string, directory: string): boolean {
  const own = join(procDirectory, 'self');
  const differs = (identityOf: (process: string) => string | number) => {
    try {
      return identityOf(directory) !== identityOf(own);
    } catch {
      return undefined;
    }
  };
  const byLink = differs((process) => readlinkSync(join(process, 'ns/net')));
  return byLink ?? differs((process) => statSync(join(process, 'net/dev')).ino) ?? false;
}
