import type { FieldReader, JsonRecord } from './field-reader.ts';

/** `metadata` of any object, with what all kinds need from it. */
export interface Metadata {
  readonly namespace: string;
  readonly name: string;
  readonly record: JsonRecord;
}

/** Reads `metadata` of a namespaced object and names the object in later errors. */
export function readMetadata(reader: FieldReader, object: JsonRecord): Metadata {
  const record = reader.record(object['metadata'], 'metadata');
  const name = reader.identifier(record['name'], 'metadata.name');
  reader.name(name);
  const namespace = reader.identifier(record['namespace'], 'metadata.namespace');
  reader.name(`${namespace}/${name}`);
  return { namespace, name, record };
}

/** A time of RFC 3339 in milliseconds since 1970; 0 when absent and, with a warning, when it is no time. */
export function readTimeMs(reader: FieldReader, value: unknown, path: string): number {
  const text = reader.text(value, path);
  if (text === '') return 0;
  const timeMs = Date.parse(text);
  if (!Number.isNaN(timeMs)) return timeMs;
  reader.warn(path, `${JSON.stringify(text.slice(0, 80))} is not a time; ignored`);
  return 0;
}
