import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';

const elfMagic = '\x7fELF';

/** Libraries that programs and libraries below a root need and that are not in its directory of libraries, a line each. */
export function missingLibraries(root: string, libraries: string): readonly string[] {
  const present = new Set(readdirSync(join(root, libraries)));
  const entries = readdirSync(root, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.filter(isElf).flatMap((file) =>
    neededBy(file)
      .filter((name) => !present.has(name))
      .map((name) => `${basename(file)} needs ${name}, which is not in the image`),
  );
}

function isElf(file: string): boolean {
  const descriptor = openSync(file, 'r');
  try {
    const start = Buffer.alloc(elfMagic.length);
    readSync(descriptor, start, 0, start.length, 0);
    return start.toString('latin1') === elfMagic;
  } finally {
    closeSync(descriptor);
  }
}

function neededBy(file: string): readonly string[] {
  const text = execFileSync('readelf', ['--dynamic', '--wide', file], { encoding: 'utf8', env: { LC_ALL: 'C' } });
  return [...text.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name = '']) => name);
}
