import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';

/** As many symbolic links as the kernel follows in one path. */
const mostLinks = 40;

/**
 * Directories in which the way to a file can change: those that hold a symbolic link on the way, and the one that holds
 * the file itself. For a key of a mounted ConfigMap these are the directory of the mount and that of its data. Throws
 * the error of the operating system where the way does not lead to a file.
 */
export function linkDirectories(path: string): readonly string[] {
  const directories = new Set<string>();
  let done: string = sep;
  let left = resolve(path).split(sep).filter(Boolean);
  for (let links = 0; left.length > 0; ) {
    const [name = '', ...rest] = left;
    const next = join(done, name);
    const target = lstatSync(next).isSymbolicLink() ? readlinkSync(next) : undefined;
    if (target === undefined) {
      done = next;
      left = rest;
      continue;
    }
    links += 1;
    if (links > mostLinks) throw new Error(`${path}: more than ${mostLinks} symbolic links`);
    directories.add(done);
    left = [...resolve(done, target).split(sep).filter(Boolean), ...rest];
    done = sep;
  }
  return [...directories.add(dirname(done))];
}
