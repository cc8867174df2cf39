import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Clock } from '../../model/clock.ts';
import { keepAliveDelayMs } from './api-connection.ts';
import { ConnectionError } from './errors.ts';

/** Time for connecting, TLS, and the first byte of the answer. */
const headersDeadlineMs = 30_000;
const maxHeaderBytes = 64 * 1024;

/** One request. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
  readonly signal: AbortSignal;
  /** For the whole exchange, the body of the answer included. */
  readonly deadlineMs: number;
}

export interface HttpExchangeOptions {
  readonly server: string;
  readonly agent: Agent;
  readonly clock: Clock;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends one request and resolves when the headers of the answer are here. A deadline or the signal destroys the
 * request and with it the body. Rejects with `ConnectionError`, or with the signal's reason.
 */
export async function exchange(call: HttpCall, options: HttpExchangeOptions): Promise<IncomingMessage> {
  call.signal.throwIfAborted();
  try {
    return await send(call, options);
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason;
    throw error instanceof ConnectionError ? error : connectionErrorOf(call, options.server, error);
  }
}

function send(call: HttpCall, options: HttpExchangeOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = startRequest(call, options);
    let answer: IncomingMessage | undefined;
    const expireAfter = (deadlineMs: number, problem: string) =>
      options.clock.schedule(deadlineMs, () => {
        const error = new ConnectionError(nameOf(call), `${problem} within ${deadlineMs / 1000} s`);
        (answer ?? request).destroy(error); // an answer passes the error on to its reader
      });
    const cancelHeaders = expireAfter(headersDeadlineMs, 'no answer');
    const cancelAll = expireAfter(call.deadlineMs, 'not finished');
    request.on('socket', (socket) => socket.setKeepAlive(true, keepAliveDelayMs).setNoDelay(true));
    request.on('response', (response) => {
      answer = response;
      cancelHeaders();
      resolve(response);
    });
    request.on('error', reject);
    request.on('close', () => {
      cancelHeaders();
      cancelAll();
    });
    request.end(call.body);
  });
}

function startRequest(call: HttpCall, options: HttpExchangeOptions): ClientRequest {
  const bodyHeaders = call.body === undefined ? {} : { 'Content-Type': contentTypeOf(call) };
  const settings: RequestOptions = {
    method: call.method,
    agent: options.agent,
    headers: { ...options.headers, ...bodyHeaders },
    signal: call.signal,
    maxHeaderSize: maxHeaderBytes,
  };
  const url = options.server + call.path;
  return url.startsWith('https://') ? requestHttps(url, settings) : requestHttp(url, settings);
}

function contentTypeOf(call: HttpCall): string {
  return call.method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json';
}

function nameOf(call: HttpCall): string {
  return `${call.method} ${call.path}`;
}

/** What went wrong with a connection, in words; Node gives an empty message when all addresses of a host failed. */
function connectionErrorOf(call: HttpCall, server: string, error: unknown): ConnectionError {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return new ConnectionError(nameOf(call), `${server}: ${message || code || 'connection failed'}`, { cause: error });
}
