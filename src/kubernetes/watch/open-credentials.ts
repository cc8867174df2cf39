import type { CredentialSource } from './credentials.ts';
import type { Clock } from '../../model/clock.ts';
import { normalizeServerUrl } from './api-server.ts';
import { anonymousSource } from './credentials.ts';
import type { ServiceAccountOptions } from './service-account.ts';
import { openServiceAccount } from './service-account.ts';

export interface OpenCredentialsOptions extends ServiceAccountOptions {
  /** Path of a kubeconfig; may be empty. */
  readonly kubeconfig: string;
  /** URL of the API server, which wins over that of the kubeconfig; may be empty. */
  readonly master: string;
  /** `openKubeConfig` of `kube-config.ts`, handed in because the library behind it is costly to load. */
  readonly openKubeConfig: (path: string, master: string, clock: Clock) => Promise<CredentialSource>;
  /** For credentials that expire. */
  readonly clock: Clock;
}

/**
 * Picks the way to the API server: the kubeconfig if one is given, anonymous access with `master` alone, the service
 * account of the pod with neither. Rejects with `ClientConfigError`.
 */
export function openCredentials(options: OpenCredentialsOptions): Promise<CredentialSource> {
  if (options.kubeconfig !== '') return options.openKubeConfig(options.kubeconfig, options.master, options.clock);
  if (options.master !== '') return Promise.resolve(anonymousSource(normalizeServerUrl(options.master, 'http')));
  options.log.info('Neither kubeconfig nor master was given, using the service account of the pod');
  return openServiceAccount(options);
}
