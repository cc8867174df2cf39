import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';
import type { CredentialSource, Credentials } from './credentials.ts';

/** How long credentials are used before their files are read again. */
const refreshAfterMs = 60_000;
/** How long an idle connection is kept for the next request. */
const idleConnectionMs = 60_000;
/** How long a connection is silent before TCP asks whether the other side lives; a dead one is found 10 s later. */
export const keepAliveDelayMs = 30_000;

/** What one request is sent with. */
export interface ReadyConnection {
  readonly agent: HttpAgent;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The connections to the API server and the credentials they carry. Credentials are read again once a minute, and at
 * once after `invalidate`; when certificates change, new requests use new connections and running ones keep theirs.
 */
export class ApiConnection {
  readonly #source: CredentialSource;
  readonly #clock: Clock;
  readonly #log: Log;
  #agent: HttpAgent | undefined;
  #agentIdentity = '';
  #credentials: Credentials | undefined;
  #readAtMs = 0;
  #refused = false;
  #reading: Promise<void> | undefined;

  constructor(options: { readonly source: CredentialSource; readonly clock: Clock; readonly log: Log }) {
    this.#source = options.source;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  get server(): string {
    return this.#source.server;
  }

  /** Rejects only when credentials have never been read. */
  async ready(): Promise<ReadyConnection> {
    const isOld = this.#clock.monotonicMs() - this.#readAtMs >= refreshAfterMs;
    if (this.#credentials === undefined || isOld || this.#refused) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    const credentials = this.#credentials as Credentials; // set by #read, which rejects otherwise
    return { agent: this.#agentFor(credentials), headers: credentials.headers };
  }

  /** The server has refused the credentials. */
  invalidate(): void {
    this.#refused = true;
  }

  /** Ends all connections, those in use included. */
  close(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
  }

  async #read(): Promise<void> {
    const fresh = this.#refused;
    try {
      this.#credentials = await this.#source.read(fresh);
      this.#refused = false;
    } catch (error) {
      if (this.#credentials === undefined) throw error;
      this.#log.error('Cannot renew the credentials for the API server, using the last ones', error);
    }
    this.#readAtMs = this.#clock.monotonicMs();
  }

  #agentFor(credentials: Credentials): HttpAgent {
    const { headers: _headers, ...identity } = credentials;
    const text = JSON.stringify(identity);
    if (this.#agent === undefined || text !== this.#agentIdentity) {
      this.#agent = createAgent(this.server, credentials); // the idle connections of the old one end by themselves
      this.#agentIdentity = text;
    }
    return this.#agent;
  }
}

function createAgent(server: string, credentials: Credentials): HttpAgent {
  const options = { keepAlive: true, keepAliveMsecs: keepAliveDelayMs, timeout: idleConnectionMs };
  if (server.startsWith('http://')) return new HttpAgent(options);
  return new HttpsAgent({
    ...options,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: credentials.verifyServer,
    ...(credentials.ca !== undefined && { ca: credentials.ca }),
    ...(credentials.cert !== undefined && { cert: credentials.cert }),
    ...(credentials.key !== undefined && { key: credentials.key }),
    ...(credentials.serverName !== undefined && { servername: credentials.serverName }),
  });
}
