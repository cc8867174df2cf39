import { forbidden, invalidValue, required } from './field-error.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { isRecord } from './kubernetes-object.ts';
import type { Resource } from './resources.ts';
import type { StatusCause } from './status.ts';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_1035_LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** What is wrong with the name, the labels and the annotations of an object. */
export function validateMetadata(resource: Resource, object: KubernetesObject): StatusCause[] {
  const { name, labels, annotations } = object.metadata;
  return [
    ...validateName(resource, name),
    ...validateLabels(labels),
    ...validateTexts('metadata.annotations', annotations),
  ];
}

export function validateDnsLabel(field: string, name: string): StatusCause[] {
  if (DNS_LABEL.test(name)) return [];
  const rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end " +
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
  return [invalidValue(field, name, rule)];
}

export function validatePortNumber(field: string, port: unknown): StatusCause[] {
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535) return [];
  return [invalidValue(field, port ?? 0, 'must be between 1 and 65535, inclusive')];
}

function validateName(resource: Resource, name: unknown): StatusCause[] {
  const field = 'metadata.name';
  if (typeof name !== 'string' || name === '') return [required(field, 'name or generateName is required')];
  if (resource.kind === 'Namespace') return validateDnsLabel(field, name);
  if (resource.kind === 'Service') {
    const rule =
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic " +
      "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation " +
      "is '[a-z]([-a-z0-9]*[a-z0-9])?')";
    return DNS_1035_LABEL.test(name) ? [] : [invalidValue(field, name, rule)];
  }
  const rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start " +
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
  return DNS_SUBDOMAIN.test(name) ? [] : [invalidValue(field, name, rule)];
}

function validateLabels(labels: unknown): StatusCause[] {
  const causes = validateTexts('metadata.labels', labels);
  if (causes.length > 0 || !isRecord(labels)) return causes;
  return Object.entries(labels).flatMap(([key, value]) => {
    if (!LABEL_KEY.test(key)) return [invalidValue('metadata.labels', key, 'name part must be a qualified name')];
    if (LABEL_VALUE.test(String(value))) return [];
    const rule =
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start " +
      'and end with an alphanumeric character';
    return [invalidValue('metadata.labels', value, rule)];
  });
}

function validateTexts(field: string, map: unknown): StatusCause[] {
  if (map === undefined || map === null) return [];
  if (!isRecord(map)) return [invalidValue(field, map, 'must be a map of strings')];
  const wrong = Object.entries(map).find(([, value]) => typeof value !== 'string');
  return wrong === undefined ? [] : [invalidValue(field, wrong[1], `value of ${wrong[0]} must be a string`)];
}

/** Fields that no update may change. */
export function validateUpdateOfMetadata(object: KubernetesObject, previous: KubernetesObject): StatusCause[] {
  const { uid, namespace } = object.metadata;
  const causes: StatusCause[] = [];
  if (uid !== undefined && uid !== previous.metadata.uid) {
    causes.push(invalidValue('metadata.uid', uid, 'field is immutable'));
  }
  if (namespace !== previous.metadata.namespace) causes.push(forbidden('metadata.namespace', 'field is immutable'));
  return causes;
}
