import { ProtocolError } from './errors.ts';

/** One line of a watch. */
export interface WatchEvent {
  /** `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`; others come from a newer API. */
  readonly type: string;
  readonly object: unknown;
}

/** Reads one line of a watch. Throws `ProtocolError` when it is no event. */
export function parseWatchEvent(request: string, line: string): WatchEvent {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    throw new ProtocolError(request, `a line is not JSON: ${JSON.stringify(line.slice(0, 120))}`, { cause: error });
  }
  const event = parsed as Partial<WatchEvent> | null; // checked below
  if (typeof event?.type === 'string') return { type: event.type, object: event.object };
  throw new ProtocolError(request, `a line is no watch event: ${JSON.stringify(line.slice(0, 120))}`);
}

interface MetadataShape {
  readonly namespace?: unknown;
  readonly name?: unknown;
  readonly resourceVersion?: unknown;
  readonly annotations?: Readonly<Record<string, unknown>> | null;
}

/** What the watch itself needs from an object, whatever its kind. */
export interface ObjectIdentity {
  /** `namespace/name`, or `name` for a cluster-wide object; empty when the object has none. */
  readonly key: string;
  /** Empty when the object has none. */
  readonly resourceVersion: string;
}

export function identityOf(object: unknown): ObjectIdentity {
  const { namespace, name, resourceVersion } = metadataOf(object);
  const hasNamespace = typeof namespace === 'string' && namespace !== '';
  return {
    key: typeof name === 'string' ? (hasNamespace ? `${namespace}/${name}` : name) : '',
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
  };
}

/** Whether a bookmark says that all objects which existed at the start of the watch have been sent. */
export function isInitialEventsEnd(object: unknown): boolean {
  return metadataOf(object).annotations?.['k8s.io/initial-events-end'] === 'true';
}

function metadataOf(object: unknown): MetadataShape {
  const metadata = (object as { readonly metadata?: MetadataShape | null } | null | undefined)?.metadata;
  return typeof metadata === 'object' && metadata !== null ? metadata : {};
}
