import type { Resource } from '../objects/resources.ts';
import { namedGroups, RESOURCES } from '../objects/resources.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** The answer to a discovery path (`/version`, `/api`, `/apis`, `/apis/<group>/v1` ...); undefined for other paths. */
export function discoveryDocument(path: string, serverVersion: string): object | undefined {
  const steps = path.split('/').filter((step) => step !== '');
  const [root, group, version] = steps;
  if (path === '/version') return versionDocument(serverVersion);
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: namedGroups().map(groupDocument) };
  if (root === 'api' && steps.length === 2 && group === 'v1') return resourceList('');
  if (root !== 'apis' || group === undefined || !namedGroups().includes(group)) return undefined;
  if (steps.length === 2) return { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(group) };
  return steps.length === 3 && version === 'v1' ? resourceList(group) : undefined;
}

function versionDocument(gitVersion: string): object {
  const [, major = '1', minor = '0'] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  const build = { gitCommit: '', gitTreeState: 'clean', buildDate: '1970-01-01T00:00:00Z' };
  return { major, minor, gitVersion, ...build, goVersion: '', compiler: 'gc', platform: 'linux/amd64' };
}

function groupDocument(name: string): object {
  const version = { groupVersion: `${name}/v1`, version: 'v1' };
  return { name, versions: [version], preferredVersion: version };
}

function resourceList(group: string): object {
  const resources = RESOURCES.filter((resource) => resource.group === group).flatMap(resourceEntries);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: group === '' ? 'v1' : `${group}/v1`, resources };
}

function resourceEntries(resource: Resource): object[] {
  const { plural, kind, namespaced, shortNames, categories, singular: singularName } = resource;
  const lists = { ...(shortNames.length > 0 && { shortNames }), ...(categories.length > 0 && { categories }) };
  const main = { name: plural, singularName, namespaced, kind, verbs: VERBS, ...lists };
  const status = { name: `${plural}/status`, singularName: '', namespaced, kind, verbs: ['get', 'patch', 'update'] };
  return resource.hasStatus ? [main, status] : [main];
}
