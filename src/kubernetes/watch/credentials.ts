/** What a request needs to be accepted. Texts are PEM. */
export interface Credentials {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Name in the server's certificate, if it is not the host of the URL. */
  readonly serverName?: string;
  /** False accepts any server certificate. */
  readonly verifyServer: boolean;
  /** E.g. `Authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Wall-clock time from which on they are to be read again, in milliseconds since 1970; absent when unknown. */
  readonly renewAtMs?: number;
}

/** Where credentials come from: a kubeconfig, a service account, or nowhere. */
export interface CredentialSource {
  /** URL of the API server, without a slash at its end. */
  readonly server: string;
  /** Proxy on the way to it, which wins over the environment's. */
  readonly proxyUrl?: string;
  /**
   * Whether the server is taken from the pod's environment, where it is the cluster IP of `default/kubernetes` unless
   * somebody has changed it: an address that works only where Services do.
   */
  readonly isInCluster?: boolean;
  /**
   * Reads files again and asks a plugin whose credential has expired. With `fresh` nothing kept is used: the server has
   * refused what was given out last. Rejects when a file cannot be read or a plugin fails.
   */
  read(fresh: boolean): Promise<Credentials>;
}

/** No credentials at all, as with `--master` alone. */
export function anonymousSource(server: string): CredentialSource {
  return { server, read: () => Promise.resolve({ verifyServer: true, headers: {} }) };
}
