import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type HttpAnswer, type HttpHandler, type HttpRequest, textAnswer } from './http-message.ts';

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
}

const limits = {
  maxHeaderSize: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 90_000,
  connections: 512,
  requestsPerSocket: 10_000,
  bodyBytes: 64 * 1024,
};

/**
 * Listens for plain HTTP. Limits: 16 KB of headers within 10 s, a whole request within 30 s, 64 KB of body, 512
 * connections. Rejects with the operating system's error when the address cannot be listened on.
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

function listenOn(address: BindAddress, { handler, onError }: HttpListenerOptions): Promise<HttpListener> {
  const server = createServer(
    {
      maxHeaderSize: limits.maxHeaderSize,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
    },
    (request, response) => void respond(request, response, handler, onError),
  );
  server.maxConnections = limits.connections;
  server.maxRequestsPerSocket = limits.requestsPerSocket;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address.host, port: address.port, ipv6Only: address.ipv6Only, exclusive: true }, () => {
      server.off('error', reject);
      server.on('error', onError);
      resolve(listenerOf(server));
    });
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
  handler: HttpHandler,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    const request = await readRequest(incoming);
    send(response, request === undefined ? textAnswer(413, 'request body too large\n') : await handler(request));
  } catch (error) {
    if (incoming.destroyed && !incoming.complete) return;
    onError(error);
    if (!response.headersSent) send(response, textAnswer(500, 'internal error\n'));
  }
}

/** Undefined when the body is too large. */
async function readRequest(incoming: IncomingMessage): Promise<HttpRequest | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limits.bodyBytes) return undefined;
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
  response.writeHead(answer.status, { ...answer.headers, 'Content-Length': Buffer.byteLength(answer.body) });
  response.end(answer.body);
}
