import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import type { CredentialSource, Credentials } from './credentials.ts';
import { normalizeServerUrl } from './credentials.ts';
import { ClientConfigError } from './errors.ts';

/** How long a credential plugin may take. */
const pluginDeadlineMs = 60_000;

/**
 * Credentials from a kubeconfig file: its current context, with `server` replaced by `master` unless that is empty.
 * The file is read once; the certificates, keys and tokens it names have to be there and are read each time. Rejects
 * with `ClientConfigError`, whose message is one line. Not supported, and refused: `proxy-url`.
 */
export async function openKubeConfig(path: string, master: string): Promise<CredentialSource> {
  try {
    return await open(path, master);
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

async function open(path: string, master: string): Promise<CredentialSource> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(`${unreadable(error)}; it is what --kubeconfig or clientConnection.kubeconfig names`);
  });
  const parsed: unknown = parseYaml(text);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('is not a YAML mapping');
  const config = new KubeConfig();
  config.loadFromString(text);
  config.makePathsAbsolute(dirname(resolve(path)));
  const { cluster, user } = withoutUnusedFiles(selectContext(config));
  if (cluster.proxyUrl) throw new Error('proxy-url is not supported');
  const usesTls = Boolean(cluster.caFile || cluster.caData || user.certFile || user.certData);
  const server = normalizeServerUrl(master === '' ? cluster.server : master, usesTls ? 'https' : 'http');
  const settings: Settings = {
    cluster: { ...(master === '' ? cluster : withoutServerName(cluster)), server, ...plainHttp(server) },
    user: user.exec ? { ...user, exec: pluginOf(user.exec, path, server) } : user,
    tokenFile: tokenFileOf(parsed, user.name, path),
  };
  await requireFiles(settings);
  let current = configOf(settings);
  return {
    server,
    async read(fresh) {
      if (fresh) current = configOf(settings); // a new one remembers no credential of a plugin
      return await readCredentials(current, settings);
    },
  };
}

type Cluster = KubeConfig['clusters'][number];
type User = KubeConfig['users'][number];

interface Settings {
  readonly cluster: Cluster;
  readonly user: User;
  readonly tokenFile: string | undefined;
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

interface Plugin {
  readonly command: string;
  readonly apiVersion?: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}

/** A plugin with a relative path is beside the kubeconfig, and it is told which cluster it is for. */
function pluginOf(plugin: Plugin, path: string, server: string): Plugin {
  const command = plugin.command?.includes('/') ? resolve(dirname(path), plugin.command) : plugin.command;
  const apiVersion = plugin.apiVersion ?? 'client.authentication.k8s.io/v1';
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false, cluster: { server } } };
  const env = [...(plugin.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }];
  return { ...plugin, command, env };
}

function configOf(settings: Settings): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(settings.cluster, settings.user);
  return config;
}

async function readCredentials(config: KubeConfig, settings: Settings): Promise<Credentials> {
  const headers: Record<string, string> = {};
  const options: RequestOptions = { headers };
  try {
    await withDeadline(config.applyToHTTPSOptions(options), pluginDeadlineMs);
  } catch (error) {
    throw withPluginNamed(settings.user.exec, error);
  }
  if (options.auth) headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  if (settings.tokenFile !== undefined) headers['Authorization'] = `Bearer ${await readToken(settings.tokenFile)}`;
  return {
    ...pem('ca', options.ca),
    ...pem('cert', options.cert),
    ...pem('key', options.key),
    ...(options.servername && { serverName: options.servername }),
    verifyServer: options.rejectUnauthorized !== false,
    headers,
  };
}

/** The library passes on what a failing plugin wrote, and nothing else: neither its name nor, if it was silent, a word. */
function withPluginNamed(plugin: Plugin | undefined, error: unknown): unknown {
  if (plugin === undefined || !(error instanceof Error)) return error;
  const reason = error.message.trim() || 'failed without a message';
  return new Error(`credential plugin ${plugin.command}: ${reason}`, { cause: error });
}

async function readToken(file: string): Promise<string> {
  const token = (await readFile(file, 'utf8')).trim();
  if (token === '') throw new Error(`token file ${file} is empty`);
  return token;
}

function pem(name: 'ca' | 'cert' | 'key', value: unknown): Partial<Record<typeof name, string>> {
  return value === undefined || value === null ? {} : { [name]: String(value as string | Buffer) }; // as the library gives it
}

async function withDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no credentials within ${deadlineMs / 1000} s`)), deadlineMs).unref();
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}
