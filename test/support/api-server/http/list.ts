import { present } from '../objects/event-conversion.ts';
import type { JsonRecord, KubernetesObject } from '../objects/kubernetes-object.ts';
import { isRecord, keyOf } from '../objects/kubernetes-object.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { ObjectMatcher } from '../objects/selectors.ts';
import { parseSelectors } from '../objects/selectors.ts';
import { badRequest, expired, tooLargeResourceVersion } from '../objects/status.ts';
import type { ResourceRequest } from './resource-request.ts';

/** One page of a list. */
export interface ListPage {
  readonly items: readonly KubernetesObject[];
  readonly metadata: JsonRecord;
}

/**
 * Answers a list request: current objects, the objects at an exact version, or the next page of an earlier list, which
 * shows the state of its first page. Throws 410 when that state is forgotten, 504 for a version still to come.
 */
export function listPage(store: ObjectStore, request: ResourceRequest): ListPage {
  const { query } = request;
  const token = query.get('continue') ?? '';
  const start = token === '' ? firstPosition(store, query) : decodeToken(token);
  const state = store.stateAt(request.resource.storage, start.revision);
  if (state === undefined) throw forgotten(token, start.revision);
  const matches = requestMatcher(request);
  const items = state
    .map((object) => present(request.resource, object))
    .filter(matches)
    .sort(byKey)
    .filter((object) => start.after === '' || keyOf(object) > start.after);
  return cutPage(items, start.revision, pageSize(query));
}

/** Namespace, name and selectors of a request as one predicate on presented objects. */
export function requestMatcher(request: ResourceRequest): ObjectMatcher {
  const { namespace, name, resource, query } = request;
  const selected = parseSelectors(resource, query.get('labelSelector'), query.get('fieldSelector'));
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    selected(object);
}

/** The number in `resourceVersion`; 0 when it is absent. Throws 400 for other texts. */
export function requestedRevision(query: URLSearchParams): number {
  const text = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(text)) throw badRequest(`Invalid value: "${text}": resourceVersion must be a number`);
  return Number(text);
}

export function byKey(left: KubernetesObject, right: KubernetesObject): number {
  return keyOf(left) < keyOf(right) ? -1 : 1;
}

interface Position {
  readonly revision: number;
  /** Key of the last object of the page before; `''` at the beginning. */
  readonly after: string;
}

function firstPosition(store: ObjectStore, query: URLSearchParams): Position {
  const asked = requestedRevision(query);
  if (asked > store.revision) throw tooLargeResourceVersion(asked, store.revision);
  const exact = asked > 0 && query.get('resourceVersionMatch') === 'Exact';
  return { revision: exact ? asked : store.revision, after: '' };
}

/** As with the real server's cache, version 0 means: everything you have, in one piece. */
function pageSize(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? 0);
  if (!Number.isInteger(limit) || limit < 0)
    throw badRequest(`limit must be a whole number, not ${query.get('limit')}`);
  return query.get('resourceVersion') === '0' || limit === 0 ? Number.POSITIVE_INFINITY : limit;
}

function cutPage(items: readonly KubernetesObject[], revision: number, size: number): ListPage {
  const resourceVersion = String(revision);
  const page = items.slice(0, size);
  const last = page.at(-1);
  if (items.length <= size || last === undefined) return { items: page, metadata: { resourceVersion } };
  const token = Buffer.from(JSON.stringify({ revision, after: keyOf(last) })).toString('base64url');
  return { items: page, metadata: { resourceVersion, continue: token, remainingItemCount: items.length - size } };
}

function decodeToken(token: string): Position {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (isRecord(value) && typeof value['revision'] === 'number' && typeof value['after'] === 'string') {
      return { revision: value['revision'], after: value['after'] };
    }
  } catch {
    // Answered below, as any other text that is no token.
  }
  throw badRequest('continue key is not valid');
}

function forgotten(token: string, revision: number): Error {
  if (token === '') return expired(`The resourceVersion for the provided list is too old: ${revision}`);
  return expired(
    'The provided continue parameter is too old to display a consistent list result. You must start a new list ' +
      'without the continue parameter.',
  );
}
