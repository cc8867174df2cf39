import type { ApiClient, ApiStream, JsonAnswer, StreamOptions } from '../../src/kubernetes/watch/kube-client.ts';

/** How long a request may take that the server is going to answer, on a machine that is busy with other things. */
const patienceMs = 1_000;

/**
 * An API client that knows when its requests have been answered. Where a test moves the clock itself, requests have to
 * be done first: real connections take real time, and on a busy machine a deadline of the test's clock would pass.
 */
export class PacedClient implements ApiClient {
  readonly #client: ApiClient;
  #pending = 0;
  #changes = 0;
  /** Number of changes after which waiting was in vain: the server is not going to answer what is pending. */
  #stuckAfter = -1;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** Counts another request among those that have to be answered. */
  async pace<T>(request: Promise<T>): Promise<T> {
    this.#pending += 1;
    this.#changes += 1;
    try {
      return await request;
    } finally {
      this.#pending -= 1;
      this.#changes += 1;
    }
  }

  getJson(path: string, signal: AbortSignal): Promise<JsonAnswer> {
    return this.pace(this.#client.getJson(path, signal));
  }

  sendJson(method: 'POST' | 'PUT' | 'PATCH', path: string, body: unknown, signal: AbortSignal): Promise<JsonAnswer> {
    return this.pace(this.#client.sendJson(method, path, body, signal));
  }

  openStream(path: string, options: StreamOptions): Promise<ApiStream> {
    return this.pace(this.#client.openStream(path, options));
  }

  /** Resolves once all requests have been answered, or it does not look as if they would be. */
  async settled(): Promise<void> {
    const startMs = performance.now();
    do {
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
      if (this.#pending === 0 || this.#stuckAfter === this.#changes) return;
    } while (performance.now() - startMs < patienceMs);
    this.#stuckAfter = this.#changes;
  }
}
