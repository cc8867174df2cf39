import { withoutCredentials } from '../model/url-text.ts';
import type { ApiServerSettings } from './config.ts';
import type { ConfigProblem } from './errors.ts';
import { notPossible } from './field-problems.ts';
import { nullableBool, nullableText, section, text, textList } from './schema-fields.ts';

/** `apiServer` of ProxierConfiguration: ways to the API server that do not depend on Services. */
export const apiServerFields = section(
  'Further ways to the API server, used when the configured one fails; new ones need a restart.',
  {
    urls: textList(
      'Addresses of API servers, `https://host:port`, in the order in which they are used after that of the kubeconfig. Where that is the address of a Service, as it is in a pod, these come first.',
    ),
    tlsServerName: text(
      'Name or IP address in the certificates of `urls` and of discovered servers. Blank means the host of each of `urls`, and for discovered servers the host of the kubeconfig; `tls-server-name` of the kubeconfig wins.',
    ),
    discovery: nullableBool(
      'Whether the endpoints of the Service `default/kubernetes` are used too, after `urls`.',
      true,
    ),
    cacheFile: nullableText(
      'File that keeps the discovered servers for the next start, an absolute path; blank keeps none.',
      '/var/lib/ipvs-proxier/api-servers.json',
    ),
  },
);

interface ApiServerFile {
  readonly urls: readonly string[];
  readonly tlsServerName: string;
  readonly discovery: boolean;
  readonly cacheFile: string;
}

export function apiServerProblems(file: string, { urls, tlsServerName, cacheFile }: ApiServerFile): ConfigProblem[] {
  const place = `${file}: apiServer`;
  const bad = urls.flatMap((url, index) => {
    const reason = urlProblem(url);
    return reason === undefined ? [] : [notPossible(`${place}.urls[${index}]`, withoutCredentials(url), reason)];
  });
  if (/[\s/]/.test(tlsServerName)) {
    bad.push(notPossible(`${place}.tlsServerName`, tlsServerName, 'a host name or an IP address, or blank'));
  }
  if (cacheFile !== '' && !cacheFile.startsWith('/')) {
    bad.push(notPossible(`${place}.cacheFile`, cacheFile, 'an absolute path, or blank'));
  }
  return bad;
}

/** Credentials are sent there, so nothing but https will do. */
function urlProblem(written: string): string | undefined {
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url === undefined || url.protocol !== 'https:' || url.hostname === '') return 'https://host:port';
  const extra = url.username + url.password + url.search + url.hash;
  return extra === '' ? undefined : 'https://host:port/path without user, query and fragment';
}

/** As it is used: URLs without a slash at their end. */
export function apiServerSettings({ urls, tlsServerName, discovery, cacheFile }: ApiServerFile): ApiServerSettings {
  return { urls: urls.map((url) => url.replace(/\/+$/, '')), tlsServerName, discovery, cacheFile };
}
