import type { Resource } from '../objects/resources.ts';
import { namedGroups, RESOURCES } from '../objects/resources.ts';

/**
 * The answer to `/openapi/v3` and the documents below it; undefined for other paths. kubectl looks here whether a kind
 * can be validated and dry-run by the server: it wants one path per kind whose patch operation names the kind and has
 * the parameters `fieldValidation` and `dryRun`. Schemas are left out, so nothing is validated on the client.
 */
export function openApiV3Document(path: string): object | undefined {
  if (path === '/openapi/v3') return { paths: Object.fromEntries(['', ...namedGroups()].map(indexEntry)) };
  const group = ['', ...namedGroups()].find((name) => path === `/openapi/v3/${groupPath(name)}`);
  if (group === undefined) return undefined;
  const resources = RESOURCES.filter((resource) => resource.group === group);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1' },
    paths: Object.fromEntries(resources.map((resource) => [itemPath(resource), operations(resource)])),
    components: { schemas: {} },
  };
}

/** The path of one object of a resource, with its variables in braces. */
export function itemPath(resource: Resource): string {
  const namespace = resource.namespaced ? 'namespaces/{namespace}/' : '';
  return `/${groupPath(resource.group)}/${namespace}${resource.plural}/{name}`;
}

function indexEntry(group: string): [string, object] {
  return [groupPath(group), { serverRelativeURL: `/openapi/v3/${groupPath(group)}?hash=1` }];
}

function groupPath(group: string): string {
  return group === '' ? 'api/v1' : `apis/${group}/v1`;
}

function operations(resource: Resource): object {
  const { group, version, kind } = resource;
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string' },
  }));
  const operation = (action: string) => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
    parameters,
    responses: {},
  });
  return { get: operation('get'), put: operation('put'), patch: operation('patch'), delete: operation('delete') };
}
