import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import type { KubernetesObject } from './objects/kubernetes-object.ts';
import type { Status } from './objects/status.ts';

export interface PlainRequest {
  readonly method?: string;
  /** Sent as JSON; texts are sent as they are. */
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** PEM of the authority to trust; undefined for plain HTTP. */
  readonly ca?: string | undefined;
  readonly cert?: string;
  readonly key?: string;
}

/** An answer whose body is decoded JSON; `any` shape is up to the test, so it names the type it expects. */
export interface PlainAnswer<Body> {
  readonly code: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Body;
}

export interface ObjectList {
  readonly kind: string;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly KubernetesObject[];
}

export interface WatchEvent {
  readonly type: string;
  readonly object: KubernetesObject & Partial<Status>;
}

/** One request on a connection of its own. Rejects when the connection breaks or the body is no JSON. */
export async function call<Body = KubernetesObject>(
  url: string,
  options: PlainRequest = {},
): Promise<PlainAnswer<Body>> {
  const response = await open(url, options);
  const raw = await buffer(response);
  const text = (response.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8');
  const body: Body = JSON.parse(text);
  return { code: response.statusCode ?? 0, headers: response.headers, body };
}

/** A watch on a connection of its own, read line by line. */
export class PlainWatch {
  readonly #lines: string[] = [];
  readonly #response: IncomingMessage;
  #wake: () => void = () => undefined;
  /** How the answer ended; undefined while it goes on. */
  ended: 'in order' | 'cut' | undefined;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.on('close', () => this.#finish('cut'));
    response.on('end', () => this.#finish('in order'));
    const lines = createInterface({ input: response });
    lines.on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    // The reader passes on what breaks the connection; `close` tells us as well.
    lines.on('error', () => undefined);
  }

  static async open(url: string, options: PlainRequest = {}): Promise<PlainWatch> {
    return new PlainWatch(await open(url, options));
  }

  get code(): number {
    return this.#response.statusCode ?? 0;
  }

  /** The next event; rejects when none comes in time. */
  async next(limitMs = 2000): Promise<WatchEvent> {
    const event: WatchEvent = JSON.parse(await this.nextLine(limitMs));
    return event;
  }

  async nextLine(limitMs = 2000): Promise<string> {
    const deadline = Date.now() + limitMs;
    while (this.#lines.length === 0) await this.#change(deadline, 'no line came');
    return this.#lines.shift() ?? '';
  }

  /** Resolves when the answer is over. */
  async end(limitMs = 2000): Promise<'in order' | 'cut'> {
    const deadline = Date.now() + limitMs;
    while (this.ended === undefined) await this.#change(deadline, 'the watch did not end');
    return this.ended;
  }

  close(): void {
    this.#response.destroy();
  }

  #finish(how: 'in order' | 'cut'): void {
    this.ended ??= how;
    this.#wake();
  }

  async #change(deadline: number, problem: string): Promise<void> {
    const leftMs = deadline - Date.now();
    if (leftMs <= 0) throw new Error(`${problem} in time${this.ended === undefined ? '' : `; it ended ${this.ended}`}`);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, leftMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function open(url: string, options: PlainRequest): Promise<IncomingMessage> {
  const { method = 'GET', body, headers = {}, ca, cert, key } = options;
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const type = { 'content-type': 'application/json', ...headers };
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
  return new Promise((resolve, reject) => {
    const request = send(url, { method, headers: type, agent: false, ...tls }, resolve);
    request.on('error', reject);
    request.end(typeof body === 'object' ? JSON.stringify(body) : body);
  });
}
