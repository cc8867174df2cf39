import type { ServiceKey } from '../../model/service-key.ts';
import { DecodeError } from '../errors.ts';
import type { Decoded } from '../objects/decoded.ts';
import type { Decoder } from '../objects/decoder.ts';
import type { EndpointSlice } from '../objects/endpoint-slice.ts';
import type { Node } from '../objects/node.ts';
import type { Service } from '../objects/service.ts';
import { ManifestError } from './errors.ts';
import type { FaultyObject } from './object-intake.ts';
import type { ManifestItem } from './manifest-text.ts';
import { parseManifestText } from './manifest-text.ts';
import { identityOf } from './watch-event.ts';

/** What one manifest file, or all of them, say. */
export interface ManifestContent {
  readonly services: ReadonlyMap<ServiceKey, Service>;
  /** By `namespace/name` of the slice. */
  readonly slices: ReadonlyMap<string, EndpointSlice>;
  readonly nodes: ReadonlyMap<string, Node>;
}

export interface ManifestReading {
  readonly content: ManifestContent;
  /** One per object that cannot be used. */
  readonly errors: readonly ManifestError[];
  /** What was left out of the others, with its place. */
  readonly warnings: readonly string[];
  /** Objects of which something cannot be used, by resource and key. */
  readonly faults: ReadonlyMap<string, FaultyObject>;
}

export const emptyContent: ManifestContent = { services: new Map(), slices: new Map(), nodes: new Map() };

/** Labels by which the API server leaves objects out for this program, by kind. */
const excludedLabel: Readonly<Record<string, string>> = {
  Service: 'service.kubernetes.io/service-proxy-name',
  EndpointSlice: 'service.kubernetes.io/headless',
};
const apiVersions: Readonly<Record<string, string>> = {
  Service: 'v1',
  EndpointSlice: 'discovery.k8s.io/v1',
  Node: 'v1',
};

/**
 * Decodes the text of one manifest file. Objects of other kinds are left out. An object that cannot be used is as it was
 * in `previous`, if it was there. Throws `ManifestError` for a text that is no YAML and no JSON.
 */
export function readManifest(options: {
  readonly file: string;
  readonly text: string;
  readonly decoder: Decoder;
  readonly previous: ManifestContent;
}): ManifestReading {
  const { decoder, previous } = options;
  const services = new Map<ServiceKey, Service>();
  const slices = new Map<string, EndpointSlice>();
  const nodes = new Map<string, Node>();
  const notes: Notes = { errors: [], warnings: [], faults: new Map() };
  for (const item of parseManifestText(options.file, options.text).map(inNamespace)) {
    if (item.apiVersion !== '' && item.apiVersion !== apiVersions[item.kind]) continue;
    if (hasLabel(item.value, excludedLabel[item.kind])) continue;
    if (item.kind === 'Service') put(item, decoder.service, services, previous.services, notes);
    else if (item.kind === 'EndpointSlice') put(item, decoder.endpointSlice, slices, previous.slices, notes);
    else if (item.kind === 'Node') put(item, decoder.node, nodes, previous.nodes, notes);
  }
  return { content: { services, slices, nodes }, ...notes };
}

const namespacedKinds = new Set(['Service', 'EndpointSlice']);

/** An object that names no namespace is in `default`, as kubectl has it. */
function inNamespace(item: ManifestItem): ManifestItem {
  const { metadata } = item.value as { readonly metadata?: unknown };
  if (!namespacedKinds.has(item.kind) || typeof metadata !== 'object' || metadata === null) return item;
  const { namespace } = metadata as { readonly namespace?: unknown };
  if (namespace !== undefined && namespace !== null && namespace !== '') return item;
  return { ...item, value: { ...(item.value as object), metadata: { ...metadata, namespace: 'default' } } };
}

/** Faults of one object that are told outside of the log. */
const mostProblems = 10;

interface Notes {
  readonly errors: ManifestError[];
  readonly warnings: string[];
  readonly faults: Map<string, FaultyObject>;
}

const resources: Readonly<Record<string, string>> = {
  Service: 'services',
  EndpointSlice: 'endpointslices',
  Node: 'nodes',
};

function noteFaults({ kind, value }: ManifestItem, problems: readonly string[], { faults }: Notes): void {
  const { key } = identityOf(value);
  const resource = resources[kind] ?? kind;
  faults.set(`${resource} ${key}`, { resource, key, value, problems });
}

function put<K extends string, V>(
  item: ManifestItem,
  decode: (value: unknown) => Decoded<V>,
  objects: Map<K, V>,
  previous: ReadonlyMap<K, V>,
  notes: Notes,
): void {
  const key = identityOf(item.value).key as K; // the decoders make the keys of the same two fields
  const object = decodeItem(item, decode, previous.get(key), notes);
  if (object === undefined) return;
  if (objects.has(key)) notes.warnings.push(`${item.place('')}: ${item.kind} ${key}: is in this file more than once`);
  objects.set(key, object);
}

function decodeItem<T>(
  item: ManifestItem,
  decode: (value: unknown) => Decoded<T>,
  previous: T | undefined,
  notes: Notes,
): T | undefined {
  try {
    const decoded = decode(item.value);
    const problems = decoded.warnings.map(({ field, problem }) => `${field}: ${problem}`);
    if (problems.length > 0) noteFaults(item, problems.slice(0, mostProblems), notes);
    for (const { field, problem } of decoded.warnings) {
      const { key } = identityOf(item.value);
      notes.warnings.push(`${item.place(field)}: ${item.kind} ${key}: ${field}: ${problem}`);
    }
    return decoded.object;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    noteFaults(item, [error.message], notes);
    notes.errors.push(new ManifestError(item.place(error.field), error.message, { cause: error }));
    return previous;
  }
}

function hasLabel(value: unknown, label: string | undefined): boolean {
  if (label === undefined) return false;
  const { metadata } = value as { readonly metadata?: { readonly labels?: unknown } | null };
  const labels = metadata?.labels;
  return typeof labels === 'object' && labels !== null && Object.hasOwn(labels, label);
}
