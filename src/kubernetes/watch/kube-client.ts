import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../model/clock.ts';
import type { FinishedRequest } from '../../observe/finished-request.ts';
import type { ApiConnection } from './api-connection.ts';
import type { ApiServer } from './api-server.ts';
import { ApiError, ProtocolError } from './errors.ts';
import type { HttpCall } from './http-exchange.ts';
import { exchange, nameOf } from './http-exchange.ts';
import { readBody } from './response-body.ts';
import type { ServerChoice, ServerFault } from './server-choice.ts';
import { serverFaultOf } from './server-fault.ts';
import { apiErrorOf } from './status.ts';
import type { TokenBucket } from './token-bucket.ts';

/** Time for a whole request that is not a watch. */
const requestDeadlineMs = 60_000;
/** Time for a server to show that it works. */
const probeDeadlineMs = 10_000;
/** Largest body of an error answer that is looked at. */
const maxErrorBytes = 1024 * 1024;
/** Largest body of an answer, after decompression. */
const maxBodyBytes = 256 * 1024 * 1024;

/** Parsed answer of a request. */
export interface JsonAnswer {
  readonly value: unknown;
  /** After decompression. */
  readonly sizeBytes: number;
}

/** A running watch. */
export interface ApiStream {
  readonly body: AsyncIterable<Buffer>;
  /** Ends it; the body then rejects with the error, unless it has ended already. */
  readonly close: (error?: Error) => void;
  /** The server is at fault, so that later requests go to another one if there is one. */
  readonly blame: (fault: ServerFault) => void;
}

export interface StreamOptions {
  readonly signal: AbortSignal;
  /** After this the stream is cut, whatever it is doing. */
  readonly deadlineMs: number;
}

/**
 * What this program asks of an API server. Paths start with a slash and may have a query. All methods reject with
 * `ApiError` for an answer other than success, `ConnectionError` for none, `ProtocolError` for nonsense, and with the
 * signal's reason when it is aborted.
 */
export interface ApiClient {
  getJson(path: string, signal: AbortSignal): Promise<JsonAnswer>;
  sendJson(method: 'POST' | 'PUT' | 'PATCH', path: string, body: unknown, signal: AbortSignal): Promise<JsonAnswer>;
  openStream(path: string, options: StreamOptions): Promise<ApiStream>;
}

/** Told of every exchange, for metrics. */
export interface RequestObserver {
  finished(request: FinishedRequest): void;
  /** A request has waited so long for its turn. */
  limited(method: string, host: string, seconds: number): void;
  /** A request is sent again after this answer. */
  retried(code: string, method: string, host: string): void;
}

export interface KubeClientOptions {
  readonly connection: ApiConnection;
  readonly servers: Pick<ServerChoice, 'current' | 'failed' | 'worked'>;
  readonly clock: Clock;
  /** For all requests except watches. */
  readonly limiter: TokenBucket;
  readonly userAgent: string;
  readonly observer?: RequestObserver;
}

/** An answer whose body has not been read yet. */
interface OpenAnswer {
  readonly response: IncomingMessage;
  /** To be called once the size of the body is known, or will never be. */
  readonly finish: (responseBytes: number | undefined) => void;
}

/**
 * The API client over HTTP/1.1. Every request goes to the server that is chosen at that time, and tells the choice how it
 * went. A refused credential is read again and the request repeated once, at the same server.
 */
export class KubeClient implements ApiClient {
  readonly #options: KubeClientOptions;

  constructor(options: KubeClientOptions) {
    this.#options = options;
  }

  async getJson(path: string, signal: AbortSignal): Promise<JsonAnswer> {
    return await this.#json({ method: 'GET', path, signal, deadlineMs: requestDeadlineMs });
  }

  async sendJson(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<JsonAnswer> {
    return await this.#json({ method, path, signal, deadlineMs: requestDeadlineMs, body: JSON.stringify(body) });
  }

  async openStream(path: string, options: StreamOptions): Promise<ApiStream> {
    const { servers } = this.#options;
    return await this.#judged({ method: 'GET', path, ...options }, servers.current, async (call, server) => {
      const { response, finish } = await this.#send(call, server, {});
      finish(undefined);
      return {
        body: response,
        close: (error) => response.destroy(error),
        blame: (fault) => servers.failed(server, fault),
      };
    });
  }

  /** Whether a server answers a GET as it should, whichever is chosen. Never rejects. */
  async isServing(server: ApiServer, path: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#exchangeJson({ method: 'GET', path, signal, deadlineMs: probeDeadlineMs }, server);
      return true;
    } catch {
      return false; // why it does not is told once requests need it
    }
  }

  async #json(call: HttpCall): Promise<JsonAnswer> {
    await this.#waitForTurn(call);
    const { current } = this.#options.servers;
    return await this.#judged(call, current, (each, server) => this.#exchangeJson(each, server));
  }

  /** Runs a request and tells the choice of servers what it says about this one. */
  async #judged<T>(
    call: HttpCall,
    server: ApiServer,
    run: (call: HttpCall, server: ApiServer) => Promise<T>,
  ): Promise<T> {
    const { servers, connection } = this.#options;
    try {
      const result = await run(call, server);
      servers.worked(server);
      return result;
    } catch (error) {
      const fault = call.signal.aborted ? undefined : serverFaultOf(call.method, error);
      if (fault === 'unreachable') connection.doubt();
      if (fault !== undefined) servers.failed(server, fault);
      if (error instanceof ApiError && servers.current.url !== server.url) error.forgetWait();
      throw error;
    }
  }

  async #exchangeJson(call: HttpCall, server: ApiServer): Promise<JsonAnswer> {
    const { response, finish } = await this.#send(call, server, { 'Accept-Encoding': 'gzip' });
    const request = nameOf(call);
    const text = await readBody(response, { request, maxBytes: maxBodyBytes, signal: call.signal });
    finish(text.length);
    try {
      return { value: JSON.parse(text.toString('utf8')), sizeBytes: text.length };
    } catch (error) {
      throw new ProtocolError(request, 'the answer is not JSON', { cause: error });
    }
  }

  async #waitForTurn(call: HttpCall): Promise<void> {
    const { clock, limiter, observer, servers } = this.#options;
    const startMs = clock.monotonicMs();
    await limiter.take(call.signal);
    observer?.limited(call.method, labelOf(servers.current), (clock.monotonicMs() - startMs) / 1000);
  }

  async #send(call: HttpCall, server: ApiServer, headers: Readonly<Record<string, string>>): Promise<OpenAnswer> {
    const { connection, observer } = this.#options;
    try {
      return await this.#sendOnce(call, server, headers);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) throw error;
      connection.invalidate();
      observer?.retried('401', call.method, labelOf(server));
      return await this.#sendOnce(call, server, headers);
    }
  }

  async #sendOnce(call: HttpCall, server: ApiServer, headers: Readonly<Record<string, string>>): Promise<OpenAnswer> {
    const { connection, clock, userAgent } = this.#options;
    const ready = await connection.ready(server);
    const startMs = clock.monotonicMs();
    const response = await exchange(call, {
      server,
      agent: ready.agent,
      clock,
      headers: { Accept: 'application/json', 'User-Agent': userAgent, ...headers, ...ready.headers },
    }).catch((error: unknown) => {
      if (!call.signal.aborted) this.#finished(call, server, '<error>', startMs)(undefined);
      throw error;
    });
    const status = response.statusCode ?? 0;
    const finish = this.#finished(call, server, String(status), startMs);
    if (status >= 200 && status < 300) return { response, finish };
    const request = nameOf(call);
    const text = await readBody(response, { request, maxBytes: maxErrorBytes, signal: call.signal });
    finish(text.length);
    throw apiErrorOf(request, status, response.headers['retry-after'], text.toString('utf8'));
  }

  /** Stops the time; the result reports the exchange. */
  #finished(call: HttpCall, server: ApiServer, code: string, startMs: number): OpenAnswer['finish'] {
    const { clock, observer } = this.#options;
    const durationSeconds = (clock.monotonicMs() - startMs) / 1000;
    const requestBytes = Buffer.byteLength(call.body ?? '');
    const { method } = call;
    const host = labelOf(server);
    return (responseBytes) => observer?.finished({ code, method, host, durationSeconds, requestBytes, responseBytes });
  }
}

/** Host and port, as metrics name a server. */
function labelOf(server: ApiServer): string {
  return new URL(server.url).host;
}
