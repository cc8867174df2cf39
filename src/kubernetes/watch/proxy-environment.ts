import { type IpAddress, isInCidr, isLoopback, parseCidr, parseIp } from '../../model/ip.ts';
import { withoutCredentials } from '../../model/url-text.ts';
import { ClientConfigError } from './errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy on the way to a server, or undefined. As Go programs read the environment: `HTTPS_PROXY` for https://,
 * `HTTP_PROXY` for http://, in small letters too, the capital ones first; never for `localhost` and loopback addresses,
 * nor for what `NO_PROXY` names: `*`, addresses, networks, host names with their subdomains, each with or without a
 * port. Throws `ClientConfigError` for a proxy that is no http:// or https:// URL.
 */
export function proxyFor(server: string, environment: Environment): string | undefined {
  const { hostname, port, protocol } = new URL(server);
  const [name, proxy] = read(environment, protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const address = parseIp(host);
  if (proxy === '' || host === 'localhost' || (address !== undefined && isLoopback(address))) return undefined;
  const target = { host, address, port: port || (protocol === 'https:' ? '443' : '80') };
  const [, exceptions] = read(environment, 'NO_PROXY');
  if (exceptions.split(',').some((exception) => isAbout(exception.trim().toLowerCase(), target))) return undefined;
  return checkProxy(proxy, `environment variable ${name}`);
}

/** The proxy's URL as it is used. Throws `ClientConfigError`, naming where it was written. */
export function checkProxy(text: string, place: string): string {
  const written = text.includes('://') ? text : `http://${text}`;
  const url = URL.parse(written);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw new ClientConfigError(
      `${place}: ${withoutCredentials(written)} is no proxy that is supported; use http://host:port or https://`,
    );
  }
  return written;
}

function read(environment: Environment, name: string): readonly [name: string, value: string] {
  const small = name.toLowerCase();
  return environment[name] ? [name, environment[name]] : [small, environment[small] ?? ''];
}

interface Target {
  readonly host: string;
  /** Undefined when the host is a name. */
  readonly address: IpAddress | undefined;
  readonly port: string;
}

/** Whether one entry of NO_PROXY is about the server. */
function isAbout(entry: string, { host, address, port }: Target): boolean {
  if (entry === '' || entry === '*') return entry === '*';
  const network = parseCidr(entry);
  if (network !== undefined) return address !== undefined && isInCidr(address, network);
  const isBareAddress = parseIp(entry) !== undefined;
  const [, name = entry, entryPort = port] = /^\[?(.*?)\]?:(\d+)$/.exec(isBareAddress ? '' : entry) ?? [];
  if (entryPort !== port) return false;
  if (address !== undefined) return parseIp(name) === address;
  const domain = name.replace(/^\*/, '');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}
