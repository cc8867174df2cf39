import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../model/clock.ts';
import { keepAliveDelayMs } from './api-connection.ts';
import type { ApiServer } from './api-server.ts';
import { ConnectionError } from './errors.ts';

/** Time for a connection: look-up of the name, TCP, a proxy, and TLS. */
const connectDeadlineMs = 10_000;
/** Time for all of that and the first byte of the answer. */
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
  readonly server: ApiServer;
  readonly agent: Agent;
  readonly clock: Clock;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends one request and resolves when the headers of the answer are here. A deadline or the signal destroys the
 * request and with it the body. A GET that meets a connection which the server has just closed for idleness is sent
 * once more. Rejects with `ConnectionError`, or with the signal's reason.
 */
export async function exchange(call: HttpCall, options: HttpExchangeOptions): Promise<IncomingMessage> {
  call.signal.throwIfAborted();
  try {
    return await send(call, options).catch((error: unknown) => {
      if (error instanceof ClosedWhileIdle && !call.signal.aborted) return send(call, options);
      throw error;
    });
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason;
    if (error instanceof ConnectionError) throw error;
    throw connectionErrorOf(call, options.server, error instanceof ClosedWhileIdle ? error.cause : error);
  }
}

/** The server closed a connection at the moment at which it was used again: it has not seen the request. */
class ClosedWhileIdle extends Error {}

function send(call: HttpCall, options: HttpExchangeOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = startRequest(call, options);
    let answer: IncomingMessage | undefined;
    const expireAfter = (deadlineMs: number, problem: string) =>
      options.clock.schedule(deadlineMs, () => {
        const words = `${options.server.url}: ${problem} within ${deadlineMs / 1000} s`;
        const error = new ConnectionError(nameOf(call), withHint(words, options.server));
        (answer ?? request).destroy(error); // an answer passes the error on to its reader
      });
    const cancelConnect = expireAfter(connectDeadlineMs, 'no connection');
    const cancelHeaders = expireAfter(headersDeadlineMs, 'no answer');
    const cancelAll = expireAfter(call.deadlineMs, 'not finished');
    request.on('socket', (socket) => {
      socket.setKeepAlive(true, keepAliveDelayMs).setNoDelay(true);
      whenConnected(socket, cancelConnect);
    });
    request.on('response', (response) => {
      answer = response;
      cancelHeaders();
      resolve(response);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      answer?.destroy(error); // its reader would learn no more than that it was cut
      const isStale = call.method === 'GET' && request.reusedSocket && /^(ECONNRESET|EPIPE)$/.test(error.code ?? '');
      reject(isStale ? new ClosedWhileIdle('', { cause: error }) : error);
    });
    request.on('close', () => {
      cancelConnect();
      cancelHeaders();
      cancelAll();
    });
    request.end(call.body);
  });
}

/** A socket that is in use again, or has come through a proxy, is connected when it is given out. */
function whenConnected(socket: Socket, act: () => void): void {
  const isSecure = socket instanceof TLSSocket;
  if (isSecure ? socket.getProtocol() !== null && !socket.connecting : !socket.connecting) act();
  else socket.once(isSecure ? 'secureConnect' : 'connect', act);
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
  const url = options.server.url + call.path;
  return url.startsWith('https://') ? requestHttps(url, settings) : requestHttp(url, settings);
}

function contentTypeOf(call: HttpCall): string {
  return call.method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json';
}

/** The request for messages, e.g. `GET /api/v1/nodes`: without the query, which says nothing to a reader. */
export function nameOf(call: Pick<HttpCall, 'method' | 'path'>): string {
  return `${call.method} ${call.path.replace(/\?.*/, '')}`;
}

const foreignAuthority =
  'the certificate of the server is not from the configured authority; is it the certificate-authority of this cluster?';

/** Likely causes, by the code of the error. */
const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; is the API server running, and is this its address?',
  ENOTFOUND: 'the name of the host is not known; is the server in the kubeconfig right?',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'there is no way to this host',
  ENETUNREACH: 'there is no route to this network',
  ETIMEDOUT: 'the host does not answer',
  ERR_PROXY_TUNNEL:
    'the proxy on the way does not lead there; see proxy-url of the kubeconfig, HTTPS_PROXY and NO_PROXY',
  EPROTO: 'the server does not speak TLS as this program does; is https:// right?',
  SELF_SIGNED_CERT_IN_CHAIN: foreignAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: foreignAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: foreignAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: foreignAuthority,
  CERT_SIGNATURE_FAILURE: foreignAuthority,
  CERT_HAS_EXPIRED: 'the certificate of the server has expired, or the clock of this node is wrong',
  CERT_NOT_YET_VALID: 'the clock of this node is wrong, or that of the server',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the server goes by another name; set tls-server-name in the kubeconfig',
};

/** What went wrong with a connection, in words; Node gives an empty message when all addresses of a host failed. */
function connectionErrorOf(call: HttpCall, server: ApiServer, error: unknown): ConnectionError {
  const { code = '', message } = error as { readonly code?: string; readonly message?: string };
  const hint = hints[message?.includes('wrong version number') === true ? 'EPROTO' : code];
  const words = message || code || 'connection failed';
  const problem = `${server.url}: ${oneLine(words)}${hint === undefined ? '' : `; ${hint}`}`;
  return new ConnectionError(nameOf(call), withHint(problem, server), { cause: error });
}

function withHint(problem: string, { hint }: ApiServer): string {
  return hint === undefined ? problem : `${problem}; ${hint}`;
}

/** OpenSSL ends its messages with line feeds. */
function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
