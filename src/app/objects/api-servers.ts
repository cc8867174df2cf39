import type { ApiServer } from '../../kubernetes/watch/api-server.ts';
import { type KubernetesService, watchKubernetesService } from '../../kubernetes/watch/learned-servers.ts';
import type { ServerCache } from '../../kubernetes/watch/server-cache.ts';
import { ServerChoice, type SwitchReason } from '../../kubernetes/watch/server-choice.ts';
import { ServerReturn } from '../../kubernetes/watch/server-return.ts';
import type { ObjectSink } from '../../kubernetes/source.ts';
import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';
import { configuredServer, learnedServers, listedServers, type ServerListOptions } from '../rounds/server-lists.ts';

export interface ApiServersOptions extends ServerListOptions {
  /** Undefined where nothing is to be kept. */
  readonly cache: Pick<ServerCache, 'read' | 'write'> | undefined;
  /** Whether a server answers a request as it should. Never rejects. */
  readonly isServing: (server: ApiServer) => Promise<boolean>;
  readonly clock: Clock;
  /** Numbers from 0 to 1, 1 excluded. */
  readonly random: () => number;
  readonly log: Log;
  /** Told which server is used: at the start, and whenever that changes. */
  readonly onServer?: (server: ApiServer, reason: SwitchReason | 'start') => void;
}

/**
 * All ways to the API server: the configured one, those listed, and those that the cluster tells about, which are kept
 * for the next start.
 */
export class ApiServers {
  readonly choice: ServerChoice;
  readonly #options: ApiServersOptions;
  readonly #return: ServerReturn;
  #kept = '';

  constructor(options: ApiServersOptions) {
    const { source, clock, log, random, isServing, onServer } = options;
    this.#options = options;
    this.choice = new ServerChoice({
      first: configuredServer(options),
      isFirstVirtual: source.isInCluster ?? false,
      listed: listedServers(options),
      clock,
      log,
      onSwitch: (server, reason) => {
        onServer?.(server, reason);
        this.#return.arm();
      },
    });
    this.#return = new ServerReturn({ choice: this.choice, isServing, clock, random });
  }

  /** Begins with what was kept. To be called before the first request. */
  async start(): Promise<void> {
    const { cache, log, onServer } = this.#options;
    const kept = await cache?.read();
    if (kept !== undefined) {
      this.#kept = textOf(kept);
      this.choice.startWith(learnedServers(kept, this.#options));
    }
    const { current, order } = this.choice;
    log.info('Using the API server', { server: current.url, origin: current.origin, all: order.map(({ url }) => url) });
    onServer?.(current, 'start');
  }

  /** The sink that the objects of the cluster have to pass. */
  watch(sink: ObjectSink): ObjectSink {
    const { settings, source } = this.#options;
    if (!settings.discovery || !source.server.startsWith('https://')) return sink;
    return watchKubernetesService(sink, (found) => this.#learn(found));
  }

  stop(): void {
    this.#return.stop();
  }

  #learn(found: KubernetesService): void {
    this.choice.learn(learnedServers(found, this.#options));
    this.#return.arm();
    const text = textOf(found);
    if (text === this.#kept) return;
    this.#kept = text;
    void this.#options.cache?.write(found); // it never rejects
  }
}

function textOf({ urls, virtualHosts }: KubernetesService): string {
  return JSON.stringify([urls, virtualHosts]);
}
