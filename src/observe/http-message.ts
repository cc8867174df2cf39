/** A request, reduced to what our few routes need. */
export interface HttpRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Header values by lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** At most 64 KB; blank for most methods. */
  readonly body: string;
}

/** An answer to a request. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** Answers requests. Must not throw for any request; if it does, the client gets a 500. */
export type HttpHandler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

const noSniff = { 'X-Content-Type-Options': 'nosniff' };

/** Plain text that browsers must not take for anything else. */
export function textAnswer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...noSniff, ...headers }, body };
}

/** A JSON text. */
export function jsonAnswer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status, headers: { 'Content-Type': 'application/json', ...noSniff, ...headers }, body };
}

/** There is nothing at this path. */
export const notFound: HttpAnswer = textAnswer(404, '404 page not found\n');
