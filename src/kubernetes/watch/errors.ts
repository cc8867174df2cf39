/** An answer of the API server other than success, or an ERROR event of a watch. */
export class ApiError extends Error {
  readonly code = 'API_STATUS';
  /** HTTP status, or `code` of the Status object. */
  readonly status: number;
  /** `reason` of the Status object, e.g. `Expired`; empty when the answer was none. */
  readonly reason: string;
  #retryAfterMs: number;

  constructor(request: string, status: number, reason: string, message: string, retryAfterMs = 0) {
    const hint = hints.get(status);
    super(
      `${request}: ${status}${reason === '' ? '' : ` ${reason}`}: ${message}${hint === undefined ? '' : `; ${hint}`}`,
    );
    this.status = status;
    this.reason = reason;
    this.#retryAfterMs = retryAfterMs;
  }

  /** What the server asks to wait before the next try; 0 when it does not. */
  get retryAfterMs(): number {
    return this.#retryAfterMs;
  }

  /** Another server is tried next, for which the wish of this one means nothing. */
  forgetWait(): void {
    this.#retryAfterMs = 0;
  }
}

/** What to do about a refusal, by HTTP status. */
const hints: ReadonlyMap<number, string> = new Map([
  [401, 'the API server does not know these credentials: renew the token or client certificate of the kubeconfig'],
  [403, 'the ClusterRole system:node-proxier gives the permission: bind it to this user'],
]);

/** No answer: the connection failed, was cut, or took longer than allowed. */
export class ConnectionError extends Error {
  readonly code = 'API_CONNECTION';

  constructor(request: string, problem: string, options?: ErrorOptions) {
    super(`${request}: ${problem}`, options);
  }
}

/** A stream that is open but dead: nothing came for longer than the server is ever silent. */
export class SilenceError extends ConnectionError {}

/** The server sent what is not the Kubernetes API: no JSON, no object, or more than is accepted. */
export class ProtocolError extends Error {
  readonly code = 'API_PROTOCOL';

  constructor(request: string, problem: string, options?: ErrorOptions) {
    super(`${request}: ${problem}`, options);
  }
}

/** The connection to the API server cannot be set up from what was configured. Start fails with it. */
export class ClientConfigError extends Error {
  readonly code = 'API_CLIENT_CONFIG';
}

/** A manifest that cannot be used. The message starts with `file:line:column`. */
export class ManifestError extends Error {
  readonly code = 'MANIFEST';

  constructor(place: string, problem: string, options?: ErrorOptions) {
    super(`${place}: ${problem}`, options);
  }
}
