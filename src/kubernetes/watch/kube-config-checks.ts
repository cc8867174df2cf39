import { resolve } from 'node:path';
import { withoutCredentials } from '../../model/url-text.ts';
import type { ExecPluginSettings } from './exec-plugin.ts';

/** A cluster entry as far as it is checked; names are those of client-node. */
interface ClusterEntry {
  readonly name: string;
  readonly caFile?: string;
  readonly caData?: string;
  readonly skipTLSVerify: boolean;
  readonly tlsServerName?: string;
}

/** A user entry as far as it is checked. */
interface UserEntry {
  readonly name: string;
  readonly certFile?: string;
  readonly certData?: string;
  readonly keyFile?: string;
  readonly keyData?: string;
  readonly exec?: unknown;
}

/** Throws an `Error` that names the field, for a cluster that cannot be talked to as it is written. */
export function checkCluster(cluster: ClusterEntry, server: string): void {
  const place = `cluster ${JSON.stringify(cluster.name)}`;
  const url = URL.parse(server);
  if (url === null || url.hostname === '' || !/^https?:$/.test(url.protocol)) {
    throw new Error(`server of ${place}: ${withoutCredentials(server)} is no URL; write it as https://host:port`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new Error(`server of ${place}: only scheme, host, port and path may be in the URL`);
  }
  if (cluster.skipTLSVerify && (cluster.caFile || cluster.caData)) {
    throw new Error(
      `insecure-skip-tls-verify of ${place}: the certificate cannot be both left unchecked and checked against ` +
        'certificate-authority; remove one of the two',
    );
  }
}

/** Throws an `Error` that names the field, for a user whose credentials cannot work as they are written. */
export function checkUser(user: UserEntry): void {
  const place = `user ${JSON.stringify(user.name)}`;
  const hasCertificate = Boolean(user.certFile || user.certData);
  if (hasCertificate !== Boolean(user.keyFile || user.keyData)) {
    const [there, missing] = hasCertificate
      ? ['client-certificate', 'client-key']
      : ['client-key', 'client-certificate'];
    throw new Error(`${there} of ${place}: ${missing} is missing; both belong together`);
  }
  if (user.exec) checkExec(user.exec as Partial<ExecEntry>, place); // the type of each field is looked at
}

interface ExecEntry {
  readonly command: string;
  readonly args?: readonly unknown[] | null;
  readonly env?: readonly { readonly name?: unknown; readonly value?: unknown }[] | null;
  readonly apiVersion?: string;
  readonly interactiveMode?: string;
  readonly installHint?: string;
  readonly provideClusterInfo?: boolean;
}

const execApiVersions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

function checkExec({ command, apiVersion, interactiveMode }: Partial<ExecEntry>, place: string): void {
  if (typeof command !== 'string' || command === '') {
    throw new Error(`exec.command of ${place}: is missing; it is the program that gives the credentials`);
  }
  if (apiVersion !== undefined && !execApiVersions.includes(apiVersion)) {
    throw new Error(`exec.apiVersion of ${place}: ${String(apiVersion)} is not supported; use ${execApiVersions[0]}`);
  }
  if (interactiveMode === 'Always') {
    throw new Error(`exec.interactiveMode of ${place}: Always needs a terminal, and there is none; use Never`);
  }
}

/** The plugin of a user; one with a relative path is beside the kubeconfig. The user has been checked. */
export function execSettingsOf(
  exec: unknown,
  context: { readonly cluster: ClusterEntry; readonly server: string; readonly directory: string },
): ExecPluginSettings {
  const { command, args, env, apiVersion, installHint, provideClusterInfo } = exec as ExecEntry; // checked by `checkUser`
  return {
    command: command.includes('/') ? resolve(context.directory, command) : command,
    args: (args ?? []).map(String),
    env: (env ?? []).map(({ name, value }) => ({ name: String(name), value: String(value) })),
    apiVersion: apiVersion ?? 'client.authentication.k8s.io/v1',
    installHint: installHint?.trim().replaceAll(/\s*\n\s*/g, ' ') ?? '',
    ...(provideClusterInfo === true && { cluster: clusterInfo(context) }),
  };
}

function clusterInfo({ cluster, server }: { readonly cluster: ClusterEntry; readonly server: string }): object {
  return {
    server,
    ...(cluster.caData && { 'certificate-authority-data': cluster.caData }),
    ...(cluster.tlsServerName && { 'tls-server-name': cluster.tlsServerName }),
    ...(cluster.skipTLSVerify && { 'insecure-skip-tls-verify': true }),
  };
}
