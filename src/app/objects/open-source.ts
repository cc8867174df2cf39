import type { ApiServerSettings, ClientConnectionConfig } from '../../config/config.ts';
import type { ObjectSink } from '../../kubernetes/source.ts';
import { ApiConnection } from '../../kubernetes/watch/api-connection.ts';
import { ApiSource } from '../../kubernetes/watch/api-source.ts';
import type { CredentialSource } from '../../kubernetes/watch/credentials.ts';
import { streamsLists } from '../../kubernetes/watch/client-features.ts';
import { ClientConfigError } from '../../kubernetes/watch/errors.ts';
import { openKubeConfig } from '../../kubernetes/watch/kube-config.ts';
import { type ApiClient, KubeClient, type RequestObserver } from '../../kubernetes/watch/kube-client.ts';
import type { FaultyObject } from '../../kubernetes/watch/object-intake.ts';
import { openCredentials } from '../../kubernetes/watch/open-credentials.ts';
import { proxyFor } from '../../kubernetes/watch/proxy-environment.ts';
import { withoutCredentials } from '../../model/url-text.ts';
import { ServerCache } from '../../kubernetes/watch/server-cache.ts';
import { serviceAccountDirectory } from '../../kubernetes/watch/service-account.ts';
import { TokenBucket } from '../../kubernetes/watch/token-bucket.ts';
import { type Log, silentLog } from '../../observe/log.ts';
import { ApiServers, type ApiServersOptions } from './api-servers.ts';
import { systemClock } from '../system-clock.ts';

export interface ApiClientSettings {
  readonly connection: ClientConnectionConfig;
  /** Other ways to the API server; none where this is absent. */
  readonly apiServer?: ApiServerSettings;
  /** Spreads the nodes over the API servers. */
  readonly nodeName?: string;
  readonly version: string;
  readonly log: Log;
  /** Told of every request. */
  readonly requests?: RequestObserver;
  /** Told which server is used: at the start, and whenever that changes. */
  readonly onServer?: ApiServersOptions['onServer'];
}

export interface ApiSourceSettings extends ApiClientSettings {
  readonly apiServer: ApiServerSettings;
  readonly nodeName: string;
  /** Whose Node objects are watched. Default `own`. */
  readonly knownNodes?: 'own' | 'all';
  readonly sink: ObjectSink;
  /** Told when faults of an object appear, change or end. */
  readonly onFaults?: (object: FaultyObject) => void;
}

/** The source, and the client that it uses, for requests of others. */
export interface OpenedApi {
  readonly source: ApiSource;
  readonly client: ApiClient;
  /** Ends what runs beside the source. */
  stop(): void;
}

/**
 * Finds out whether there is a way to the API server, without asking it: before anything on the node is changed. Throws
 * `ClientConfigError`.
 */
export async function requireApiAccess(connection: ClientConnectionConfig): Promise<void> {
  requireProxies(await findCredentials(connection, silentLog), silentLog);
}

/** Opens the API server as the source of objects. Throws `ClientConfigError` when the way to it is not usable. */
export async function openApiSource(settings: ApiSourceSettings): Promise<OpenedApi> {
  const { nodeName, knownNodes = 'own', sink, log, onFaults } = settings;
  const { client, servers, stop } = await open(settings);
  const more = { streamsLists: streamsLists(process.env), ...(onFaults && { onFaults }) };
  const shared = { client, clock: systemClock, random: Math.random, log, ...more };
  return { client, source: new ApiSource({ ...shared, sink: servers.watch(sink), nodeName, knownNodes }), stop };
}

/** Opens the way to the API server, without asking it anything. Throws `ClientConfigError`. */
export async function openApiClient(settings: ApiClientSettings): Promise<ApiClient> {
  return (await open(settings)).client;
}

const noOtherWays: ApiServerSettings = { urls: [], tlsServerName: '', discovery: false, cacheFile: '' };

async function open(settings: ApiClientSettings) {
  const { connection, apiServer = noOtherWays, nodeName = '', version, log, requests, onServer } = settings;
  const source = await findCredentials(connection, log);
  requireProxies(source, log);
  const clock = systemClock;
  const abort = new AbortController();
  const servers = new ApiServers({
    source,
    settings: apiServer,
    nodeName,
    cache: cacheOf(apiServer, source, log),
    isServing: (server) => client.isServing(server, probePath(nodeName), abort.signal),
    clock,
    random: Math.random,
    log,
    ...(onServer && { onServer }),
  });
  const client = new KubeClient({
    connection: new ApiConnection({ source, clock, log, environment: process.env }),
    servers: servers.choice,
    clock,
    limiter: new TokenBucket({ clock, perSecond: connection.qps, burst: connection.burst }),
    userAgent: `ipvs-proxier/${version} (linux/${process.arch === 'x64' ? 'amd64' : process.arch})`,
    ...(requests !== undefined && { observer: requests }),
  });
  await servers.start();
  const stop = () => {
    servers.stop();
    abort.abort();
  };
  return { client, servers, stop };
}

/** The own Node: what every server has to give that is of any use, and little to send. */
function probePath(nodeName: string): string {
  const query = new URLSearchParams({ fieldSelector: `metadata.name=${nodeName}`, resourceVersion: '0' });
  return `/api/v1/nodes?${query.toString()}`;
}

function cacheOf({ discovery, cacheFile }: ApiServerSettings, source: CredentialSource, log: Log) {
  if (!discovery || cacheFile === '') return undefined;
  return new ServerCache({ path: cacheFile, configuredServer: source.server, log });
}

function findCredentials({ kubeconfig, master }: ClientConnectionConfig, log: Log): Promise<CredentialSource> {
  const directory = serviceAccountDirectory;
  const environment = process.env;
  return openCredentials({ kubeconfig, master, openKubeConfig, environment, directory, clock: systemClock, log });
}

/** A proxy that cannot be used is told before the first request would fail. */
function requireProxies({ server, proxyUrl }: CredentialSource, log: Log): void {
  const proxy = proxyUrl ?? proxyFor(server, process.env);
  if (proxy !== undefined && !knowsProxies(process.versions.node)) {
    throw new ClientConfigError(`a proxy needs Node 24.5 or later; this is ${process.versions.node}`);
  }
  if (proxy !== undefined) log.info('The API server is reached through a proxy', { proxy: withoutCredentials(proxy) });
}

/** Node's own agents lead through proxies since 22.21 and 24.5; those before take no notice of them. */
export function knowsProxies(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
}
