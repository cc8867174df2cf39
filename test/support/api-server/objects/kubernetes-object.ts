import { badRequest } from './status.ts';

/** The part of `metadata` that the server reads or writes. */
export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: Record<string, unknown>[];
  managedFields?: ManagedFields[];
}

/** Who owns which fields, as server-side apply records it. */
export interface ManagedFields {
  manager: string;
  operation: 'Apply';
  apiVersion: string;
  time: string;
  fieldsType: 'FieldsV1';
  fieldsV1: FieldTree;
}

/** Nested `f:<field>`, `k:<keys>` and `v:<value>` names; a leaf is an empty tree. */
export interface FieldTree {
  [name: string]: FieldTree;
}

/** Any object the server stores. Stored objects are never changed in place. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** What tests may leave out when they hand in an object: everything but the kind and a name. */
export type ObjectInput = { metadata: Partial<ObjectMeta> } & Record<string, unknown>;

export type JsonRecord = Record<string, unknown>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Checks that decoded JSON has the outline of an object; the namespace and the type come from the request. */
export function readObject(value: unknown, type: { apiVersion: string; kind: string }): KubernetesObject {
  if (!isRecord(value)) throw badRequest('the object provided is unrecognized: expected a JSON object');
  checkType('apiVersion', value['apiVersion'], type.apiVersion);
  checkType('kind', value['kind'], type.kind);
  const metadata = value['metadata'] ?? {};
  if (!isRecord(metadata)) throw badRequest('json: cannot unmarshal metadata into Go value of type v1.ObjectMeta');
  const { apiVersion, kind } = type;
  // The fields of metadata are taken as they come; names are validated when the object is written.
  return { ...structuredClone(value), apiVersion, kind, metadata: structuredClone(metadata) as unknown as ObjectMeta };
}

function checkType(field: string, found: unknown, expected: string): void {
  if (found === undefined || found === '' || found === expected) return;
  throw badRequest(
    `the ${field} in the data (${JSON.stringify(found)}) does not match the expected ${field} (${expected})`,
  );
}

/** Identity within one resource: also the order of lists. */
export function objectKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

export function keyOf(object: KubernetesObject): string {
  return objectKey(object.metadata.namespace, object.metadata.name);
}

/** Equality of JSON values; the order of fields does not count, that of lists does. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => sameJson(item, right[index]));
  }
  if (!isRecord(left) || !isRecord(right)) return false;
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => sameJson(left[name], right[name]));
}

/** A time as Kubernetes writes it: RFC 3339 to the second. */
export function kubernetesTime(moment: Date): string {
  return moment.toISOString().replace(/\.\d+Z$/, 'Z');
}
