import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What a scripted server does with one request. */
export type Step = (response: ServerResponse, request: IncomingMessage) => void;

/**
 * An API server that answers the n-th request with the n-th step, and the ones after the last step by keeping them
 * waiting. It judges nothing: a test looks at `requests`.
 */
export class ScriptedServer {
  readonly requests: IncomingMessage[] = [];
  readonly #server: Server;
  readonly #steps: Step[];
  readonly #sockets = new Set<Socket>();
  readonly #waiting: (() => void)[] = [];

  constructor(steps: readonly Step[], create: (listener: RequestListener) => Server = createServer) {
    this.#steps = [...steps];
    this.#server = create((request, response) => this.#handle(request, response));
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** How many connections are open. */
  get connectionCount(): number {
    return this.#sockets.size;
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resolves when that many requests have come. */
  async received(count: number): Promise<void> {
    while (this.requests.length < count) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /** Query of the n-th request, counted from 0. */
  query(index: number): URLSearchParams {
    return new URL(this.requests[index]?.url ?? '', 'http://server').searchParams;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#server.close(resolve);
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(request);
    this.#steps.shift()?.(response, request);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** A whole answer. */
export function answer(status: number, body: unknown, headers: Record<string, string> = {}): Step {
  return (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** A Status answer. */
export function refuse(status: number, reason: string, headers: Record<string, string> = {}): Step {
  return answer(
    status,
    { kind: 'Status', status: 'Failure', code: status, reason, message: `scripted ${reason}` },
    headers,
  );
}

/** The start of a watch, which stays open unless `then` does something about it. */
export function stream(lines: readonly unknown[], then: (response: ServerResponse) => void = () => {}): Step {
  return (response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
    if (text === '') then(response);
    else response.write(text, () => then(response));
  };
}

/** Ends a stream as a server does whose time is up. */
export const endNormally = (response: ServerResponse): void => {
  response.end();
};

/** Cuts the connection without ending the stream. */
export const cut = (response: ServerResponse): void => {
  response.socket?.destroy();
};

/** A minimal object, which `decodeSample` of the tests reads. */
export function sample(name: string, resourceVersion: string, extra: object = {}): object {
  return { metadata: { namespace: 'a', name, resourceVersion }, ...extra };
}

export const event = (type: string, object: unknown): object => ({ type, object });
export const bookmark = (resourceVersion: string): object => event('BOOKMARK', { metadata: { resourceVersion } });

/** The bookmark that ends the initial objects of a streamed list. */
export const endMark = (resourceVersion: string): object =>
  event('BOOKMARK', { metadata: { resourceVersion, annotations: { 'k8s.io/initial-events-end': 'true' } } });
