import type { Verb } from './resource-request.ts';

/** What a client asked, for assertions about clients. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Both undefined for paths that are about no object. */
  verb: Verb | undefined;
  resource: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** HTTP code of the answer; undefined until there is one. */
  code: number | undefined;
}

const LIMIT = 10_000;

/** The latest requests, oldest first. */
export class RequestLog {
  readonly #records: RequestRecord[] = [];
  readonly #waiting = new Set<() => void>();

  /** The requests that fit, oldest first. */
  find(filter: { readonly verb?: Verb; readonly resource?: string } = {}): readonly RequestRecord[] {
    return this.#records.filter(
      (record) =>
        (filter.verb === undefined || record.verb === filter.verb) &&
        (filter.resource === undefined || record.resource === filter.resource),
    );
  }

  clear(): void {
    this.#records.length = 0;
  }

  /** Resolves when as many requests fit as asked; rejects after the time limit with what there was. */
  async waitFor(
    filter: { readonly verb?: Verb; readonly resource?: string },
    count = 1,
    limitMs = 5000,
  ): Promise<readonly RequestRecord[]> {
    const deadline = Date.now() + limitMs;
    while (this.find(filter).length < count) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) {
        const seen = this.#records.map((record) => `${record.method} ${record.path} ${record.code ?? '-'}`);
        throw new Error(
          `${count} requests ${JSON.stringify(filter)} did not come in ${limitMs} ms; seen: ${seen.join('; ')}`,
        );
      }
      await this.#nextRequest(leftMs);
    }
    return this.find(filter);
  }

  add(record: RequestRecord): void {
    this.#records.push(record);
    if (this.#records.length > LIMIT) this.#records.shift();
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #nextRequest(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
