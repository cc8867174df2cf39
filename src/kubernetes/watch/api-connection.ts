import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';
import { type ApiServer, hostOf } from './api-server.ts';
import type { CredentialSource, Credentials } from './credentials.ts';
import { checkPem } from './pem-check.ts';
import { proxyFor } from './proxy-environment.ts';

/** How long credentials are used before their files are read again. */
const refreshAfterMs = 60_000;
/** As above, after they could not be read: files are replaced one after the other. */
const retryAfterMs = 5_000;
/** How long a request waits for new credentials while the last ones may still do: a plugin can take its time. */
const patienceMs = 2_000;
/** How long an idle connection is kept for the next request. */
const idleConnectionMs = 60_000;
/** How long a connection is silent before TCP asks whether the other side lives; a dead one is found 10 s later. */
export const keepAliveDelayMs = 30_000;

/** What one request is sent with. */
export interface ReadyConnection {
  readonly agent: HttpAgent;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ApiConnectionOptions {
  readonly source: CredentialSource;
  readonly clock: Clock;
  readonly log: Log;
  /** For proxies; see `proxyFor`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Connections to the addresses of the API server and the credentials they carry. Credentials are read again once a
 * minute, before they expire, and at once after `invalidate` or `doubt`; when certificates change, new requests use new
 * connections and running ones keep theirs. Credentials that cannot be used, e.g. a certificate whose key has not been
 * written yet, leave the last ones in force.
 */
export class ApiConnection {
  readonly #source: CredentialSource;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  /** By URL; of the credentials in force. */
  #agents = new Map<string, HttpAgent>();
  #identity = '';
  #credentials: Credentials | undefined;
  #readAgainAtMs = Number.NEGATIVE_INFINITY;
  #refused = false;
  #reading: Promise<void> | undefined;

  constructor({ source, clock, log, environment = {} }: ApiConnectionOptions) {
    this.#source = source;
    this.#clock = clock;
    this.#log = log;
    this.#environment = environment;
  }

  /** Rejects only when credentials have never been read. */
  async ready(server: ApiServer): Promise<ReadyConnection> {
    if (this.#needsReading()) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      await (this.#credentials === undefined || this.#refused
        ? this.#reading
        : this.#atMost(patienceMs, this.#reading));
    }
    const credentials = this.#credentials as Credentials; // set by #read, which rejects otherwise
    return { agent: this.#agentFor(server, credentials), headers: credentials.headers };
  }

  /** A server has refused the credentials. */
  invalidate(): void {
    this.#refused = true;
  }

  /** A connection could not be made: certificates may have been replaced, so files are read again before the next. */
  doubt(): void {
    this.#readAgainAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Ends all connections, those in use included. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #needsReading(): boolean {
    return this.#credentials === undefined || this.#refused || this.#clock.monotonicMs() >= this.#readAgainAtMs;
  }

  async #atMost(limitMs: number, work: Promise<void>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const cancel = this.#clock.schedule(limitMs, resolve);
      void work.then(resolve, reject).finally(cancel);
    });
  }

  async #read(): Promise<void> {
    let waitMs = refreshAfterMs;
    try {
      const fresh = this.#refused;
      const credentials = await this.#source.read(fresh);
      this.#take(credentials);
      if (fresh) this.#refused = false; // else they may have been refused in the meantime
      waitMs = Math.min(waitMs, (credentials.renewAtMs ?? Number.POSITIVE_INFINITY) - this.#clock.nowMs());
    } catch (error) {
      if (this.#credentials === undefined) throw error;
      waitMs = retryAfterMs;
      this.#log.error('Cannot renew the credentials for the API server, using the last ones', error);
    }
    this.#readAgainAtMs = this.#clock.monotonicMs() + waitMs;
  }

  /** Throws when certificate and key do not belong together, or are none. */
  #take(credentials: Credentials): void {
    const { headers: _headers, renewAtMs: _renewAtMs, ...identity } = credentials;
    const text = JSON.stringify(identity);
    if (text !== this.#identity) {
      checkPem(credentials);
      this.#warnOfUnchecked(credentials);
      this.#agents = new Map(); // the idle connections of the old ones end by themselves
      this.#identity = text;
    }
    this.#credentials = credentials;
  }

  #warnOfUnchecked({ verifyServer }: Credentials): void {
    if (verifyServer || !this.#source.server.startsWith('https:')) return;
    this.#log.warning('The certificate of the API server is not checked: insecure-skip-tls-verify is set', {
      server: this.#source.server,
    });
  }

  #agentFor(server: ApiServer, credentials: Credentials): HttpAgent {
    let agent = this.#agents.get(server.url);
    if (agent === undefined) {
      const proxy = this.#source.proxyUrl ?? proxyFor(server.url, this.#environment);
      agent = createAgent(server, credentials, proxy);
      this.#agents.set(server.url, agent);
    }
    return agent;
  }
}

function createAgent(server: ApiServer, credentials: Credentials, proxy: string | undefined): HttpAgent {
  const options: AgentOptions = {
    keepAlive: true,
    keepAliveMsecs: keepAliveDelayMs,
    timeout: idleConnectionMs,
    ...(proxy !== undefined && { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
  };
  if (server.url.startsWith('http://')) return new HttpAgent(options);
  return new HttpsAgent({
    ...options,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: credentials.verifyServer,
    ...(credentials.ca !== undefined && { ca: credentials.ca }),
    ...(credentials.cert !== undefined && { cert: credentials.cert }),
    ...(credentials.key !== undefined && { key: credentials.key }),
    ...expectedIdentity(credentials.serverName ?? server.certificateName ?? hostOf(server.url)),
  });
}

/** What the certificate has to be for. The server is told names (SNI) but no addresses, as TLS has it. */
function expectedIdentity(name: string) {
  return {
    servername: isIP(name) === 0 ? name : '',
    checkServerIdentity: (_host: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(name, certificate),
  };
}
