import * as z from 'zod';
import { DurationError, type Nanoseconds, parseGoDuration } from './go-duration.ts';

/** What the configuration reference says about a field. */
export interface FieldDocument {
  readonly type: string;
  /** As it would be written in the file; empty for sections. */
  readonly default: string;
  readonly help: string;
  /** Gives the fields of a section, by key. */
  readonly fields?: () => Readonly<Record<string, object>>;
}

/** Documentation of every field, kept beside its schema so that the reference can be generated from it. */
export const fieldDocuments = z.registry<FieldDocument>();

const int32 = { least: -2147483648, most: 2147483647 };

/** A text; null and blank count as not set. */
export function text(help: string, standard = '') {
  return z
    .string({ error: 'a string' })
    .nullish()
    .transform((value) => value || standard)
    .register(fieldDocuments, { type: 'string', default: JSON.stringify(standard), help });
}

/** A truth value, false unless set. */
export function bool(help: string) {
  return z
    .boolean({ error: 'true or false' })
    .nullish()
    .transform((value) => value ?? false)
    .register(fieldDocuments, { type: 'boolean', default: 'false', help });
}

/** A truth value whose explicit `false` differs from absence. */
export function nullableBool(help: string, standard: boolean) {
  return z
    .boolean({ error: 'true or false' })
    .nullish()
    .transform((value) => value ?? standard)
    .register(fieldDocuments, { type: 'boolean, nullable', default: String(standard), help });
}

/** A 32-bit integer; null and 0 count as not set. */
export function integer(help: string, standard: number) {
  return wholeNumber(int32.least, int32.most)
    .nullish()
    .transform((value) => value || standard)
    .register(fieldDocuments, { type: 'integer', default: String(standard), help });
}

/** A 32-bit integer whose explicit 0 differs from absence. */
export function nullableInteger(help: string, standard: number) {
  return wholeNumber(int32.least, int32.most)
    .nullish()
    .transform((value) => value ?? standard)
    .register(fieldDocuments, { type: 'integer, nullable', default: String(standard), help });
}

/** An unsigned 32-bit integer, 0 unless set. */
export function unsignedInteger(help: string) {
  return wholeNumber(0, 4294967295)
    .nullish()
    .transform((value) => value ?? 0)
    .register(fieldDocuments, { type: 'integer', default: '0', help });
}

/** A number with a fraction; null and 0 count as not set. */
export function decimalNumber(help: string, standard: number) {
  const error = 'a number';
  return z
    .number({ error })
    .refine((value) => Math.abs(value) <= 3.4028234663852886e38, { error })
    .nullish()
    .transform((value) => value || standard)
    .register(fieldDocuments, { type: 'number', default: String(standard), help });
}

/** A duration; 0 counts as not set, null is refused (Kubernetes reads it as a blank duration). */
export function duration(help: string, standard = '0s') {
  const fallback = parseGoDuration(standard);
  return durationText()
    .optional()
    .transform((value) => value || fallback)
    .register(fieldDocuments, { type: 'duration', default: standard, help });
}

/** A duration whose explicit 0 differs from absence; null is absence. */
export function nullableDuration(help: string, standard: string) {
  const fallback = parseGoDuration(standard);
  return durationText()
    .nullish()
    .transform((value) => value ?? fallback)
    .register(fieldDocuments, { type: 'duration, nullable', default: standard, help });
}

/** A duration as text or as whole nanoseconds, and which of the two it was. */
export interface FlushFrequency {
  readonly nanoseconds: Nanoseconds;
  readonly writtenAsInteger: boolean;
}

/** A duration, or an integer that counts nanoseconds; null and 0 count as not set. */
export function flushFrequency(help: string, standard: string) {
  const fallback: FlushFrequency = { nanoseconds: parseGoDuration(standard), writtenAsInteger: false };
  const asInteger = z
    .int()
    .transform((value): FlushFrequency => ({ nanoseconds: BigInt(value), writtenAsInteger: true }));
  const asText = durationText().transform((value): FlushFrequency => ({ nanoseconds: value, writtenAsInteger: false }));
  return z
    .union([asInteger, asText], { error: 'a duration such as "5s", or whole nanoseconds' })
    .nullish()
    .transform((value) => (value === null || value === undefined || value.nanoseconds === 0n ? fallback : value))
    .register(fieldDocuments, { type: 'duration or integer nanoseconds', default: standard, help });
}

const quantityText = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

/** A Kubernetes quantity, kept as written; `0` unless set. */
export function quantity(help: string) {
  const error = 'a quantity such as "0" or "64Ki"';
  return z
    .union([z.string(), z.number()], { error })
    .nullish()
    .transform((value) => String(value ?? '0'))
    .refine(isQuantity, { error })
    .register(fieldDocuments, { type: 'quantity', default: '"0"', help });
}

/** Whether the text is a Kubernetes quantity: a decimal number with an optional suffix. */
export function isQuantity(value: string): boolean {
  return quantityText.test(value);
}

/** A list of texts, empty unless set. */
export function textList(help: string) {
  const entry = z
    .string({ error: 'a string' })
    .nullish()
    .transform((value) => value ?? '');
  return z
    .array(entry, { error: 'a list of strings' })
    .nullish()
    .transform((value): readonly string[] => value ?? [])
    .register(fieldDocuments, { type: 'list of strings', default: '[]', help });
}

/** A map from names to truth values, empty unless set. */
export function switches(help: string) {
  const entry = z
    .boolean({ error: 'true or false' })
    .nullish()
    .transform((value) => value ?? false);
  return z
    .record(z.string(), entry, { error: 'a map from names to true or false' })
    .nullish()
    .transform((value): Readonly<Record<string, boolean>> => value ?? {})
    .register(fieldDocuments, { type: 'map of booleans', default: '{}', help });
}

/** One of a few words, the first of which is the default. */
export function choice<const Words extends readonly [string, ...string[]]>(help: string, words: Words) {
  return z
    .enum(words, { error: `one of ${words.join(', ')}` })
    .nullish()
    .transform((value): Words[number] => value ?? words[0])
    .register(fieldDocuments, { type: words.map((word) => `\`${word}\``).join(', '), default: words[0], help });
}

/** A map with known keys. Null and absence are the same as an empty map; unknown keys are reported. */
export function section<const Shape extends z.ZodRawShape>(help: string, shape: Shape) {
  const object = strictMap(shape);
  const empty = object.parse({});
  return object
    .nullish()
    .transform((value) => value ?? empty)
    .register(fieldDocuments, { type: 'section', default: '', help, fields: () => shape });
}

/** A map with known keys, at the top of a file or inside a list. */
export function strictMap<const Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? undefined : 'a map') });
}

function wholeNumber(least: number, most: number) {
  const error = `a whole number from ${least} to ${most}`;
  return z.number({ error }).refine((value) => Number.isInteger(value) && value >= least && value <= most, { error });
}

function durationText() {
  const error = 'a duration such as "30s" or "1h30m"';
  return z.string({ error }).transform((value, context): Nanoseconds => {
    try {
      return parseGoDuration(value);
    } catch (cause) {
      if (!(cause instanceof DurationError)) throw cause;
      context.addIssue({ code: 'custom', message: `${error} (${cause.message})` });
      return z.NEVER;
    }
  });
}
