import type { Resource } from '../objects/resources.ts';
import { findResource } from '../objects/resources.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** A request about objects, read from its method and URL. */
export interface ResourceRequest {
  readonly resource: Resource;
  readonly verb: Verb;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: 'status' | undefined;
  readonly query: URLSearchParams;
}

/** Undefined when the path is none of an object or a collection that the server has. */
export function parseResourceRequest(method: string, url: URL): ResourceRequest | undefined {
  const [root, ...steps] = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const group = root === 'apis' ? steps.shift() : '';
  if ((root !== 'api' && root !== 'apis') || group === undefined || steps.shift() !== 'v1') return undefined;
  const namespace = namespaceOf(steps);
  const [plural = '', name, subresource, ...rest] = namespace === undefined ? steps : steps.slice(2);
  const resource = findResource(group, plural);
  if (resource === undefined || rest.length > 0 || name === '') return undefined;
  if (subresource !== undefined && !(subresource === 'status' && resource.hasStatus)) return undefined;
  const query = url.searchParams;
  const verb = verbOf(method, name !== undefined, isTrue(query.get('watch')));
  if (verb === undefined || (namespace !== undefined && !resource.namespaced)) return undefined;
  return { resource, verb, namespace, name, subresource, query };
}

/** How query parameters say yes. */
export function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1';
}

/** `namespaces/x/services` is in a namespace; `namespaces/x` and `namespaces/x/status` are the namespace itself. */
function namespaceOf(steps: readonly string[]): string | undefined {
  const inside =
    steps[0] === 'namespaces' && steps[2] !== undefined && steps[2] !== 'status' && steps[2] !== 'finalize';
  return inside ? steps[1] : undefined;
}

function verbOf(method: string, named: boolean, watch: boolean): Verb | undefined {
  switch (method) {
    case 'GET':
      return watch ? 'watch' : named ? 'get' : 'list';
    case 'POST':
      return named ? undefined : 'create';
    case 'PUT':
      return named ? 'update' : undefined;
    case 'PATCH':
      return named ? 'patch' : undefined;
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      return undefined;
  }
}
