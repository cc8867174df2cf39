import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../model/clock.ts';
import type { FinishedRequest } from '../../observe/finished-request.ts';
import type { ApiConnection } from './api-connection.ts';
import { ApiError, ProtocolError } from './errors.ts';
import type { HttpCall } from './http-exchange.ts';
import { exchange, nameOf } from './http-exchange.ts';
import { readBody } from './response-body.ts';
import { apiErrorOf } from './status.ts';
import type { TokenBucket } from './token-bucket.ts';

/** Time for a whole request that is not a watch. */
const requestDeadlineMs = 60_000;
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

/** The API client over HTTP/1.1. A refused credential is read again and the request repeated once. */
export class KubeClient implements ApiClient {
  readonly #connection: ApiConnection;
  readonly #clock: Clock;
  readonly #limiter: TokenBucket;
  readonly #userAgent: string;
  readonly #observer: RequestObserver | undefined;
  readonly #host: string;

  constructor(options: KubeClientOptions) {
    this.#connection = options.connection;
    this.#clock = options.clock;
    this.#limiter = options.limiter;
    this.#userAgent = options.userAgent;
    this.#observer = options.observer;
    this.#host = new URL(options.connection.server).host;
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
    const { response, finish } = await this.#send({ method: 'GET', path, ...options }, {});
    finish(undefined);
    return { body: response, close: (error) => response.destroy(error) };
  }

  async #json(call: HttpCall): Promise<JsonAnswer> {
    await this.#waitForTurn(call);
    const { response, finish } = await this.#send(call, { 'Accept-Encoding': 'gzip' });
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
    const startMs = this.#clock.monotonicMs();
    await this.#limiter.take(call.signal);
    this.#observer?.limited(call.method, this.#host, (this.#clock.monotonicMs() - startMs) / 1000);
  }

  async #send(call: HttpCall, headers: Readonly<Record<string, string>>): Promise<OpenAnswer> {
    try {
      return await this.#sendOnce(call, headers);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) throw error;
      this.#connection.invalidate();
      this.#observer?.retried('401', call.method, this.#host);
      return await this.#sendOnce(call, headers);
    }
  }

  async #sendOnce(call: HttpCall, headers: Readonly<Record<string, string>>): Promise<OpenAnswer> {
    const ready = await this.#connection.ready();
    const startMs = this.#clock.monotonicMs();
    const response = await exchange(call, {
      server: this.#connection.server,
      agent: ready.agent,
      clock: this.#clock,
      headers: { Accept: 'application/json', 'User-Agent': this.#userAgent, ...headers, ...ready.headers },
    }).catch((error: unknown) => {
      if (!call.signal.aborted) this.#finished(call, '<error>', startMs)(undefined);
      throw error;
    });
    const status = response.statusCode ?? 0;
    const finish = this.#finished(call, String(status), startMs);
    if (status >= 200 && status < 300) return { response, finish };
    const request = nameOf(call);
    const text = await readBody(response, { request, maxBytes: maxErrorBytes, signal: call.signal });
    finish(text.length);
    throw apiErrorOf(request, status, response.headers['retry-after'], text.toString('utf8'));
  }

  /** Stops the time; the result reports the exchange. */
  #finished(call: HttpCall, code: string, startMs: number): OpenAnswer['finish'] {
    const durationSeconds = (this.#clock.monotonicMs() - startMs) / 1000;
    const requestBytes = Buffer.byteLength(call.body ?? '');
    const { method } = call;
    return (responseBytes) =>
      this.#observer?.finished({ code, method, host: this.#host, durationSeconds, requestBytes, responseBytes });
  }
}
