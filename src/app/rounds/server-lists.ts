import type { ApiServerSettings } from '../../config/config.ts';
import { type ApiServer, hostOf } from '../../kubernetes/watch/api-server.ts';
import type { CredentialSource } from '../../kubernetes/watch/credentials.ts';
import type { KubernetesService } from '../../kubernetes/watch/learned-servers.ts';
import type { LearnedServers } from '../../kubernetes/watch/server-choice.ts';

export interface ServerListOptions {
  readonly source: Pick<CredentialSource, 'server' | 'isInCluster'>;
  readonly settings: ApiServerSettings;
  readonly nodeName: string;
}

/** The configured address, with what to do when nothing answers there. */
export function configuredServer({ source }: Pick<ServerListOptions, 'source'>): ApiServer {
  const { server: url, isInCluster = false } = source;
  return { url, origin: 'configured', ...(isInCluster && { hint: inClusterHint(hostOf(url)) }) };
}

function inClusterHint(host: string): string {
  return (
    `${host} is from KUBERNETES_SERVICE_HOST, which is the address of the Service default/kubernetes unless it was ` +
    'changed: it works only where a Service proxy has run, and that is what is being started; set apiServer.urls of ' +
    'the ProxierConfiguration, clientConnection.kubeconfig, --master or KUBERNETES_SERVICE_HOST to an address that ' +
    'is reached without Services'
  );
}

/** The addresses of apiServer.urls. */
export function listedServers({ settings }: Pick<ServerListOptions, 'settings'>): readonly ApiServer[] {
  const { urls, tlsServerName } = settings;
  return urls.map((url) => ({ url, origin: 'listed', ...(tlsServerName && { certificateName: tlsServerName }) }));
}

/**
 * What Service and EndpointSlices of `default/kubernetes` say, as servers to choose from. Their certificates have to be
 * for the same name as that of the configured server. Each node begins with another one, so that all are used.
 */
export function learnedServers(found: KubernetesService, options: ServerListOptions): LearnedServers {
  const { source, settings, nodeName } = options;
  const certificateName = settings.tlsServerName || hostOf(source.server);
  const start = hash(nodeName) % found.urls.length;
  const urls = [...found.urls.slice(start), ...found.urls.slice(0, start)];
  return {
    servers: urls.map((url) => ({ url, origin: 'learned', certificateName })),
    virtualHosts: new Set(found.virtualHosts),
  };
}

/** FNV-1a of 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}
