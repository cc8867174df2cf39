import type { Clock } from '../model/clock.ts';
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
  /** Whether the proxier as a whole is healthy; always true where the health server is disabled. */
  readonly isProxierHealthy: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** A port could not be opened on every address. Called once, until it could be or the port is another one. */
  readonly onListenFailed: (port: ServiceHealthPort, error: unknown) => void;
  readonly listen?: (options: HttpListenerOptions) => Promise<HttpListener>;
}

interface OpenService {
  readonly wanted: ServiceHealthPort;
  readonly hosts: readonly string[];
  readonly listeners: HttpListener[];
  closed: boolean;
}

/** How long a port that could not be opened waits for the next attempt, in milliseconds. */
const retryMs = 5_000;

/**
 * The health ports of Services with external traffic policy Local, for one address family. Load balancers ask them
 * whether the node has endpoints. A Service is served on all addresses or on none; every change costs what the one
 * Service costs. A port that is taken is tried again every 5 seconds, and whenever one of ours is given up.
 */
export class ServiceHealthServers {
  readonly #options: ServiceHealthOptions;
  readonly #wanted = new Map<ServiceKey, ServiceHealthPort>();
  readonly #localEndpoints = new Map<ServiceKey, number>();
  readonly #open = new Map<ServiceKey, OpenService>();
  readonly #failed = new Map<ServiceKey, ServiceHealthPort>();
  /** Services whose sockets may not be as wanted. */
  readonly #unsettled = new Set<ServiceKey>();
  #hosts: readonly string[] = [];
  #settling: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(options: ServiceHealthOptions) {
    this.#options = options;
  }

  /** Addresses to listen on, or the wildcard of the family. Other ones than before open every port anew. */
  listenOn(hosts: readonly string[]): void {
    if (hosts.join(' ') === this.#hosts.join(' ')) return;
    this.#hosts = [...hosts];
    for (const service of this.#wanted.keys()) this.#unsettled.add(service);
  }

  /** Serves a Service, with this number of distinct ready local endpoint addresses. */
  serve(wanted: ServiceHealthPort, localEndpoints: number): void {
    const { service } = wanted;
    this.#localEndpoints.set(service, localEndpoints);
    if (this.#wanted.get(service)?.port === wanted.port) return;
    this.#wanted.set(service, wanted);
    this.#unsettled.add(service);
  }

  /** Ends serving a Service; one that is not served is fine. */
  withdraw(service: ServiceKey): void {
    if (!this.#wanted.delete(service)) return;
    this.#localEndpoints.delete(service);
    this.#unsettled.add(service);
  }

  /** Opens and closes ports until those wanted are open, or have been tried. Calls may overlap. */
  settle(): Promise<void> {
    this.#settling ??= this.#settleAll()
      .finally(() => {
        this.#settling = undefined;
      })
      .then(() => (this.#unsettled.size > 0 ? this.settle() : undefined));
    return this.#settling;
  }

  /** Closes every port, for good. */
  async close(): Promise<void> {
    for (const service of this.#wanted.keys()) this.withdraw(service);
    await this.settle();
  }

  async #settleAll(): Promise<void> {
    while (this.#unsettled.size > 0) {
      const services = [...this.#unsettled];
      this.#unsettled.clear();
      await Promise.all(services.map((service) => this.#closeStale(service)));
      for (const service of services) await this.#openMissing(service);
    }
    this.#cancelRetry?.();
    if (this.#failed.size > 0) this.#cancelRetry = this.#options.clock.schedule(retryMs, () => this.#retry());
  }

  #retry(): void {
    for (const service of this.#failed.keys()) this.#unsettled.add(service);
    void this.settle(); // it never rejects: failures are reported one by one
  }

  async #closeStale(service: ServiceKey): Promise<void> {
    const wanted = this.#wanted.get(service);
    if (this.#failed.get(service)?.port !== wanted?.port) this.#failed.delete(service);
    const open = this.#open.get(service);
    if (open === undefined || (open.wanted.port === wanted?.port && open.hosts === this.#hosts)) return;
    open.closed = true;
    this.#open.delete(service);
    await Promise.all(open.listeners.map((listener) => listener.close()));
    for (const waiting of this.#failed.keys()) this.#unsettled.add(waiting);
  }

  async #openMissing(service: ServiceKey): Promise<void> {
    const wanted = this.#wanted.get(service);
    if (wanted === undefined || this.#open.has(service) || this.#hosts.length === 0) return;
    const open: OpenService = { wanted, hosts: this.#hosts, listeners: [], closed: false };
    try {
      for (const host of open.hosts) open.listeners.push(await this.#listen(host, open));
    } catch (error) {
      await Promise.all(open.listeners.map((listener) => listener.close()));
      this.#reportFailure(wanted, error);
      return;
    }
    this.#open.set(service, open);
    this.#failed.delete(service);
    this.#options.log.debug(2, 'Opened health check port', { service, port: wanted.port });
  }

  async #listen(host: string, open: OpenService): Promise<HttpListener> {
    const { listen = listenHttp, log } = this.#options;
    const { service, port } = open.wanted;
    return await listen({
      target: { host, port, wildcard: 'asWritten' },
      handler: () => this.#answer(open),
      onError: (error) => log.error('A health check could not be answered', error, { service }),
    });
  }

  #reportFailure(wanted: ServiceHealthPort, error: unknown): void {
    if (this.#failed.has(wanted.service)) return;
    this.#failed.set(wanted.service, wanted);
    const { service, port } = wanted;
    this.#options.log.error('Cannot open health check port, trying again', error, { service, port, afterMs: retryMs });
    this.#options.onListenFailed(wanted, error);
  }

  #answer({ wanted, closed }: OpenService): HttpAnswer {
    const serviceProxyHealthy = this.#options.isProxierHealthy();
    const localEndpoints = closed ? 0 : (this.#localEndpoints.get(wanted.service) ?? 0);
    const service = { namespace: wanted.namespace, name: wanted.name };
    const body = JSON.stringify({ service, localEndpoints, serviceProxyHealthy }, null, '\t');
    const ok = localEndpoints > 0 && serviceProxyHealthy;
    return jsonAnswer(ok ? 200 : 503, body, { 'X-Load-Balancing-Endpoint-Weight': String(localEndpoints) });
  }
}
