import type * as z from 'zod/mini';
import { ConfigError, type ConfigProblem, positionPrefix, problem } from './errors.ts';
import { readYamlSource, type YamlSource } from './yaml-source.ts';

/** Which object a file must hold. */
export interface FileIdentity {
  readonly apiVersion: string;
  readonly kind: string;
}

/** What was read, and what was wrong with it without making it unusable. */
export interface DecodedFile<Configuration> {
  readonly configuration: Configuration;
  /** Unknown and repeated keys. */
  readonly strictProblems: readonly ConfigProblem[];
  /** Where the value of a field is written, or the nearest value around it. */
  readonly positionOf: YamlSource['positionOf'];
}

/**
 * Decodes a configuration file. Unknown and repeated keys are returned, everything else that is wrong throws
 * `ConfigError` with all problems and their positions.
 */
export function decodeFile<Schema extends z.ZodMiniType>(
  text: string,
  file: string,
  identity: FileIdentity,
  schema: Schema,
): DecodedFile<z.output<Schema>> {
  const source = readYamlSource(text, file);
  const content = withoutIdentity(source, file, identity);
  const strict = schema.safeParse(content);
  const positionOf: YamlSource['positionOf'] = (path) => source.positionOf(path);
  if (strict.success) return { configuration: strict.data, strictProblems: source.duplicateKeys, positionOf };
  const unknownKeys = strict.error.issues.filter((issue) => issue.code === 'unrecognized_keys');
  const lenient = schema.safeParse(withoutKeys(content, unknownKeys));
  if (!lenient.success) throw decodeError(lenient.error.issues.map((issue) => typeProblem(issue, content, source)));
  const unknown = unknownKeys.flatMap((issue) => issue.keys.map((key) => unknownKey([...issue.path, key], source)));
  return { configuration: lenient.data, strictProblems: [...unknown, ...source.duplicateKeys], positionOf };
}

/** The steps of a path as `fieldPath` writes it. */
export function pathSteps(field: string): readonly PropertyKey[] {
  return [...field.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));
}

/** A path as it is written in documentation: `logging.vmodule[0].verbosity`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

function withoutIdentity(source: YamlSource, file: string, identity: FileIdentity): Record<string, unknown> {
  const value = source.value ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw decodeError([problem(`${file}: the file holds ${kindOf(value)}, allowed: a map`, { bound: 'a map' })]);
  }
  const { kind, apiVersion, ...content } = value as Record<string, unknown>;
  const missing = (name: string, key: keyof FileIdentity) =>
    `Object '${name}' is missing in ${file}, allowed: ${key}: ${identity[key]}`;
  requireIdentity(source, 'kind', kind, missing('Kind', 'kind'));
  requireIdentity(source, 'apiVersion', apiVersion, missing('apiVersion', 'apiVersion'));
  if (kind !== identity.kind || apiVersion !== identity.apiVersion) {
    const bound = `kind: ${identity.kind} with apiVersion: ${identity.apiVersion}`;
    const position = source.positionOf([kind === identity.kind ? 'apiVersion' : 'kind']);
    const text = `no kind "${String(kind)}" is registered for version "${String(apiVersion)}", allowed: ${bound}`;
    throw decodeError([problem(positionPrefix(position) + text, { field: 'kind', bound, position })]);
  }
  return content;
}

function requireIdentity(source: YamlSource, key: string, value: unknown, missing: string): void {
  if (value === undefined || value === null || value === '') throw decodeError([problem(missing, { field: key })]);
  if (typeof value === 'string') return;
  const position = source.positionOf([key]);
  const text = `${positionPrefix(position)}${key}: ${kindOf(value)} is not possible here, allowed: a string`;
  throw decodeError([problem(text, { field: key, bound: 'a string', position })]);
}

function withoutKeys(content: unknown, issues: readonly { path: PropertyKey[]; keys: string[] }[]): unknown {
  const copy = structuredClone(content);
  for (const issue of issues) {
    let holder = copy as Record<PropertyKey, unknown>;
    for (const step of issue.path) holder = holder[step] as Record<PropertyKey, unknown>;
    for (const key of issue.keys) delete holder[key];
  }
  return copy;
}

function unknownKey(path: readonly PropertyKey[], source: YamlSource): ConfigProblem {
  const position = source.positionOfKey(path);
  const field = fieldPath(path);
  return problem(`${positionPrefix(position)}unknown field "${field}"`, { field, bound: 'a known key', position });
}

function typeProblem(issue: z.core.$ZodIssue, content: unknown, source: YamlSource): ConfigProblem {
  const field = fieldPath(issue.path);
  const position = source.positionOf(issue.path);
  const value = kindOf(valueAt(content, issue.path));
  const message = `${positionPrefix(position)}${field}: ${value} is not possible here, allowed: ${issue.message}`;
  return problem(message, { field, value, bound: issue.message, position });
}

function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step], content);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return `${typeof value} ${JSON.stringify(value).slice(0, 200)}`;
}

function decodeError(problems: readonly ConfigProblem[]): ConfigError {
  const marked = problems.map((each) => ({ ...each, message: `failed to decode: ${each.message}` }));
  return new ConfigError('complete', marked);
}
