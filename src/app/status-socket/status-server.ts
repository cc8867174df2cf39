import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../../model/clock.ts';
import { programHeader, protocolHeader, statusProtocol } from '../../model/status-protocol.ts';
import type { Log } from '../../observe/log.ts';
import { sendLines } from './send-lines.ts';
import { listenAtPath } from './socket-file.ts';
import { answerStatus, type StatusSource } from './status-answer.ts';

export interface StatusServerOptions {
  readonly path: string;
  readonly source: StatusSource;
  readonly clock: Clock;
  readonly log: Log;
  /** Other limits than the usual ones, for tests. */
  readonly limits?: Partial<StatusLimits>;
}

interface StatusLimits {
  /** Connections at a time; more are closed at once. */
  readonly connections: number;
  readonly headerBytes: number;
  /** From the first byte of a request to its last. */
  readonly requestMs: number;
  /** Longest time without a byte, in either direction. */
  readonly idleMs: number;
  /** Between attempts to listen. */
  readonly retryMs: number;
}

const usualLimits: StatusLimits = {
  connections: 8,
  headerBytes: 4 * 1024,
  requestMs: 2_000,
  idleMs: 10_000,
  retryMs: 30_000,
};

/**
 * Tells tools on this node what the daemon knows, over a local socket, for root alone. It takes no orders. Failing to
 * listen is told once and tried again: the work of the daemon does not depend on it. Nothing is kept between requests.
 */
export class StatusServer {
  readonly #options: StatusServerOptions;
  readonly #limits: StatusLimits;
  #server: Server | undefined;
  #cancelRetry: (() => void) | undefined;
  #told = '';
  #stopped = false;

  constructor(options: StatusServerOptions) {
    this.#options = options;
    this.#limits = { ...usualLimits, ...options.limits };
  }

  /** Begins to listen. Never rejects; settles after the first attempt, whatever its outcome. */
  async start(): Promise<void> {
    const { path, log } = this.#options;
    const server = this.#newServer();
    try {
      await listenAtPath(server, path);
      if (this.#stopped) return void server.close();
      server.on('error', (error) => log.error('The status socket has failed', error, { path }));
      this.#server = server;
      log.debug(1, 'Listening for tools', { path });
    } catch (error) {
      server.close();
      this.#failed(error);
    }
  }

  /** Closes the socket, which removes its file, and every connection. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  #newServer(): Server {
    const { connections, headerBytes, requestMs, idleMs } = this.#limits;
    const server = createServer(
      {
        maxHeaderSize: headerBytes,
        headersTimeout: requestMs,
        requestTimeout: requestMs,
        connectionsCheckingInterval: requestMs,
        keepAlive: false,
      },
      (request, response) => void this.#respond(request, response),
    );
    server.maxConnections = connections;
    server.maxRequestsPerSocket = 1;
    server.setTimeout(idleMs, (socket) => socket.destroy());
    return server;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { source, clock, log } = this.#options;
    try {
      request.resume();
      response.setHeader(protocolHeader, String(statusProtocol));
      response.setHeader(programHeader, source.program);
      const answer = answerStatus(source, request.method ?? '', request.url ?? '');
      if (answer.status !== 200) {
        response.writeHead(answer.status, { 'content-type': 'text/plain; charset=utf-8' });
        response.end(`${answer.problem}\n`);
        return;
      }
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      await sendLines(response, answer.lines, clock);
    } catch (error) {
      log.error('A tool could not be answered', error, { path: this.#options.path });
      response.destroy();
    }
  }

  #failed(error: unknown): void {
    if (this.#stopped) return;
    const { path, log, clock } = this.#options;
    const text = error instanceof Error ? error.message : String(error);
    if (text !== this.#told) {
      const fields = { path, afterMs: this.#limits.retryMs };
      log.warning('No status socket for tools: set statusSocket to change it; trying again', { ...fields, why: text });
    }
    this.#told = text;
    this.#cancelRetry = clock.schedule(this.#limits.retryMs, () => void this.start());
  }
}
