import {
  type BigIntStats,
  closeSync,
  type FSWatcher,
  fstatSync,
  openSync,
  realpathSync,
  statSync,
  watch,
} from 'node:fs';
import { linkDirectories } from './link-directories.ts';

/**
 * How a file came to be another one: `written` in place or moved away, or `replaced` by another file under its name, as
 * when a symbolic link on the way to it changes.
 */
export type ConfigFileChange = 'written' | 'replaced';

/** What happened to a watched file. */
export interface ConfigFileWatchOptions {
  readonly path: string;
  /** Called once; the watch ends with it. */
  readonly onChanged: (change: ConfigFileChange) => void;
  /** The watch itself failed. */
  readonly onError: (error: unknown) => void;
}

/**
 * Watches a configuration file, and every symbolic link on the way to it: an update of a mounted ConfigMap swaps one
 * and deletes the old file. Changed permissions are ignored, and so is deletion until there is a file again. Returns a
 * function that ends the watch. Throws when the file cannot be opened.
 */
export function watchConfigFile({ path, onChanged, onError }: ConfigFileWatchOptions): () => void {
  const watchers: FSWatcher[] = [];
  let file: OpenFile | undefined;
  const stop = (): void => {
    for (const watcher of watchers.splice(0)) watcher.close();
    file?.close();
    file = undefined;
  };
  const look = (): void => {
    const change = file?.change();
    if (change === undefined) return;
    stop();
    onChanged(change);
  };
  const follow = (name: string): void => {
    watchers.push(watch(name, { persistent: false }).on('change', look).on('error', onError));
  };
  try {
    // First the directories, then the file in them: what is swapped in between is seen.
    for (const directory of linkDirectories(path)) follow(directory);
    file = new OpenFile(path);
    follow(file.realPath);
    return stop;
  } catch (error) {
    stop();
    throw error;
  }
}

/** A file that stays open: its descriptor tells a moved file, which still has a name, from a deleted one. */
class OpenFile {
  readonly realPath: string;
  readonly #path: string;
  readonly #descriptor: number;
  readonly #before: BigIntStats;

  constructor(path: string) {
    this.#path = path;
    this.realPath = realpathSync(path);
    this.#descriptor = openSync(this.realPath, 'r');
    this.#before = this.#stat();
  }

  /** What became of the file since it was opened; undefined where it is as it was, or there is none. */
  change(): ConfigFileChange | undefined {
    const now = this.#stat();
    if (now.mtimeNs !== this.#before.mtimeNs || now.size !== this.#before.size) return 'written';
    if (now.nlink > 0n && this.#isAt(this.realPath) !== true) return 'written';
    return this.#isAt(this.#path) === false ? 'replaced' : undefined;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Whether a path leads to this file; undefined where it leads nowhere. */
  #isAt(path: string): boolean | undefined {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found && found.ino === this.#before.ino && found.dev === this.#before.dev;
  }

  #stat(): BigIntStats {
    return fstatSync(this.#descriptor, { bigint: true });
  }
}
