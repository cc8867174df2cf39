import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '../../observe/log.ts';
import type { KubernetesService } from './learned-servers.ts';
import { makeDirectory } from './make-directory.ts';

/** More than any cluster has; a longer list is not one of ours. */
const maxEntries = 256;
const maxBytes = 64 * 1024;
const formatVersion = 1;

export interface ServerCacheOptions {
  readonly path: string;
  /** URL of the configured API server: what was learned of one cluster is of no use in another. */
  readonly configuredServer: string;
  readonly log: Log;
  /** Replaces a file as a whole; for tests. */
  readonly replace?: typeof replaceFile;
}

/**
 * The learned addresses of the API server on disk, so that a restart needs neither the configured server nor a Service.
 * The file is replaced as a whole and may be read by its owner only. It can be lost or damaged without harm: what is in
 * it is tried, with the same checks of certificates as any server. Failures are logged once until it works again.
 */
export class ServerCache {
  readonly #options: ServerCacheOptions;
  #writing: Promise<void> = Promise.resolve();
  #hasFailed = false;

  constructor(options: ServerCacheOptions) {
    this.#options = options;
  }

  /** What was written last; undefined when there is nothing that can be used. Never rejects. */
  async read(): Promise<KubernetesService | undefined> {
    const { path, configuredServer, log } = this.#options;
    try {
      const text = await readFile(path, 'utf8');
      if (text.length > maxBytes) throw new Error(`is larger than ${maxBytes} bytes`);
      const content = contentOf(JSON.parse(text));
      if (content.configuredServer === configuredServer) return content;
      log.info('The cached addresses are those of another cluster', { path, server: content.configuredServer });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      log.warning('The cached addresses of API servers cannot be used', { path, reason: String(error) });
    }
    return undefined;
  }

  /** Writes in the background, one after the other; resolves when it has ended, well or not. */
  write(found: KubernetesService): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeNow(found));
    return this.#writing;
  }

  async #writeNow({ urls, virtualHosts }: KubernetesService): Promise<void> {
    const { path, configuredServer, log, replace = replaceFile } = this.#options;
    const content = { version: formatVersion, configuredServer, urls, virtualHosts };
    try {
      await replace(path, `${JSON.stringify(content, undefined, 2)}\n`);
      this.#hasFailed = false;
    } catch (error) {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      log.warning('The addresses of API servers cannot be cached; a restart will need the configured one', {
        path,
        reason: `${String(error)}${hintOf(error)}`,
      });
    }
  }
}

/** The old content or the new one is there at every moment. */
async function replaceFile(path: string, text: string): Promise<void> {
  await makeDirectory(dirname(path));
  const written = `${path}.new`;
  await rm(written, { force: true });
  try {
    const file = await open(written, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(written, path);
  } catch (error) {
    await rm(written, { force: true }).catch(() => undefined); // the first error says more
    throw error;
  }
}

const hints: Readonly<Record<string, string>> = {
  ENOSPC: '; the disk is full',
  EDQUOT: '; the quota of the disk is used up',
  EROFS: '; the file system is read-only: mount a directory of the node there, or set apiServer.cacheFile',
  EACCES: '; the directory may not be written by this user: see apiServer.cacheFile',
};

function hintOf(error: unknown): string {
  return hints[(error as NodeJS.ErrnoException).code ?? ''] ?? '';
}

/** Reads what `write` has written. Throws for anything else. */
function contentOf(value: unknown): KubernetesService & { readonly configuredServer: string } {
  const content = value as Partial<Record<'version' | 'configuredServer' | 'urls' | 'virtualHosts', unknown>> | null;
  if (content?.version !== formatVersion) throw new Error('is not a list of this version');
  const { configuredServer, urls, virtualHosts } = content;
  if (typeof configuredServer !== 'string') throw new Error('configuredServer is no text');
  if (!isTextList(urls) || urls.length === 0 || !urls.every(isHttpsUrl))
    throw new Error('urls is no list of https URLs');
  if (!isTextList(virtualHosts)) throw new Error('virtualHosts is no list of texts');
  return { configuredServer, urls, virtualHosts };
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= maxEntries && value.every((entry) => typeof entry === 'string');
}

function isHttpsUrl(text: string): boolean {
  return text.startsWith('https://') && URL.canParse(text) && new URL(text).pathname === '/';
}
