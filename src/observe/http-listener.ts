import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type HttpAnswer, type HttpHandler, type HttpRequest, textAnswer } from './http-message.ts';

/** The header `Server` of every answer, by which a process of this program is told from kube-proxy. */
export const serverName = 'ipvs-proxier';

/** Where to listen. */
export interface ListenTarget {
  readonly host: string;
  readonly port: number;
  /**
   * What a wildcard host stands for: `bothFamilies` accepts IPv4 and IPv6 whichever of the two wildcards is written;
   * `asWritten` accepts only the family of the wildcard.
   */
  readonly wildcard: 'bothFamilies' | 'asWritten';
}

/** A socket that listens, until closed. */
export interface HttpListener {
  /** The port in use; differs from the wanted one only when that was 0. */
  readonly port: number;
  /** Settles once the socket and every connection are closed. */
  close(): Promise<void>;
}

export interface HttpListenerOptions {
  readonly target: ListenTarget;
  readonly handler: HttpHandler;
  /** The handler threw, or the server failed after it had begun to listen. */
  readonly onError: (error: unknown) => void;
  /** Other limits than the usual ones, for tests. */
  readonly limits?: Partial<HttpLimits>;
}

/** What one client, or all of them together, may take. */
export interface HttpLimits {
  readonly headerBytes: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How often slow requests are looked for. */
  readonly checkIntervalMs: number;
  /** How long a client may take nothing of an answer. */
  readonly answerIdleMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly connections: number;
  readonly requestsPerSocket: number;
  readonly bodyBytes: number;
}

const usualLimits: HttpLimits = {
  headerBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  checkIntervalMs: 5_000,
  answerIdleMs: 60_000,
  keepAliveTimeoutMs: 90_000,
  connections: 512,
  requestsPerSocket: 10_000,
  bodyBytes: 64 * 1024,
};

/**
 * Listens for plain HTTP. Limits: 16 KB of headers within 10 s, a whole request within 30 s, 64 KB of body, a minute
 * in which a client takes nothing of its answer, 512 connections, the oldest of which gives way to a new one: who keeps
 * connections open does not keep out a probe.
 * Rejects with the operating system's error when the address cannot be listened on.
 */
export async function listenHttp(options: HttpListenerOptions): Promise<HttpListener> {
  const addresses = bindAddresses(options.target);
  for (const [index, address] of addresses.entries()) {
    try {
      return await listenOn(address, options);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      const isLast = index === addresses.length - 1;
      if (isLast || !['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'].includes(code)) throw error;
    }
  }
  throw new Error('no address to listen on');
}

interface BindAddress {
  readonly host: string;
  readonly port: number;
  readonly ipv6Only: boolean;
}

/** Addresses to try in turn: a host without IPv6 cannot bind the IPv6 wildcard. */
function bindAddresses({ host, port, wildcard }: ListenTarget): BindAddress[] {
  const isWildcard = host === '0.0.0.0' || host === '::';
  if (!isWildcard || wildcard === 'asWritten') return [{ host, port, ipv6Only: host.includes(':') }];
  return [
    { host: '::', port, ipv6Only: false },
    { host: '0.0.0.0', port, ipv6Only: false },
  ];
}

function listenOn(address: BindAddress, options: HttpListenerOptions): Promise<HttpListener> {
  const { onError } = options;
  const limits = { ...usualLimits, ...options.limits };
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.checkIntervalMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
    },
    (request, response) => void respond(request, response, options, limits.bodyBytes),
  );
  server.timeout = limits.answerIdleMs;
  server.maxRequestsPerSocket = limits.requestsPerSocket;
  limitConnections(server, limits.connections);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address.host, port: address.port, ipv6Only: address.ipv6Only, exclusive: true }, () => {
      server.off('error', reject);
      server.on('error', onError);
      resolve(listenerOf(server));
    });
  });
}

/** A connection too many closes the one that has been open for longest. */
function limitConnections(server: Server, most: number): void {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    const [oldest] = open;
    if (oldest !== undefined && open.size >= most) {
      open.delete(oldest); // it is closed in a later turn, and many may come in this one
      oldest.destroy();
    }
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
}

function listenerOf(server: Server): HttpListener {
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  incoming: IncomingMessage,
  response: ServerResponse,
  { handler, onError }: HttpListenerOptions,
  mostBytes: number,
): Promise<void> {
  try {
    const request = await readRequest(incoming, mostBytes);
    send(response, request === undefined ? textAnswer(413, 'request body too large\n') : await handler(request));
  } catch (error) {
    if (incoming.destroyed && !incoming.complete) return;
    onError(error);
    if (!response.headersSent) send(response, textAnswer(500, 'internal error\n'));
  }
}

/** Undefined when the body is too large. */
async function readRequest(incoming: IncomingMessage, mostBytes: number): Promise<HttpRequest | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) return undefined;
    chunks.push(chunk);
  }
  const [path = '/', ...query] = (incoming.url ?? '/').split('?');
  return {
    method: incoming.method ?? 'GET',
    path,
    query: new URLSearchParams(query.join('?')),
    headers: incoming.headers as Readonly<Record<string, string | undefined>>,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function send(response: ServerResponse, answer: HttpAnswer): void {
  const length = Buffer.byteLength(answer.body);
  response.writeHead(answer.status, { ...answer.headers, Server: serverName, 'Content-Length': length });
  response.end(answer.body);
}
