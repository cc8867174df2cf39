import type { ClientConnectionConfig } from '../config/config.ts';
import type { ObjectSink } from '../kubernetes/source.ts';
import { ApiConnection } from '../kubernetes/watch/api-connection.ts';
import { ApiSource } from '../kubernetes/watch/api-source.ts';
import type { CredentialSource } from '../kubernetes/watch/credentials.ts';
import { openKubeConfig } from '../kubernetes/watch/kube-config.ts';
import { type ApiClient, KubeClient, type RequestObserver } from '../kubernetes/watch/kube-client.ts';
import type { FaultyObject } from '../kubernetes/watch/object-intake.ts';
import { openCredentials } from '../kubernetes/watch/open-credentials.ts';
import { serviceAccountDirectory } from '../kubernetes/watch/service-account.ts';
import { TokenBucket } from '../kubernetes/watch/token-bucket.ts';
import { type Log, silentLog } from '../observe/log.ts';
import { systemClock } from './system-clock.ts';

export interface ApiSourceSettings {
  readonly connection: ClientConnectionConfig;
  readonly nodeName: string;
  readonly version: string;
  readonly sink: ObjectSink;
  readonly log: Log;
  /** Told of every request. */
  readonly requests?: RequestObserver;
  /** Told when faults of an object appear, change or end. */
  readonly onFaults?: (object: FaultyObject) => void;
}

/** The source, and the client that it uses, for requests of others. */
export interface OpenedApi {
  readonly source: ApiSource;
  readonly client: ApiClient;
}

/**
 * Finds out whether there is a way to the API server, without asking it: before anything on the node is changed. Throws
 * `ClientConfigError`.
 */
export async function requireApiAccess(connection: ClientConnectionConfig): Promise<void> {
  await findCredentials(connection, silentLog);
}

/** Opens the API server as the source of objects. Throws `ClientConfigError` when the way to it is not usable. */
export async function openApiSource(settings: ApiSourceSettings): Promise<OpenedApi> {
  const { nodeName, sink, log, onFaults } = settings;
  const client = await openApiClient(settings);
  const shared = { client, clock: systemClock, random: Math.random, log, ...(onFaults && { onFaults }) };
  return { client, source: new ApiSource({ ...shared, sink, nodeName }) };
}

/** Opens the way to the API server, without asking it anything. Throws `ClientConfigError`. */
export async function openApiClient(
  settings: Pick<ApiSourceSettings, 'connection' | 'version' | 'log' | 'requests'>,
): Promise<ApiClient> {
  const { connection: config, version, log } = settings;
  const source = await findCredentials(config, log);
  const clock = systemClock;
  log.info('Using the API server', { server: source.server });
  return new KubeClient({
    connection: new ApiConnection({ source, clock, log }),
    clock,
    limiter: new TokenBucket({ clock, perSecond: config.qps, burst: config.burst }),
    userAgent: `ipvs-proxier/${version} (linux/${process.arch === 'x64' ? 'amd64' : process.arch})`,
    ...(settings.requests !== undefined && { observer: settings.requests }),
  });
}

function findCredentials({ kubeconfig, master }: ClientConnectionConfig, log: Log): Promise<CredentialSource> {
  const directory = serviceAccountDirectory;
  return openCredentials({ kubeconfig, master, openKubeConfig, environment: process.env, directory, log });
}
