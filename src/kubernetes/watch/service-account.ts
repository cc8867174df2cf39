import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../observe/log.ts';
import { httpsUrl } from './api-server.ts';
import type { CredentialSource, Credentials } from './credentials.ts';
import { ClientConfigError } from './errors.ts';

export interface ServiceAccountOptions {
  /** For `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Directory with `token` and `ca.crt`. */
  readonly directory: string;
  readonly log: Log;
}

export const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Credentials of the pod this program runs in. Rejects with `ClientConfigError` outside of a cluster and when the token
 * cannot be read; when there is no `ca.crt` at the start, the system's certificate authorities are used.
 */
export async function openServiceAccount(options: ServiceAccountOptions): Promise<CredentialSource> {
  const host = options.environment['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = options.environment['KUBERNETES_SERVICE_PORT'] ?? '';
  if (host === '' || port === '') {
    throw new ClientConfigError(
      'neither a kubeconfig nor --master is given, and this is not a pod: ' +
        'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set',
    );
  }
  const { directory, log } = options;
  const first = await readServiceAccount(directory).catch((error: unknown) => {
    throw new ClientConfigError(`service account token in ${directory}: ${String(error)}`, { cause: error });
  });
  if (first.ca === undefined) {
    log.warning('No CA certificate beside the service account token, using those of the system', { directory });
  }
  return {
    server: httpsUrl(host, port),
    isInCluster: true,
    read: async () => {
      const credentials = await readServiceAccount(directory);
      if (first.ca === undefined || credentials.ca !== undefined) return credentials;
      throw new Error(`${join(directory, 'ca.crt')} has gone, or is being written`);
    },
  };
}

async function readServiceAccount(directory: string): Promise<Credentials> {
  const token = (await readFile(join(directory, 'token'), 'utf8')).trim();
  if (token === '') throw new Error(`${join(directory, 'token')} is empty`);
  const ca = await readFile(join(directory, 'ca.crt'), 'utf8').catch(() => '');
  return { ...(ca.trim() && { ca }), verifyServer: true, headers: { Authorization: `Bearer ${token}` } };
}
