import type { RequestListener, Server } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { ServerIdentity } from '../tls/server-identity.ts';

export interface ListenerOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Undefined for plain HTTP. */
  readonly identity: ServerIdentity | undefined;
  readonly askForClientCertificates: boolean;
  readonly onRequest: RequestListener;
}

/** The listening socket and the connections that came through it. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  #port: number;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#port = options.port;
    this.#server = createServer(options);
    this.#server.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
    });
    // Broken handshakes and requests are the clients' business.
    this.#server.on('tlsClientError', () => undefined);
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** The port, also after the first `listen` on port 0. */
  get port(): number {
    return this.#port;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Listens; after `refuse`, on the same port as before. Rejects when the port is taken. */
  async listen(): Promise<void> {
    if (this.#server.listening) return;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: this.#options.host, port: this.#port }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    // A TCP listener has a numeric port; texts are the addresses of Unix sockets.
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Stops listening. Open connections stay. */
  refuse(): void {
    if (this.#server.listening) this.#server.close();
  }

  killConnections(): number {
    const count = this.#connections.size;
    for (const socket of this.#connections) socket.destroy();
    return count;
  }

  /** New connections see the identity's present certificate. */
  reloadCertificate(): void {
    const { identity } = this.#options;
    if (identity === undefined || !('setSecureContext' in this.#server)) return;
    const { certificate, key } = identity.server;
    // The check above proves that this is a TLS server, whose type lacks nothing else we need.
    const server = this.#server as unknown as { setSecureContext(context: object): void };
    server.setSecureContext({ cert: certificate, key, ca: identity.ca });
  }
}

function createServer(options: ListenerOptions): Server {
  const { identity, onRequest } = options;
  // Longer than clients keep idle connections, as with the real server.
  const timing = { keepAliveTimeout: 120_000, requestTimeout: 0 };
  if (identity === undefined) return createHttpServer(timing, onRequest);
  const tls = { cert: identity.server.certificate, key: identity.server.key, ca: identity.ca };
  const clients = { requestCert: options.askForClientCertificates, rejectUnauthorized: false };
  return createHttpsServer({ ...timing, ...tls, ...clients }, onRequest);
}
