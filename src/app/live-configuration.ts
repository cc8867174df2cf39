import type { ProxierSettings, ProxyConfig } from '../config/config.ts';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../observe/log.ts';
import { watchConfigFile } from '../observe/config-file-watch.ts';

export interface LiveConfigurationOptions {
  /** The configuration in force. */
  readonly config: ProxyConfig;
  /** Files that it was read from. */
  readonly files: readonly string[];
  /** Reads the command line and the files again. Throws when they cannot be used. */
  readonly reload: () => ProxyConfig;
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

/** The configuration changed in a way that a running process cannot follow. Upstream's words. */
class ConfigurationChangedError extends Error {
  readonly code = 'CONFIG_CHANGED';

  constructor() {
    super("content of the proxy server's configuration file was updated");
  }
}

/**
 * Follows the configuration files. The verbosity of the log and our own settings, but for the flavour of iptables and
 * the operation, are taken up at once; any other change ends the process, so that its supervisor starts it with the new configuration.
 * Files that cannot be used leave everything as it is, for a restart with them would fail.
 */
export class LiveConfiguration {
  readonly #options: LiveConfigurationOptions;
  #config: ProxyConfig;
  #stopWatching: (() => void)[] = [];
  #cancelReload: (() => void) | undefined;

  constructor(options: LiveConfigurationOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** Begins to watch. Throws when a file cannot be watched. */
  start(): void {
    const { files, watch = watchConfigFile, onFatal } = this.#options;
    const onError = (cause: unknown) => onFatal(new Error('cannot watch the configuration file any more', { cause }));
    this.#stopWatching = files.map((path) => watch({ path, onChanged: () => this.#changed(), onError }));
  }

  stop(): void {
    this.#cancelReload?.();
    for (const stop of this.#stopWatching.splice(0)) stop();
  }

  /** Reads the files now and takes up what changed. */
  reload(): void {
    const { log, onFatal, reload } = this.#options;
    let next: ProxyConfig;
    try {
      next = reload();
    } catch (error) {
      log.error('The configuration cannot be used; the one in force stays', error);
      return;
    }
    if (needsRestart(this.#config, next)) return onFatal(new ConfigurationChangedError());
    this.#takeUp(next);
  }

  #changed(): void {
    this.#cancelReload?.();
    this.#cancelReload = this.#options.clock.schedule(settleMs, () => {
      for (const stop of this.#stopWatching.splice(0)) stop();
      this.#watchAgain();
      this.reload();
    });
  }

  /** A watch ends with the first change that it reports. */
  #watchAgain(): void {
    try {
      this.start();
    } catch (cause) {
      this.#options.log.error('The configuration file cannot be watched any more', cause);
    }
  }

  #takeUp(next: ProxyConfig): void {
    const { log, setVerbosity, setProxierSettings } = this.#options;
    const before = this.#config;
    this.#config = next;
    const { verbosity } = next.logging;
    if (verbosity !== before.logging.verbosity) setVerbosity(verbosity);
    if (!same(before.proxier, next.proxier)) setProxierSettings(next.proxier);
    log.info('Read the configuration again', { changed: !same(before, next), verbosity, ...next.proxier });
  }
}

/** Whether anything differs that is not taken up while running. */
function needsRestart(before: ProxyConfig, next: ProxyConfig): boolean {
  const { iptablesFlavour, operation } = next.proxier;
  const followed: ProxyConfig = {
    ...next,
    logging: { ...next.logging, verbosity: before.logging.verbosity },
    proxier: { ...before.proxier, iptablesFlavour, operation },
  };
  return !same(before, followed);
}

function same(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
