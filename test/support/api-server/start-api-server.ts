import { isIPv6 } from 'node:net';
import { Authentication } from './authentication.ts';
import type { OpenWatch } from './faults.ts';
import { Faults } from './faults.ts';
import { Listener } from './http/listener.ts';
import { RequestHandler } from './http/request-handler.ts';
import { RequestLog } from './http/request-log.ts';
import type { KubeconfigOptions } from './kubeconfig.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { ObjectRegistry } from './objects/object-registry.ts';
import { ObjectStore } from './objects/object-store.ts';
import { ServiceAllocation } from './services/service-allocation.ts';
import { StoredObjects } from './stored-objects.ts';
import type { CertificateAndKey } from './tls/certificate.ts';
import { ServerIdentity } from './tls/server-identity.ts';

export interface ApiServerOptions {
  /** Address to listen on. Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default true. */
  readonly tls?: boolean;
  /** Host names and addresses of the certificate, besides loopback and the host. */
  readonly subjectAltNames?: readonly string[];
  /** Accepted bearer tokens. Without tokens and client certificates everybody may do everything. */
  readonly tokens?: readonly string[];
  /** Accept client certificates instead of tokens. */
  readonly clientCertificates?: boolean;
  /** One or two ranges, the first of the primary family. Default `10.96.0.0/16` and `fd00:10:96::/112`. */
  readonly serviceCidrs?: readonly string[];
  /** Default `30000-32767`. */
  readonly nodePortRange?: string;
  /** Create the Service `default/kubernetes`, its EndpointSlice not included. Default false. */
  readonly withKubernetesService?: boolean;
  /** Changes kept per resource for watches to resume, at least. Default 10,000. */
  readonly historyLimit?: number;
  /** Default 60,000. */
  readonly bookmarkIntervalMs?: number;
  /** Answers from this size on are compressed for clients that accept it. Default 128 KiB, as the real server. */
  readonly gzipThresholdBytes?: number;
  /** What `/version` says. Default `v1.36.0`. */
  readonly serverVersion?: string;
  /** Gets one line per request. */
  readonly log?: (line: string) => void;
}

/** A running API server. */
export interface ApiServer {
  /** For instance `https://127.0.0.1:40001`. */
  readonly url: string;
  readonly port: number;
  /** The authority of the present certificate, PEM; undefined without TLS. */
  readonly ca: string | undefined;
  /** Text of a kubeconfig that works now. */
  readonly kubeconfig: string;
  readonly objects: StoredObjects;
  readonly faults: Faults;
  readonly requests: RequestLog;
  readonly connectionCount: number;
  /** A kubeconfig with other credentials or another address. */
  kubeconfigFor(options: Partial<KubeconfigOptions>): string;
  /** Replaces the accepted tokens. */
  setTokens(tokens: readonly string[]): void;
  /** New connections get a new certificate, with `newAuthority` one that only the new `ca` vouches for. */
  rotateCertificate(options?: { readonly newAuthority?: boolean }): void;
  issueClientCertificate(user: string, groups?: readonly string[]): CertificateAndKey;
  /** Closes all connections and the port. */
  stop(): Promise<void>;
}

const DEFAULT_SERVICE_CIDRS = ['10.96.0.0/16', 'fd00:10:96::/112'];
const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/**
 * Starts an API server in this process, with everything in memory. It serves namespaces, nodes, services, endpoint
 * slices, config maps, events, service CIDRs, pods and deployments to kubectl and to list/watch clients.
 */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const server = new LocalApiServer(options);
  await server.listen();
  return server;
}

class LocalApiServer implements ApiServer {
  readonly objects: StoredObjects;
  readonly faults: Faults;
  readonly requests = new RequestLog();
  readonly #host: string;
  readonly #identity: ServerIdentity | undefined;
  readonly #authentication: Authentication;
  readonly #registry: ObjectRegistry;
  readonly #listener: Listener;

  constructor(options: ApiServerOptions) {
    const { host = '127.0.0.1', clientCertificates = false, tokens = [], tls = true } = options;
    const names = new Set(['localhost', '127.0.0.1', '::1', 'kubernetes', host, ...(options.subjectAltNames ?? [])]);
    const allocation = new ServiceAllocation({
      serviceCidrs: options.serviceCidrs ?? DEFAULT_SERVICE_CIDRS,
      nodePortRange: options.nodePortRange ?? '30000-32767',
    });
    const store = new ObjectStore(options.historyLimit ?? 10_000);
    const openWatches = new Set<OpenWatch>();
    this.#host = host;
    this.#identity = tls ? new ServerIdentity([...names]) : undefined;
    this.#authentication = new Authentication({ tokens, clientCertificates });
    this.#registry = new ObjectRegistry(store, allocation);
    this.objects = new StoredObjects(store, this.#registry);
    this.faults = new Faults({
      openWatches,
      expireHistory: () => store.compact(),
      killConnections: () => this.#listener.killConnections(),
      refuseConnections: () => this.#listener.refuse(),
      acceptConnections: () => this.#listener.listen(),
    });
    const handler = new RequestHandler({
      store,
      registry: this.#registry,
      authentication: this.#authentication,
      faults: this.faults,
      requests: this.requests,
      openWatches,
      serverVersion: options.serverVersion ?? 'v1.36.0',
      bookmarkIntervalMs: options.bookmarkIntervalMs ?? 60_000,
      gzipThresholdBytes: options.gzipThresholdBytes ?? 128 * 1024,
      log: options.log ?? (() => undefined),
    });
    this.#listener = new Listener({
      host,
      port: options.port ?? 0,
      identity: this.#identity,
      askForClientCertificates: clientCertificates,
      onRequest: (request, response) => void handler.handle(request, response),
    });
    this.#createFirstObjects(options, allocation);
  }

  get port(): number {
    return this.#listener.port;
  }

  get url(): string {
    const loopback: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
    const host = loopback[this.#host] ?? this.#host;
    return `${this.#identity === undefined ? 'http' : 'https'}://${isIPv6(host) ? `[${host}]` : host}:${this.port}`;
  }

  get ca(): string | undefined {
    return this.#identity?.ca;
  }

  get kubeconfig(): string {
    const token = this.#authentication.token;
    return this.kubeconfigFor(token === undefined ? {} : { token });
  }

  get connectionCount(): number {
    return this.#listener.connectionCount;
  }

  listen(): Promise<void> {
    return this.#listener.listen();
  }

  kubeconfigFor(options: Partial<KubeconfigOptions>): string {
    return kubeconfigText({ server: this.url, ca: this.ca, ...options });
  }

  setTokens(tokens: readonly string[]): void {
    this.#authentication.setTokens(tokens);
  }

  rotateCertificate(options: { readonly newAuthority?: boolean } = {}): void {
    this.#identity?.rotate(options.newAuthority ?? false);
    this.#listener.reloadCertificate();
  }

  issueClientCertificate(user: string, groups: readonly string[] = []): CertificateAndKey {
    if (this.#identity === undefined) throw new Error('client certificates need TLS');
    return this.#identity.issueClient(user, groups);
  }

  async stop(): Promise<void> {
    this.#registry.stop();
    this.#listener.refuse();
    this.#listener.killConnections();
    // One turn of the event loop lets the sockets report that they are closed.
    await new Promise((resolve) => setImmediate(resolve));
  }

  #createFirstObjects(options: ApiServerOptions, allocation: ServiceAllocation): void {
    for (const name of NAMESPACES) this.objects.apply({ kind: 'Namespace', metadata: { name } });
    const cidrs = options.serviceCidrs ?? DEFAULT_SERVICE_CIDRS;
    this.objects.apply({ kind: 'ServiceCIDR', metadata: { name: 'kubernetes' }, spec: { cidrs: [...cidrs] } });
    if (options.withKubernetesService !== true) return;
    const ports = [{ name: 'https', port: 443, targetPort: 6443 }];
    const labels = { component: 'apiserver', provider: 'kubernetes' };
    const metadata = { name: 'kubernetes', namespace: 'default', labels };
    this.objects.apply({ kind: 'Service', metadata, spec: { clusterIP: allocation.firstAddress, ports } });
  }
}
