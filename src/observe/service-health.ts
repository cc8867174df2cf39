import type { ServiceKey } from '../model/service-key.ts';
import { type HttpListener, type HttpListenerOptions, listenHttp } from './http-listener.ts';
import { type HttpAnswer, jsonAnswer } from './http-message.ts';
import type { Log } from './log.ts';

/** A Service whose `healthCheckNodePort` is to be served. */
export interface ServiceHealthPort {
  readonly service: ServiceKey;
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

export interface ServiceHealthOptions {
  /** Node addresses to listen on, or the wildcard of the one family that this instance serves. */
  readonly hosts: readonly string[];
  /** Whether the proxier as a whole is healthy; always true where the health server is disabled. */
  readonly isProxierHealthy: () => boolean;
  readonly log: Log;
  /** A port could not be opened on every address; it is tried again in the next round. */
  readonly onListenFailed: (port: ServiceHealthPort, error: unknown) => void;
  readonly listen?: (options: HttpListenerOptions) => Promise<HttpListener>;
}

interface OpenService {
  readonly wanted: ServiceHealthPort;
  readonly listeners: readonly HttpListener[];
  localEndpoints: number;
  closed: boolean;
}

/**
 * The health ports of Services with external traffic policy Local, for one address family. Load balancers ask them
 * whether the node has endpoints. Calls of `sync` must not overlap.
 */
export class ServiceHealthServers {
  readonly #options: ServiceHealthOptions;
  readonly #open = new Map<ServiceKey, OpenService>();

  constructor(options: ServiceHealthOptions) {
    this.#options = options;
  }

  /**
   * Opens and closes ports until exactly these are served; ports that stay are untouched. A Service is served on all
   * addresses or on none. Then sets the number of distinct ready local endpoint IPs per Service, 0 where absent.
   */
  async sync(wanted: readonly ServiceHealthPort[], localEndpoints: ReadonlyMap<ServiceKey, number>): Promise<void> {
    const byService = new Map(wanted.map((each) => [each.service, each]));
    const gone = [...this.#open.values()].filter(
      (each) => byService.get(each.wanted.service)?.port !== each.wanted.port,
    );
    await Promise.all(gone.map((each) => this.#close(each)));
    for (const each of wanted) {
      if (!this.#open.has(each.service)) await this.#openService(each);
    }
    this.setLocalEndpoints(localEndpoints);
  }

  /** Sets the numbers of local endpoints without touching any port. */
  setLocalEndpoints(localEndpoints: ReadonlyMap<ServiceKey, number>): void {
    for (const [service, open] of this.#open) open.localEndpoints = localEndpoints.get(service) ?? 0;
  }

  /** Closes every port. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((each) => this.#close(each)));
  }

  async #openService(wanted: ServiceHealthPort): Promise<void> {
    const { hosts, listen = listenHttp, log } = this.#options;
    if (hosts.length === 0) return;
    const listeners: HttpListener[] = [];
    const open: OpenService = { wanted, listeners, localEndpoints: 0, closed: false };
    try {
      for (const host of hosts) {
        listeners.push(
          await listen({
            target: { host, port: wanted.port, wildcard: 'asWritten' },
            handler: () => this.#answer(open),
            onError: (error) => log.error('A health check could not be answered', error, { service: wanted.service }),
          }),
        );
      }
      this.#open.set(wanted.service, open);
      log.debug(2, 'Opened health check port', { service: wanted.service, port: wanted.port });
    } catch (error) {
      await Promise.all(listeners.map((listener) => listener.close()));
      log.error('Cannot open health check port', error, { service: wanted.service, port: wanted.port });
      this.#options.onListenFailed(wanted, error);
    }
  }

  async #close(open: OpenService): Promise<void> {
    open.closed = true;
    this.#open.delete(open.wanted.service);
    await Promise.all(open.listeners.map((listener) => listener.close()));
  }

  #answer({ wanted, localEndpoints, closed }: OpenService): HttpAnswer {
    const serviceProxyHealthy = this.#options.isProxierHealthy();
    const service = { namespace: wanted.namespace, name: wanted.name };
    const body = JSON.stringify({ service, localEndpoints, serviceProxyHealthy }, null, '\t');
    const ok = !closed && localEndpoints > 0 && serviceProxyHealthy;
    return jsonAnswer(ok ? 200 : 503, body, { 'X-Load-Balancing-Endpoint-Weight': String(localEndpoints) });
  }
}
