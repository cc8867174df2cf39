import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import type { CredentialSource, Credentials } from './credentials.ts';
import type { Clock } from '../../model/clock.ts';
import { normalizeServerUrl } from './api-server.ts';
import { ClientConfigError } from './errors.ts';
import { ExecCredentials } from './exec-credentials.ts';
import { checkCluster, checkUser, execSettingsOf } from './kube-config-checks.ts';
import { checkPem } from './pem-check.ts';
import { checkProxy } from './proxy-environment.ts';

/**
 * Credentials from a kubeconfig file: its current context, with `server` replaced by `master` unless that is empty.
 * The file is read once; the certificates, keys and tokens it names have to be there and are read each time. Rejects
 * with `ClientConfigError`, whose message is one line and names file and field.
 */
export async function openKubeConfig(path: string, master: string, clock: Clock): Promise<CredentialSource> {
  try {
    return await open(path, master, clock);
  } catch (error) {
    const cause = error instanceof YAMLParseError ? undefined : error; // it quotes the file, over many lines
    throw new ClientConfigError(`kubeconfig ${path}${problemOf(error)}`, { cause });
  }
}

/** What is wrong, in one line, with the place in the file where one is known. */
function problemOf(error: unknown): string {
  if (!(error instanceof YAMLParseError)) return `: ${error instanceof Error ? error.message : String(error)}`;
  const [start] = error.linePos ?? [];
  const [firstLine = ''] = error.message.split('\n', 1);
  const place = start === undefined ? '' : `:${start.line}:${start.col}`;
  return `${place}: is no YAML: ${firstLine.replace(/ at line \d+, column \d+:?$/, '')}`;
}

async function open(path: string, master: string, clock: Clock): Promise<CredentialSource> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(`${unreadable(error)}; it is what --kubeconfig or clientConnection.kubeconfig names`);
  });
  const parsed: unknown = parseYaml(text);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('is not a YAML mapping');
  const config = new KubeConfig();
  config.loadFromString(JSON.stringify(parsed)); // the reader of YAML is ours: see .build/slim-client-node.ts
  config.makePathsAbsolute(dirname(resolve(path)));
  const { cluster, user } = withoutUnusedFiles(selectContext(config));
  const usesTls = Boolean(cluster.caFile || cluster.caData || user.certFile || user.certData);
  const server = normalizeServerUrl(master === '' ? cluster.server : master, usesTls ? 'https' : 'http');
  checkCluster(cluster, server);
  checkUser(user);
  const { exec, ...userRest } = user;
  const settings: Settings = {
    cluster: { ...(master === '' ? cluster : withoutServerName(cluster)), server, ...plainHttp(server) },
    user: userRest,
    tokenFile: tokenFileOf(parsed, user.name, path),
    plugin:
      exec && new ExecCredentials(execSettingsOf(exec, { cluster, server, directory: dirname(resolve(path)) }), clock),
  };
  await requireFiles(settings);
  checkPem(await readCredentials({ ...settings, plugin: undefined }, false));
  const { proxyUrl } = cluster;
  return {
    server,
    ...(proxyUrl && { proxyUrl: checkProxy(proxyUrl, `proxy-url of cluster ${JSON.stringify(cluster.name)}`) }),
    read: async (fresh) => await readCredentials(settings, fresh),
  };
}

type Cluster = KubeConfig['clusters'][number];
type User = KubeConfig['users'][number];

interface Settings {
  readonly cluster: Cluster;
  readonly user: User;
  readonly tokenFile: string | undefined;
  readonly plugin: ExecCredentials | undefined;
}

function selectContext(config: KubeConfig): { cluster: Cluster; user: User } {
  if (!config.currentContext) throw new Error('current-context is not set');
  const context = config.getContextObject(config.currentContext);
  if (context === null) throw new Error(`context ${JSON.stringify(config.currentContext)} does not exist`);
  const cluster = config.getCluster(context.cluster);
  if (cluster === null) throw new Error(`cluster ${JSON.stringify(context.cluster)} does not exist`);
  if (!context.user) return { cluster, user: { name: 'anonymous' } };
  const user = config.getUser(context.user);
  if (user === null) throw new Error(`user ${JSON.stringify(context.user)} does not exist`);
  return { cluster, user };
}

/** Data in the kubeconfig wins over a file that it names, as with kubectl; the library has it the other way round. */
function withoutUnusedFiles({ cluster, user }: { cluster: Cluster; user: User }): { cluster: Cluster; user: User } {
  const { caFile, ...clusterRest } = cluster;
  const { certFile, keyFile, ...userRest } = user;
  return {
    cluster: { ...clusterRest, ...(!cluster.caData && caFile && { caFile }) },
    user: {
      ...userRest,
      ...(!user.certData && certFile && { certFile }),
      ...(!user.keyData && keyFile && { keyFile }),
    },
  };
}

/** A file that is missing at the start will hardly come: better to end than to ask in vain for ever. */
async function requireFiles({ cluster, user, tokenFile }: Settings): Promise<void> {
  const files: readonly (readonly [field: string, file: string | undefined])[] = [
    [`certificate-authority of cluster ${JSON.stringify(cluster.name)}`, cluster.caFile],
    [`client-certificate of user ${JSON.stringify(user.name)}`, user.certFile],
    [`client-key of user ${JSON.stringify(user.name)}`, user.keyFile],
    [`tokenFile of user ${JSON.stringify(user.name)}`, tokenFile],
  ];
  for (const [field, file] of files) {
    if (!file) continue;
    await readFile(file).catch((error: unknown) => {
      throw new Error(`${field}: ${file} ${unreadable(error)}`);
    });
  }
}

function unreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES') return 'may not be read by this user';
  return code === 'EISDIR' ? 'is a directory' : `cannot be read: ${message}`;
}

function withoutServerName({ tlsServerName: _tlsServerName, ...cluster }: Cluster): Cluster {
  return cluster;
}

/** The library refuses http:// without this; it has no meaning for such a server. */
function plainHttp(server: string): { skipTLSVerify?: true } {
  return server.startsWith('http://') ? { skipTLSVerify: true } : {};
}

/** The part of a kubeconfig that the library leaves out; it has checked the shape of the rest. */
interface TokenFiles {
  readonly users?: readonly { readonly name?: unknown; readonly user?: { readonly tokenFile?: unknown } | null }[];
}

/** `tokenFile` of a user, which the library does not know; relative to the kubeconfig. */
function tokenFileOf(parsed: TokenFiles, userName: string, path: string): string | undefined {
  const entry = parsed.users?.find((candidate) => candidate.name === userName);
  const file = entry?.user?.tokenFile;
  return typeof file === 'string' && file !== '' ? resolve(dirname(path), file) : undefined;
}

async function readCredentials({ cluster, user, tokenFile, plugin }: Settings, fresh: boolean): Promise<Credentials> {
  const headers: Record<string, string> = {};
  const options: RequestOptions = { headers };
  const config = new KubeConfig(); // a new one keeps no agent with former certificates
  const { proxyUrl: _ours, ...direct } = cluster;
  config.loadFromClusterAndUser(direct, user);
  await config.applyToHTTPSOptions(options);
  if (options.auth) headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const given = await plugin?.read(fresh);
  if (given?.token !== undefined) headers['Authorization'] = `Bearer ${given.token}`;
  if (tokenFile !== undefined) headers['Authorization'] = `Bearer ${await readToken(tokenFile)}`;
  return {
    ...pem('ca', options.ca),
    ...pem('cert', given?.cert ?? options.cert),
    ...pem('key', given?.key ?? options.key),
    ...(options.servername && { serverName: options.servername }),
    verifyServer: options.rejectUnauthorized !== false,
    headers,
    ...(given?.renewAtMs !== undefined && { renewAtMs: given.renewAtMs }),
  };
}

async function readToken(file: string): Promise<string> {
  const token = (await readFile(file, 'utf8')).trim();
  if (token === '') throw new Error(`token file ${file} is empty; is it being written?`);
  return token;
}

const pemFields = { ca: 'certificate-authority', cert: 'client-certificate', key: 'client-key' };

/** An empty file is one that is being written; without its text the system's authorities would be trusted. */
function pem(name: 'ca' | 'cert' | 'key', value: unknown): Partial<Record<typeof name, string>> {
  if (value === undefined || value === null) return {};
  const text = String(value as string | Buffer); // as the library gives it
  if (text.trim() === '') throw new Error(`${pemFields[name]} is empty; is its file being written?`);
  return { [name]: text };
}
