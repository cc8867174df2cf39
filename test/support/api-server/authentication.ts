import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { ApiError } from './objects/status.ts';

export interface AuthenticationOptions {
  /** Accepted bearer tokens. */
  readonly tokens: readonly string[];
  /** Whether a certificate of the server's own authority is enough. */
  readonly clientCertificates: boolean;
}

/** Who may talk to the server. Without tokens and client certificates everybody may. There is no authorization. */
export class Authentication {
  readonly #clientCertificates: boolean;
  readonly #open: boolean;
  #tokens: ReadonlySet<string>;

  constructor(options: AuthenticationOptions) {
    this.#tokens = new Set(options.tokens);
    this.#clientCertificates = options.clientCertificates;
    this.#open = options.tokens.length === 0 && !options.clientCertificates;
  }

  /** A token that is accepted now. */
  get token(): string | undefined {
    return [...this.#tokens].at(-1);
  }

  /** Replaces the accepted tokens: requests with others are answered with 401 from now on. Open watches stay. */
  setTokens(tokens: readonly string[]): void {
    this.#tokens = new Set(tokens);
  }

  /** Throws 401. */
  check(request: IncomingMessage): void {
    if (this.#open && this.#tokens.size === 0) return;
    const [, token] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (token !== undefined && this.#tokens.has(token)) return;
    // Only TLS listeners are asked for client certificates, and their sockets are TLS sockets.
    if (this.#clientCertificates && (request.socket as TLSSocket).authorized === true) return;
    throw new ApiError(401, 'Unauthorized', 'Unauthorized');
  }
}
