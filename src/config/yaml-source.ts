import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Tags,
  visit,
} from 'yaml';
import { ConfigError, type ConfigProblem, positionPrefix, problem, type SourcePosition } from './errors.ts';

/** A decoded YAML or JSON file that still knows where each value was written. */
export interface YamlSource {
  readonly value: unknown;
  /** Keys written twice in one map; the last one counts. */
  readonly duplicateKeys: readonly ConfigProblem[];
  /** Where the value at this path is written; of the nearest enclosing value when the path itself is absent. */
  positionOf(path: readonly PropertyKey[]): SourcePosition | undefined;
  /** Where the key at the end of this path is written. */
  positionOfKey(path: readonly PropertyKey[]): SourcePosition | undefined;
}

const tagsThatKubernetesReads = new Set(['map', 'seq', 'str', 'null', 'bool', 'int', 'float', 'merge']);

/**
 * Reads the first document of a file as Kubernetes does: JSON when its first character is `{`, else YAML 1.1 with
 * the types that JSON has (no dates, no base-60 numbers). Throws `ConfigError` with the position of a syntax error.
 */
export function readYamlSource(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  const [document] = parseAllDocuments(text, {
    version: '1.1',
    uniqueKeys: false,
    lineCounter: lines,
    logLevel: 'error',
    prettyErrors: false,
    customTags: jsonTagsOnly,
  });
  const root = document !== undefined && 'contents' in document ? document.contents : null;
  const at = (offset: number): SourcePosition => place(lines, file, offset);
  const firstError = document !== undefined && 'errors' in document ? document.errors[0] : undefined;
  if (firstError !== undefined && !isJson(text)) throw syntaxError(at(firstError.pos[0]), firstError.message);
  const duplicateKeys = root === null ? [] : inspectKeys(root, at);
  const value = isJson(text) ? readJson(text, file) : plainValue(document, at);
  return {
    value,
    duplicateKeys,
    positionOf: (path) => positionOf(root, path, at),
    positionOfKey: (path) => positionOfKey(root, path, at),
  };
}

function jsonTagsOnly(tags: Tags): Tags {
  return tags.filter((tag) => {
    if (typeof tag === 'string') return true;
    return tagsThatKubernetesReads.has(tag.tag.slice(tag.tag.lastIndexOf(':') + 1)) && tag.format !== 'TIME';
  });
}

function isJson(text: string): boolean {
  return text.trimStart().startsWith('{');
}

function readJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = (cause as Error).message;
    const offset = Number(/position (\d+)/.exec(message)?.[1] ?? firstBadToken(text));
    const before = text.slice(0, offset).split('\n');
    throw syntaxError({ file, line: before.length, column: (before.at(-1) as string).length + 1 }, message, cause);
  }
}

const jsonToken = /\s+|"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[[\]{},:]/y;

/** Where the first word is that JSON does not have. The parser names the place only when the words are in a wrong order. */
function firstBadToken(text: string): number {
  jsonToken.lastIndex = 0;
  let offset = 0;
  while (jsonToken.test(text)) offset = jsonToken.lastIndex;
  return offset;
}

type ParsedDocument = ReturnType<typeof parseAllDocuments>[number];

function plainValue(document: ParsedDocument | undefined, at: (offset: number) => SourcePosition): unknown {
  if (document === undefined) return undefined;
  try {
    return document.toJS();
  } catch (cause) {
    throw syntaxError(at(offsetOfBadAlias(document as Document)), (cause as Error).message, cause);
  }
}

/** Where the first alias is that stands for nothing; the beginning where all stand for something, but for too much. */
function offsetOfBadAlias(document: Document): number {
  let offset: number | undefined;
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) === undefined) offset ??= alias.range?.[0];
    },
  });
  return offset ?? 0;
}

function syntaxError(position: SourcePosition, message: string, cause?: unknown): ConfigError {
  const text = `failed to decode: ${positionPrefix(position)}${message}`;
  return new ConfigError('complete', [problem(text, { bound: 'YAML or JSON', position })], { cause });
}

/** Finds keys written twice; refuses keys that are not plain values, for JSON has none. */
function inspectKeys(root: unknown, at: (offset: number) => SourcePosition): ConfigProblem[] {
  const duplicates: ConfigProblem[] = [];
  visit(root as Node, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const pair of map.items) {
        const key = pair.key;
        const position = at((key as Node | null)?.range?.[0] ?? 0);
        if (!isScalar(key) && !isAlias(key)) throw syntaxError(position, 'a key must be text');
        const name = isScalar(key) ? String(key.value) : '';
        if (seen.has(name)) duplicates.push(duplicateKey(name, position));
        seen.add(name);
      }
    },
  });
  return duplicates;
}

function duplicateKey(name: string, position: SourcePosition): ConfigProblem {
  const message = `${positionPrefix(position)}key "${name}" is written twice, the last one counts`;
  return problem(message, { field: name, bound: 'each key once', position });
}

function positionOf(
  root: unknown,
  path: readonly PropertyKey[],
  at: (offset: number) => SourcePosition,
): SourcePosition | undefined {
  let node = root;
  for (const step of path) {
    const next = child(node, step);
    if (next === undefined) break;
    node = next;
  }
  const offset = (node as Node | null)?.range?.[0];
  return offset === undefined ? undefined : at(offset);
}

function positionOfKey(
  root: unknown,
  path: readonly PropertyKey[],
  at: (offset: number) => SourcePosition,
): SourcePosition | undefined {
  let node = root;
  for (const step of path.slice(0, -1)) node = child(node, step);
  const key = isMap(node) ? pairOf(node.items, path.at(-1))?.key : undefined;
  const offset = (key as Node | undefined)?.range?.[0];
  return offset === undefined ? positionOf(root, path, at) : at(offset);
}

function child(node: unknown, step: PropertyKey): unknown {
  if (isMap(node)) return pairOf(node.items, step)?.value ?? undefined;
  const items = (node as { items?: unknown[] } | null | undefined)?.items;
  return Array.isArray(items) && typeof step === 'number' ? items[step] : undefined;
}

/** The last pair with this key: the one whose value counts. */
function pairOf(items: readonly unknown[], name: PropertyKey | undefined) {
  const pairs = items.filter(isPair);
  return pairs.findLast((pair) => isScalar(pair.key) && String(pair.key.value) === String(name));
}

function place(lines: LineCounter, file: string, offset: number): SourcePosition {
  const { line, col } = lines.linePos(offset);
  return { file, line, column: col };
}
