import * as z from 'zod/mini';
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

const largestFloat32 = 3.4028234663852886e38;
const int32 = { least: -2147483648, most: 2147483647 };

/** A text; null and blank count as not set. */
export function text(help: string, standard = '') {
  const schema = optional(z.string({ error: 'a string' }), (value) => value || standard);
  return described(schema, { type: 'string', default: JSON.stringify(standard), help });
}

/** A text whose explicit blank differs from absence; null is absence. */
export function nullableText(help: string, standard: string) {
  const schema = optional(z.string({ error: 'a string' }), (value) => value ?? standard);
  return described(schema, { type: 'string, nullable', default: JSON.stringify(standard), help });
}

/** A truth value, false unless set. */
export function bool(help: string) {
  return described(truth(false), { type: 'boolean', default: 'false', help });
}

/** A truth value whose explicit `false` differs from absence. */
export function nullableBool(help: string, standard: boolean) {
  return described(truth(standard), { type: 'boolean, nullable', default: String(standard), help });
}

/** A 32-bit integer; null and 0 count as not set. */
export function integer(help: string, standard: number) {
  const schema = optional(wholeNumber(int32.least, int32.most), (value) => value || standard);
  return described(schema, { type: 'integer', default: String(standard), help });
}

/** A 32-bit integer whose explicit 0 differs from absence. */
export function nullableInteger(help: string, standard: number) {
  const schema = optional(wholeNumber(int32.least, int32.most), (value) => value ?? standard);
  return described(schema, { type: 'integer, nullable', default: String(standard), help });
}

/** An unsigned 32-bit integer, 0 unless set. */
export function unsignedInteger(help: string) {
  const schema = optional(wholeNumber(0, 4294967295), (value) => value ?? 0);
  return described(schema, { type: 'integer', default: '0', help });
}

/** A number with a fraction; null and 0 count as not set. */
export function decimalNumber(help: string, standard: number) {
  const error = 'a number';
  const number = z.number({ error }).check(z.refine((value) => Math.abs(value) <= largestFloat32, { error }));
  const schema = optional(number, (value) => value || standard);
  return described(schema, { type: 'number', default: String(standard), help });
}

/** A duration; 0 counts as not set, null is refused (Kubernetes reads it as a blank duration). */
export function duration(help: string, standard = '0s') {
  const fallback = parseGoDuration(standard);
  const schema = z.pipe(
    z.optional(durationText()),
    z.transform((value: Nanoseconds | undefined) => value || fallback),
  );
  return described(schema, { type: 'duration', default: standard, help });
}

/** A duration whose explicit 0 differs from absence; null is absence. */
export function nullableDuration(help: string, standard: string) {
  const fallback = parseGoDuration(standard);
  const schema = optional(durationText(), (value) => value ?? fallback);
  return described(schema, { type: 'duration, nullable', default: standard, help });
}

/** A duration as text or as whole nanoseconds, and which of the two it was. */
export interface FlushFrequency {
  readonly nanoseconds: Nanoseconds;
  readonly writtenAsInteger: boolean;
}

/** A duration, or an integer that counts nanoseconds; null and 0 count as not set. */
export function flushFrequency(help: string, standard: string) {
  const fallback: FlushFrequency = { nanoseconds: parseGoDuration(standard), writtenAsInteger: false };
  const asInteger = z.pipe(
    z.int(),
    z.transform((value): FlushFrequency => ({ nanoseconds: BigInt(value), writtenAsInteger: true })),
  );
  const asText = z.pipe(
    durationText(),
    z.transform((value): FlushFrequency => ({ nanoseconds: value, writtenAsInteger: false })),
  );
  const either = z.union([asInteger, asText], { error: 'a duration such as "5s", or whole nanoseconds' });
  const schema = optional(either, (value) => (!value || value.nanoseconds === 0n ? fallback : value));
  return described(schema, { type: 'duration or integer nanoseconds', default: standard, help });
}

const quantityText = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

/** A Kubernetes quantity, kept as written; `0` unless set. */
export function quantity(help: string) {
  const error = 'a quantity such as "0" or "64Ki"';
  const written = z
    .union([z.string(), z.number()], { error })
    .check(z.refine((value) => isQuantity(String(value)), { error }));
  return described(
    optional(written, (value) => String(value ?? '0')),
    { type: 'quantity', default: '"0"', help },
  );
}

/** Whether the text is a Kubernetes quantity: a decimal number with an optional suffix. */
export function isQuantity(value: string): boolean {
  return quantityText.test(value);
}

/** A list of texts, empty unless set. */
export function textList(help: string) {
  const entry = optional(z.string({ error: 'a string' }), (value) => value ?? '');
  const list = z.array(entry, { error: 'a list of strings' });
  const schema = optional(list, (value): readonly string[] => value ?? []);
  return described(schema, { type: 'list of strings', default: '[]', help });
}

/** A map from names to truth values, empty unless set. */
export function switches(help: string) {
  const map = z.record(z.string(), truth(false), { error: 'a map from names to true or false' });
  const schema = optional(map, (value): Readonly<Record<string, boolean>> => value ?? {});
  return described(schema, { type: 'map of booleans', default: '{}', help });
}

/** One of a few words, the first of which is the default. */
export function choice<const Words extends readonly [string, ...string[]]>(help: string, words: Words) {
  const word = z.enum(words, { error: `one of ${words.join(', ')}` });
  const schema = optional(word, (value): Words[number] => value ?? words[0]);
  return described(schema, { type: words.map((each) => `\`${each}\``).join(', '), default: words[0], help });
}

/** A list of maps with known keys, empty unless set. */
export function mapList<const Shape extends z.core.$ZodLooseShape>(help: string, shape: Shape) {
  const keys = Object.keys(shape);
  const list = z.array(strictMap(shape), { error: `a list of maps with ${keys.join(' and ')}` });
  const schema = optional(list, (value) => value ?? []);
  return described(schema, { type: `list of \`{${keys.join(', ')}}\``, default: '[]', help });
}

/** A map with known keys. Null and absence are the same as an empty map; unknown keys are reported. */
export function section<const Shape extends z.core.$ZodLooseShape>(help: string, shape: Shape) {
  const map = strictMap(shape);
  const empty = map.parse({});
  const schema = optional(map, (value) => value ?? empty);
  return described(schema, { type: 'section', default: '', help, fields: () => shape });
}

/** A map with known keys, at the top of a file or inside a list. */
export function strictMap<const Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? undefined : 'a map') });
}

/** What may be absent or null, and what that stands for. */
function optional<Schema extends z.core.$ZodType, Result>(
  schema: Schema,
  settle: (value: z.output<Schema> | null | undefined) => Result,
) {
  return z.pipe(z.nullish(schema), z.transform(settle));
}

function described<Schema extends z.core.$ZodType>(schema: Schema, document: FieldDocument): Schema {
  fieldDocuments.add(schema, document);
  return schema;
}

function truth(standard: boolean) {
  return optional(z.boolean({ error: 'true or false' }), (value) => value ?? standard);
}

function wholeNumber(least: number, most: number) {
  const error = `a whole number from ${least} to ${most}`;
  const isWithin = (value: number): boolean => Number.isInteger(value) && value >= least && value <= most;
  return z.number({ error }).check(z.refine(isWithin, { error }));
}

function durationText() {
  const error = 'a duration such as "30s" or "1h30m"';
  const read = (value: string, context: z.core.ParsePayload): Nanoseconds => {
    try {
      return parseGoDuration(value);
    } catch (cause) {
      if (!(cause instanceof DurationError)) throw cause;
      context.issues.push({ code: 'custom', message: `${error} (${cause.message})`, input: value });
      return z.NEVER;
    }
  };
  return z.pipe(z.string({ error }), z.transform(read));
}
