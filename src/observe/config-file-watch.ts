import { closeSync, fstatSync, openSync, realpathSync, watch } from 'node:fs';

/** What happened to a watched file. */
export interface ConfigFileWatchOptions {
  readonly path: string;
  /** The file was written in place, or moved away: the process should end and be started again. Called once. */
  readonly onChanged: () => void;
  /** The watch itself failed. */
  readonly onError: (error: unknown) => void;
}

/**
 * Watches a configuration file, with symbolic links resolved once. Changed permissions and deletion are ignored, so
 * that an updated ConfigMap, which swaps a link and deletes the old file, does not restart every node's proxier at
 * the same time. Returns a function that ends the watch. Throws when the file cannot be opened.
 */
export function watchConfigFile({ path, onChanged, onError }: ConfigFileWatchOptions): () => void {
  const file = realpathSync(path);
  // The open descriptor tells a moved file, which still has a name, from a deleted one.
  const descriptor = openSync(file, 'r');
  const before = fstatSync(descriptor, { bigint: true });
  let active = true;
  const watcher = watch(file, { persistent: false });
  const stop = (): void => {
    if (!active) return;
    active = false;
    watcher.close();
    closeSync(descriptor);
  };
  const changed = (): void => {
    stop();
    onChanged();
  };
  watcher.on('error', onError);
  watcher.on('change', (event) => {
    if (!active) return;
    const now = fstatSync(descriptor, { bigint: true });
    const isWritten = now.mtimeNs !== before.mtimeNs || now.size !== before.size;
    if (isWritten || (event === 'rename' && now.nlink > 0n)) changed();
  });
  return stop;
}
