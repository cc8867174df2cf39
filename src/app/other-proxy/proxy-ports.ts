import type { ListenAddress } from '../../config/config.ts';
import { serverName } from '../../observe/http-listener.ts';
import { askHttp, type HttpReply } from '../ask-http.ts';
import type { OtherProxy } from './other-proxy.ts';

/** A port on which a Service proxy answers, and the path that tells it from others. */
export interface ProxyPort {
  readonly host: string;
  readonly port: number;
  readonly path: '/healthz' | '/proxyMode';
}

/** How a port is asked; undefined when nobody answers in HTTP. */
export type AskPort = (port: ProxyPort) => Promise<HttpReply | undefined>;

/** Whether somebody is alive depends on it: longer than loopback ever takes. */
const answerTimeoutMs = 1_000;
const modes: ReadonlySet<string> = new Set(['ipvs', 'iptables', 'nftables', 'userspace', 'kernelspace']);

/**
 * Where a kube-proxy with the same configuration listens, and where one with the standard one does. A wildcard is asked
 * on loopback.
 */
export function proxyPorts(config: {
  readonly healthzBindAddress: ListenAddress | undefined;
  readonly metricsBindAddress: ListenAddress | undefined;
}): readonly ProxyPort[] {
  const ports: ProxyPort[] = [
    { host: '127.0.0.1', port: 10_249, path: '/proxyMode' },
    { host: '127.0.0.1', port: 10_256, path: '/healthz' },
  ];
  const add = (address: ListenAddress | undefined, path: ProxyPort['path']) => {
    if (address !== undefined) ports.push({ host: askedHost(address.host), port: address.port, path });
  };
  add(config.metricsBindAddress, '/proxyMode');
  add(config.healthzBindAddress, '/healthz');
  return [...new Map(ports.map((port) => [`${port.host} ${port.port} ${port.path}`, port])).values()];
}

function askedHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/** The Service proxies that answer on these ports. What answers otherwise than a Service proxy is none. */
export async function proxiesOnPorts(ports: readonly ProxyPort[], ask: AskPort = askPort): Promise<OtherProxy[]> {
  const answers = await Promise.all(ports.map(async (port) => ({ port, answer: await ask(port) })));
  return answers.flatMap(({ port, answer }) => {
    const told = answer && whatItTells(port.path, answer);
    if (told === undefined) return [];
    const name = answer?.server === serverName ? serverName : 'kube-proxy or one like it';
    const host = port.host.includes(':') ? `[${port.host}]` : port.host;
    return [{ sign: 'port', name, seen: `${host}:${port.port} answers ${port.path} ${told}` }];
  });
}

/** What the answer says, where it is that of a Service proxy. */
function whatItTells(path: ProxyPort['path'], { status, body }: HttpReply): string | undefined {
  if (path === '/proxyMode') {
    const mode = body.trim();
    return status === 200 && modes.has(mode) ? `with ${mode}` : undefined;
  }
  return isHealthOfProxy(body) ? `with status ${status}` : undefined;
}

/** Healthy or not: `{"lastUpdated": ..., "currentTime": ...}` and more. */
function isHealthOfProxy(body: string): boolean {
  try {
    const health: unknown = JSON.parse(body);
    return typeof health === 'object' && health !== null && 'lastUpdated' in health && 'currentTime' in health;
  } catch {
    return false;
  }
}

function askPort({ host, port, path }: ProxyPort): Promise<HttpReply | undefined> {
  return askHttp(host, port, path, answerTimeoutMs);
}
