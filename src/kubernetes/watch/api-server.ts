import { isIP } from 'node:net';

/** One address of the API server. */
export interface ApiServer {
  /** Without a slash at its end. */
  readonly url: string;
  /** Name or IP address that its certificate has to be for; absent means the host of the URL. */
  readonly certificateName?: string;
  /** `configured`: kubeconfig, `--master` or the pod's environment; `listed`: apiServer.urls; `learned`: default/kubernetes. */
  readonly origin: 'configured' | 'listed' | 'learned';
  /** What to do when it cannot be reached; added to the error. */
  readonly hint?: string;
}

/** A server URL as users write it: with or without scheme, path and slash at the end. */
export function normalizeServerUrl(text: string, defaultScheme: 'http' | 'https'): string {
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `${defaultScheme}://${text}`;
  return withScheme.replace(/\/+$/, '');
}

/** Host of a URL, IPv6 addresses without brackets. Throws `TypeError` for what is no URL. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}

/** `https://` and a host with a port; IPv6 addresses get their brackets. */
export function httpsUrl(host: string, port: number | string): string {
  return `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
