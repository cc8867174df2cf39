import { DecodeError } from '../errors.ts';
import type { Decoded, DecodeWarning } from './decoded.ts';

/** A JSON object of which nothing is known yet. */
export type JsonRecord = Readonly<Record<string, unknown>>;

const noWarnings: readonly DecodeWarning[] = Object.freeze([]);
const nothing: readonly unknown[] = Object.freeze([]);

/**
 * Reads the fields of one object and remembers what was left out. Paths are templates, so that none has to be built
 * for an object without faults: the first `#` stands for `index`, the second for `subIndex`.
 * Absent and null are the same, as they are to Kubernetes. All methods throw `DecodeError`.
 */
export class FieldReader {
  /** Position in the list that is being read. */
  index = 0;
  /** Position in a list within an element of that list. */
  subIndex = 0;
  readonly #kind: string;
  #object = '?';
  #warnings: DecodeWarning[] | undefined;

  constructor(kind: string) {
    this.#kind = kind;
  }

  /** Names the object in errors from here on. */
  name(object: string): void {
    this.#object = object;
  }

  fail(path: string, problem: string): never {
    throw new DecodeError(this.#kind, this.#object, this.#expand(path), problem);
  }

  warn(path: string, problem: string): void {
    this.#warnings ??= [];
    this.#warnings.push({ field: this.#expand(path), problem });
  }

  finish<T>(object: T | undefined): Decoded<T> {
    return { object, warnings: this.#warnings ?? noWarnings };
  }

  record(value: unknown, path: string): JsonRecord {
    return this.optionalRecord(value, path) ?? this.fail(path, 'is missing');
  }

  optionalRecord(value: unknown, path: string): JsonRecord | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) return this.#wrongType(value, path, 'an object');
    return value as JsonRecord; // a non-null object that is not a list
  }

  list(value: unknown, path: string): readonly unknown[] {
    if (value === undefined || value === null) return nothing;
    return Array.isArray(value) ? value : this.#wrongType(value, path, 'a list');
  }

  /** Empty when absent. */
  text(value: unknown, path: string): string {
    if (value === undefined || value === null) return '';
    return typeof value === 'string' ? value : this.#wrongType(value, path, 'a string');
  }

  /** Part of an object's key: not empty and without a slash. */
  identifier(value: unknown, path: string): string {
    const text = this.text(value, path);
    if (text === '') this.fail(path, 'is missing');
    return text.includes('/') ? this.fail(path, `must not contain a slash, not ${quote(text)}`) : text;
  }

  boolean(value: unknown, path: string, defaultValue: boolean): boolean {
    if (value === undefined || value === null) return defaultValue;
    return typeof value === 'boolean' ? value : this.#wrongType(value, path, 'true or false');
  }

  /** An integer from `low` to `high`, or `defaultValue` when absent. */
  integer(value: unknown, path: string, low: number, high: number, defaultValue: number): number {
    if (value === undefined || value === null) return defaultValue;
    if (typeof value !== 'number') return this.#wrongType(value, path, 'a number');
    if (Number.isInteger(value) && value >= low && value <= high) return value;
    return this.fail(path, `must be a whole number from ${low} to ${high}, not ${value}`);
  }

  /** One of the words, or the first of them when absent or, with a warning, when it is a word of a newer API. */
  word<T extends string>(value: unknown, path: string, words: readonly [T, ...T[]]): T {
    const text = this.text(value, path);
    const known = words.find((word) => word === text);
    if (known === undefined && text !== '') {
      this.warn(path, `${quote(text)} is not known (${words.join(', ')}); taken as ${words[0]}`);
    }
    return known ?? words[0];
  }

  #wrongType(value: unknown, path: string, wanted: string): never {
    return this.fail(path, `must be ${wanted}, not ${describe(value)}`);
  }

  #expand(path: string): string {
    return path.replace('#', String(this.index)).replace('#', String(this.subIndex));
  }
}

/** A text as it is shown in a message: in quotes, cut after 80 characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return value === null ? 'null' : 'an object';
  return typeof value === 'string' ? quote(value) : String(value as number | boolean | undefined); // JSON has no others
}
