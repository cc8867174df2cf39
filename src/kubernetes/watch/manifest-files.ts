import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A manifest file as it is on disk. */
export interface ManifestFile {
  readonly path: string;
  /** Changes whenever the file is written, replaced, or another one is linked in its place. */
  readonly signature: string;
}

/** Larger files are refused rather than read into memory. */
const largestManifestBytes = 256 * 1024 * 1024;

/**
 * The files that `--manifests` names, in order: a path of a file is that file, a path of a directory is all of its
 * `.yaml`, `.yml` and `.json` files in name order. Hidden files and directories within are left out. Rejects when a path
 * is not there or cannot be read.
 */
export async function findManifestFiles(paths: readonly string[]): Promise<readonly ManifestFile[]> {
  const found = await Promise.all(paths.map(findUnder));
  return found.flat();
}

async function findUnder(path: string): Promise<readonly ManifestFile[]> {
  const { isDirectory, file } = await inspect(path);
  if (!isDirectory) return [file];
  const names = (await readdir(path)).filter((name) => /^[^.].*\.(ya?ml|json)$/i.test(name)).sort();
  const inspected = await Promise.all(names.map((name) => inspectIfThere(join(path, name))));
  return inspected.flatMap((entry) => (entry === undefined || entry.isDirectory ? [] : [entry.file]));
}

interface Inspected {
  readonly isDirectory: boolean;
  readonly file: ManifestFile;
}

/** Looks at a file or at what a link leads to. */
async function inspect(path: string): Promise<Inspected> {
  const { dev, ino, size, mtimeNs, ctimeNs, ...rest } = await stat(path, { bigint: true });
  if (size > largestManifestBytes) throw new Error(`${path} is larger than ${largestManifestBytes} bytes`);
  const isDirectory = (rest.mode & 0o170000n) === 0o040000n;
  return { isDirectory, file: { path, signature: [dev, ino, size, mtimeNs, ctimeNs].join(':') } };
}

/** Undefined when the file has gone since its directory was read. */
async function inspectIfThere(path: string): Promise<Inspected | undefined> {
  try {
    return await inspect(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
