import type { KubernetesObject } from './kubernetes-object.ts';
import { isRecord } from './kubernetes-object.ts';
import type { Resource } from './resources.ts';
import { badRequest } from './status.ts';

export type ObjectMatcher = (object: KubernetesObject) => boolean;
type LabelMatcher = (labels: Readonly<Record<string, string>>) => boolean;

/** Label and field selector of a request as one predicate. Throws a 400 for a selector that does not parse. */
export function parseSelectors(
  resource: Resource,
  labelSelector: string | null,
  fieldSelector: string | null,
): ObjectMatcher {
  const labels = parseLabelSelector(labelSelector ?? '');
  const fields = parseFieldSelector(resource, fieldSelector ?? '');
  return (object) => labels(object.metadata.labels ?? {}) && fields.every((matches) => matches(object));
}

/** `a=b,c!=d,e in (f,g),h notin (i),j,!k`: all of them must hold. */
export function parseLabelSelector(selector: string): LabelMatcher {
  const requirements = splitRequirements(selector).map(parseRequirement);
  return (labels) => requirements.every((matches) => matches(labels));
}

/** Commas inside parentheses do not separate. */
function splitRequirements(selector: string): readonly string[] {
  return (selector.match(/(?:[^,(]|\([^)]*\))+/g) ?? []).map((text) => text.trim()).filter((text) => text !== '');
}

function parseRequirement(text: string): LabelMatcher {
  const membership = /^([^\s!=]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text);
  if (membership !== null) {
    const [, key = '', operator, list = ''] = membership;
    const values = new Set(list.split(',').map((value) => value.trim()));
    if (operator === 'in') return (labels) => values.has(labels[key] ?? NO_VALUE);
    return (labels) => !values.has(labels[key] ?? NO_VALUE);
  }
  const comparison = /^([^\s!=]+)\s*(==|=|!=)\s*([^\s!=]*)$/.exec(text);
  if (comparison !== null) {
    const [, key = '', operator, value] = comparison;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const existence = /^(!?)\s*([^\s!=()]+)$/.exec(text);
  if (existence === null) throw badRequest(`unable to parse requirement: found '${text}'`);
  const [, not, key = ''] = existence;
  return not === '!' ? (labels) => !(key in labels) : (labels) => key in labels;
}

/** Not a valid label value, so never in a set. */
const NO_VALUE = '\0';

function parseFieldSelector(resource: Resource, selector: string): readonly ObjectMatcher[] {
  return selector
    .split(',')
    .filter((text) => text !== '')
    .map((text) => parseFieldTerm(resource, text));
}

function parseFieldTerm(resource: Resource, text: string): ObjectMatcher {
  const term = /^([^=!]+)(==|=|!=)(.*)$/.exec(text);
  if (term === null) throw badRequest(`invalid field selector: ${text}; can't understand '${text}'`);
  const [, path = '', operator, value] = term;
  const known = ['metadata.name', 'metadata.namespace', ...resource.selectableFields];
  if (!known.includes(path)) {
    const names = known.map((name) => `"${name}"`).join(', ');
    throw badRequest(`field label not supported: "${path}" is not a known field selector: only ${names}`);
  }
  const equal: ObjectMatcher = (object) => fieldText(object, path) === value;
  return operator === '!=' ? (object) => !equal(object) : equal;
}

/** The value at a path as the server compares it; an absent one is the empty text, `false` for the one boolean. */
function fieldText(object: KubernetesObject, path: string): string {
  if (path === 'source') return fieldText(object, 'source.component') || fieldText(object, 'reportingComponent');
  let value: unknown = object;
  for (const name of path.split('.')) value = isRecord(value) ? value[name] : undefined;
  if (value === undefined || value === null) return path === 'spec.unschedulable' ? 'false' : '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
}
