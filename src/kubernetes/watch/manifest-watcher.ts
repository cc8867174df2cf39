import type { FSWatcher } from 'node:fs';
import { lstatSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Log } from '../../observe/log.ts';

export interface ManifestWatcherOptions {
  readonly paths: readonly string[];
  readonly log: Log;
  /** Something may have changed; called for each notification. */
  readonly onChange: () => void;
}

/**
 * Notifications of changes in directories: those given, those of given files, and those of given links, which may be
 * pointed elsewhere. Notifications may be missed (network file systems, no more inotify watches), so the paths must be
 * looked at from time to time as well.
 */
export class ManifestWatcher {
  readonly #options: ManifestWatcherOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #reportedFailure = false;

  constructor(options: ManifestWatcherOptions) {
    this.#options = options;
  }

  /** Watches what is there now; to be called again when it may have become something else. */
  refresh(): void {
    const wanted = new Map(this.#options.paths.flatMap(directoriesOf).map((found) => [found.identity, found.path]));
    for (const [identity, watcher] of this.#watchers) {
      if (wanted.has(identity)) continue;
      watcher.close();
      this.#watchers.delete(identity);
    }
    for (const [identity, path] of wanted) if (!this.#watchers.has(identity)) this.#watch(identity, path);
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(identity: string, path: string): void {
    try {
      const watcher = watch(path, () => this.#options.onChange());
      this.#watchers.set(identity, watcher);
      watcher.on('error', (error) => {
        this.#watchers.delete(identity);
        watcher.close();
        this.#report(path, error);
      });
    } catch (error) {
      this.#report(path, error);
    }
  }

  #report(path: string, error: unknown): void {
    if (this.#reportedFailure) return;
    this.#reportedFailure = true;
    this.#options.log.error('No notifications of changed manifests, looking every few seconds', error, { path });
  }
}

interface FoundDirectory {
  readonly path: string;
  /** Tells apart directories that a link led to at different times. */
  readonly identity: string;
}

function directoriesOf(path: string): readonly FoundDirectory[] {
  try {
    const target = statSync(path);
    const parent = dirname(path);
    const isLink = lstatSync(path).isSymbolicLink();
    const directories = target.isDirectory() ? (isLink ? [path, parent] : [path]) : [parent];
    return directories.map((directory) => {
      const { dev, ino } = statSync(directory);
      return { path: directory, identity: `${directory}:${dev}:${ino}` };
    });
  } catch {
    return []; // not there now: found again when the paths are looked at
  }
}
