import type { Clock } from '../model/clock.ts';
import { type HttpListener, type HttpListenerOptions, listenHttp, type ListenTarget } from './http-listener.ts';
import type { HttpHandler } from './http-message.ts';
import type { Log } from './log.ts';

/** What an `HttpServer` needs. */
export interface HttpServerOptions {
  /** For messages, e.g. `health server`. */
  readonly name: string;
  /** The setting that the address comes from, e.g. `healthzBindAddress`. */
  readonly field: string;
  readonly host: string;
  readonly port: number;
  readonly handler: HttpHandler;
  readonly log: Log;
  readonly clock: Clock;
  /** True: report a failure through `onFatal` instead of trying again every 5 seconds. */
  readonly hardFail: boolean;
  readonly onFatal: (error: Error) => void;
  readonly listen?: (options: HttpListenerOptions) => Promise<HttpListener>;
}

const retryMs = 5000;

/** Listening failed; the message names the address, the setting and the likely cause. */
export class ListenError extends Error {
  readonly code = 'LISTEN_FAILED';
  readonly field: string;

  constructor(field: string, message: string, options: ErrorOptions) {
    super(message, options);
    this.name = 'ListenError';
    this.field = field;
  }
}

/**
 * An HTTP server that keeps trying to listen, or reports that it cannot. A wildcard address means both families.
 * `start` never throws and does not wait.
 */
export class HttpServer {
  readonly #options: HttpServerOptions;
  #listener: HttpListener | undefined;
  #cancelRetry: (() => void) | undefined;
  #stopped = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
  }

  /** The port in use; undefined while not listening. */
  get port(): number | undefined {
    return this.#listener?.port;
  }

  /** Begins to listen. The promise settles after the first attempt, whatever its outcome. */
  async start(): Promise<void> {
    const { name, host, port, log, handler, listen = listenHttp } = this.#options;
    const target: ListenTarget = { host, port, wildcard: 'bothFamilies' };
    try {
      const listener = await listen({ target, handler, onError: (error) => this.#failedLater(error) });
      if (this.#stopped) return await listener.close();
      this.#listener = listener;
      log.info('Listening', { server: name, address: host, port: listener.port });
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Closes the socket and gives up trying. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    await this.#listener?.close();
    this.#listener = undefined;
  }

  #failedLater(error: unknown): void {
    this.#options.log.error('A request could not be answered', error, { server: this.#options.name });
  }

  #failed(cause: unknown): void {
    if (this.#stopped) return;
    const failure = listenError(this.#options, cause);
    if (this.#options.hardFail) return this.#options.onFatal(failure);
    this.#options.log.error('Cannot listen, trying again', failure, { server: this.#options.name, afterMs: retryMs });
    this.#cancelRetry = this.#options.clock.schedule(retryMs, () => void this.start());
  }
}

const causes: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is already in use, perhaps by another kube-proxy on this node',
  EACCES: 'ports below 1024 need the capability NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'no interface of this node has that address',
  EAFNOSUPPORT: 'this node does not have that address family',
};

function listenError({ name, host, port, field }: HttpServerOptions, cause: unknown): ListenError {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const why = causes[code] ?? (cause instanceof Error ? cause.message : String(cause));
  const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const text = `${name} cannot listen on ${where}: ${code === '' ? '' : `${code}: `}${why}; set ${field} to change it`;
  return new ListenError(field, text, { cause });
}
