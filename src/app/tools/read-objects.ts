import { ClusterTables } from '../../cluster/tables.ts';
import { ClientConfigError } from '../../kubernetes/watch/errors.ts';
import { createDecoder, type Decoder } from '../../kubernetes/objects/decoder.ts';
import { listPages } from '../../kubernetes/watch/paged-list.ts';
import { findManifestFiles } from '../../kubernetes/watch/manifest-files.ts';
import { emptyContent, type ManifestContent, readManifest } from '../../kubernetes/watch/manifest-content.ts';
import type { ApiClient } from '../../kubernetes/watch/kube-client.ts';
import { ObjectIntake } from '../../kubernetes/watch/object-intake.ts';
import { watchedEndpointSlices, watchedNodes, watchedServices } from '../../kubernetes/watch/watched-resource.ts';
import type { Decoded } from '../../kubernetes/objects/decoded.ts';
import type { EndpointSlice } from '../../kubernetes/objects/endpoint-slice.ts';
import type { Node } from '../../kubernetes/objects/node.ts';
import type { Service } from '../../kubernetes/objects/service.ts';
import type { WatchedResource } from '../../kubernetes/watch/watched-resource.ts';
import { silentLog } from '../../observe/log.ts';
import { systemClock } from '../system-clock.ts';
import type { ToolSettings } from './tool-settings.ts';
import type { ToolWorld } from './tool-world.ts';

/** Objects as they are now. */
export interface ReadObjects {
  readonly tables: ClusterTables;
  /** Where they come from, in words. */
  readonly origin: string;
  /** What is wrong with some of them; those count as absent, or that part of them does. */
  readonly problems: readonly string[];
}

/** Longest time for all requests together. */
const deadlineMs = 60_000;

/**
 * Reads Services, EndpointSlices and Nodes once: from files where they are named, else as the daemon gets them. Throws
 * what reading throws; an object that cannot be used is a problem only.
 */
export async function readObjects(
  tool: ToolSettings,
  files: readonly string[] | undefined,
  world: Pick<ToolWorld, 'readFile'>,
): Promise<ReadObjects> {
  if (files !== undefined) {
    const read = readFiles(files, world);
    if (read.isEmpty) throw new Error(`${read.origin}: there is nothing in it, and so no objects`);
    return read;
  }
  const { settings, nodeName } = tool;
  if (settings.manifests.length > 0) {
    const found = await findManifestFiles(settings.manifests);
    return readFiles(
      found.map(({ path }) => path),
      world,
    );
  }
  const client = await openClient(tool);
  const signal = AbortSignal.timeout(deadlineMs);
  const list = <T>(resource: WatchedResource, decode: (value: unknown) => Decoded<T>) =>
    listAll({ client, resource, decode, signal });
  const decoder = createDecoder();
  const services = await list(watchedServices, decoder.service);
  const slices = await list(watchedEndpointSlices, decoder.endpointSlice);
  const areAllKnown = settings.config.proxier.knownNodes === 'all';
  const nodes = await list(watchedNodes(areAllKnown ? undefined : nodeName), decoder.node);
  return {
    tables: tablesOf(services.objects, slices.objects, nodes.objects),
    origin: 'the API server',
    problems: [services, slices, nodes].flatMap(({ problems }) => problems),
  };
}

/** A client of the API server that the settings name. Throws `ClientConfigError`. */
export async function openClient({ settings, daemon }: ToolSettings): Promise<ApiClient> {
  const { openApiClient } = await import('../objects/open-source.ts'); // nothing of it is needed for files
  const { clientConnection: connection, proxier } = settings.config;
  const { apiServer } = proxier;
  try {
    return await openApiClient({ connection, apiServer, version: settings.version.text, log: silentLog });
  } catch (error) {
    const isUnsaid = connection.kubeconfig === '' && connection.master === '' && daemon === undefined;
    if (!isUnsaid || !(error instanceof ClientConfigError)) throw error;
    const hint = 'no ipvs-proxier is seen here whose flags could be taken; give --kubeconfig, or objects with -f';
    throw new ClientConfigError(`${error.message}; ${hint}`, { cause: error });
  }
}

interface Listed<T> {
  readonly objects: readonly T[];
  readonly problems: readonly string[];
}

async function listAll<T>(options: {
  readonly client: ApiClient;
  readonly resource: WatchedResource;
  readonly decode: (value: unknown) => Decoded<T>;
  readonly signal: AbortSignal;
}): Promise<Listed<T>> {
  const { client, resource, decode, signal } = options;
  const objects: T[] = [];
  const problems: string[] = [];
  const intake = new ObjectIntake({
    resource: resource.name,
    decode,
    log: silentLog,
    onFaults: ({ key, problems: found }) => problems.push(`${resource.name} ${key}: ${found.join('; ')}`),
  });
  const onItem = (item: unknown) => {
    const { object } = intake.take(item);
    if (object !== undefined) objects.push(object);
  };
  await listPages({ client, clock: systemClock, resource, signal, onItem });
  return { objects, problems };
}

function readFiles(
  files: readonly string[],
  world: Pick<ToolWorld, 'readFile'>,
): ReadObjects & { readonly isEmpty: boolean } {
  const decoder = createDecoder();
  const contents = files.map((file) => readOne(file, decoder, world));
  return {
    tables: tablesOf(
      contents.flatMap(({ content }) => [...content.services.values()]),
      contents.flatMap(({ content }) => [...content.slices.values()]),
      contents.flatMap(({ content }) => [...content.nodes.values()]),
    ),
    origin: files.join(', '),
    isEmpty: contents.every((each) => each.isEmpty),
    problems: contents.flatMap(({ problems }) => problems),
  };
}

function readOne(
  file: string,
  decoder: Decoder,
  { readFile }: Pick<ToolWorld, 'readFile'>,
): { readonly content: ManifestContent; readonly problems: readonly string[]; readonly isEmpty: boolean } {
  const name = file === '-' ? 'standard input' : file;
  const text = textOf(file, name, readFile);
  const { content, errors, warnings } = readManifest({
    file: name,
    text,
    decoder,
    previous: emptyContent,
  });
  return { content, problems: [...errors.map((error) => error.message), ...warnings], isEmpty: text.trim() === '' };
}

function textOf(file: string, name: string, readFile: ToolWorld['readFile']): string {
  try {
    return readFile(file);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new Error(`${name} ${unreadable[code] ?? `cannot be read: ${message}`}`, { cause: error });
  }
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a directory: name a file, or - for standard input',
};

function tablesOf(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  nodes: readonly Node[],
): ClusterTables {
  const tables = new ClusterTables(() => {});
  tables.replaceNodes(nodes);
  tables.replaceServices(services);
  tables.replaceEndpointSlices(slices);
  return tables;
}
