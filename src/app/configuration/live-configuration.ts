import type { ProxierSettings } from '../../config/config.ts';
import type { LoadedSettings } from '../../config/effective-config.ts';
import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';
import { type ConfigFileChange, watchConfigFile } from '../../observe/config-file-watch.ts';
import { fieldsForRestart, isSame } from './configuration-changes.ts';

/** What counts of a configuration that was read. */
export type ReadConfiguration = Pick<LoadedSettings, 'config' | 'v1alpha1'>;

export interface LiveConfigurationOptions {
  /** The configuration in force. */
  readonly settings: ReadConfiguration;
  /** Files that it was read from. */
  readonly files: readonly string[];
  /** Reads the command line and the files again. Throws when they cannot be used. */
  readonly reload: () => ReadConfiguration;
  readonly setVerbosity: (verbosity: number) => void;
  readonly setProxierSettings: (settings: ProxierSettings) => void;
  /** Something changed that only a new process can take up, or the files can no longer be watched. */
  readonly onFatal: (error: Error) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly watch?: typeof watchConfigFile;
}

/** A file is written in several steps: it is read so long after the first of them. */
const settleMs = 500;
/** Between attempts to watch a file that is not there at the moment. */
const watchRetryMs = 5_000;

/** The configuration changed in a way that a running process cannot follow. Begins with upstream's words. */
class ConfigurationChangedError extends Error {
  readonly code = 'CONFIG_CHANGED';

  constructor(fields: readonly string[]) {
    super(`content of the proxy server's configuration file was updated; a restart takes up ${fields.join(', ')}`);
  }
}

/**
 * Follows the configuration files. The verbosity of the log and our own settings, but for the flavour of iptables and
 * the operation, are taken up at once. Any other change in a file that was written in place or moved away ends the
 * process, as upstream does, so that its supervisor starts it with the new configuration; in a file that was replaced,
 * as with every update of a mounted ConfigMap, it is told and waits for a restart. Files that cannot be used leave
 * everything as it is, for a restart with them would fail; that is told once.
 */
export class LiveConfiguration {
  readonly #options: LiveConfigurationOptions;
  #inForce: ReadConfiguration;
  /** What was told last of files that do not show in what is in force; empty when they do. */
  #told = '';
  #isWritten = false;
  #stopWatching: (() => void)[] = [];
  #cancelWork: (() => void) | undefined;

  constructor(options: LiveConfigurationOptions) {
    this.#options = options;
    this.#inForce = options.settings;
  }

  /** Begins to watch. Throws when a file cannot be watched. */
  start(): void {
    const { files, watch = watchConfigFile, onFatal } = this.#options;
    const onError = (cause: unknown) => onFatal(new Error('cannot watch the configuration file any more', { cause }));
    for (const path of files) {
      this.#stopWatching.push(watch({ path, onChanged: (change) => this.#changed(change), onError }));
    }
  }

  /** What was written between the first reading and the beginning of the watch, if anything. */
  catchUp(): void {
    this.#cancelWork = this.#options.clock.schedule(settleMs, () => this.#read('ifChanged'));
  }

  stop(): void {
    this.#cancelWork?.();
    for (const stop of this.#stopWatching.splice(0)) stop();
  }

  /** Reads the files now and takes up what changed; what cannot be taken up ends the process. */
  reload(): void {
    this.#read('mayEnd');
  }

  /** A watch ends with the first change that it reports. */
  #changed(change: ConfigFileChange): void {
    if (change === 'written') this.#isWritten = true;
    this.#cancelWork?.();
    this.#cancelWork = this.#options.clock.schedule(settleMs, () => this.#watchAndRead());
  }

  #watchAndRead(): void {
    this.stop();
    const { log, clock } = this.#options;
    try {
      this.start();
    } catch (error) {
      this.stop();
      this.#tellOnce(`watch ${String(error)}`, () =>
        log.error('The configuration file cannot be watched, trying again', error, { afterMs: watchRetryMs }),
      );
      this.#cancelWork = clock.schedule(watchRetryMs, () => this.#watchAndRead());
      return;
    }
    const why = this.#isWritten ? 'mayEnd' : 'mayNotEnd';
    this.#isWritten = false;
    this.#read(why);
  }

  #read(why: 'mayEnd' | 'mayNotEnd' | 'ifChanged'): void {
    const { log, onFatal, reload } = this.#options;
    let next: ReadConfiguration;
    try {
      next = reload();
    } catch (error) {
      this.#tellOnce(`read ${String(error)}`, () =>
        log.error('The configuration cannot be used; the one in force stays', error),
      );
      return;
    }
    const waiting = fieldsForRestart(this.#inForce, next);
    if (why === 'ifChanged' && waiting.length === 0 && isSame(this.#inForce.config, next.config)) return;
    if (waiting.length > 0 && why === 'mayEnd') return onFatal(new ConfigurationChangedError(waiting));
    this.#takeUp(next, waiting);
  }

  /** What waits for a restart stays as it is in what is in force, so that it is compared with the next reading, too. */
  #takeUp(next: ReadConfiguration, waiting: readonly string[]): void {
    const { log, setVerbosity, setProxierSettings } = this.#options;
    const before = this.#inForce.config;
    const { verbosity } = next.config.logging;
    const proxier = { ...next.config.proxier, ...needingRestart(before.proxier) };
    const config = { ...before, logging: { ...before.logging, verbosity }, proxier };
    this.#inForce = { ...this.#inForce, config };
    if (verbosity !== before.logging.verbosity) setVerbosity(verbosity);
    if (!isSame(before.proxier, proxier)) setProxierSettings(proxier);
    const { operation: _, apiServer: _ways, ...shown } = proxier;
    log.info('Read the configuration again', { changed: !isSame(before, config), verbosity, ...shown });
    if (waiting.length === 0) this.#told = '';
    else {
      const fields = waiting.join(', ');
      this.#tellOnce(`restart ${fields}`, () => log.warning('Part of the configuration needs a restart', { fields }));
    }
  }

  #tellOnce(what: string, tell: () => void): void {
    if (this.#told === what) return;
    this.#told = what;
    tell();
  }
}

/** Settings of ours that a running process goes on with, whatever the files say. */
function needingRestart({ iptablesFlavour, operation, apiServer, statusSocket, knownNodes = 'own' }: ProxierSettings) {
  return { iptablesFlavour, operation, apiServer, statusSocket, knownNodes };
}
