import type { Document, ParsedNode } from 'yaml';
import { isAlias, isMap, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import { ManifestError } from './errors.ts';

/** Where something is written: `file:line:column`, both counted from 1; `file: path` in very long JSON. */
type Place = string;

/** One object of a manifest, not decoded yet. */
export interface ManifestItem {
  readonly kind: string;
  /** Empty for items of a typed list, which do not say it. */
  readonly apiVersion: string;
  readonly value: unknown;
  /** Where a field of it is written, or the nearest part of its path that is there. */
  place(field: string): Place;
}

type Path = readonly (string | number)[];
/** A parsed document and a way to find parts of it again. */
interface Source {
  readonly value: unknown;
  place(path: Path): Place;
}

/**
 * The objects of a YAML or JSON text: documents, and the items of lists in them, as kubectl prints them. Throws
 * `ManifestError` for a text that is neither, and for documents that are no objects.
 */
export function parseManifestText(file: string, text: string): readonly ManifestItem[] {
  return sourcesOf(file, text).flatMap((source) => itemsOf(source, source.value, [], ''));
}

/** Finding a place takes a second for each megabyte or so; in longer texts the path has to do. */
const largestPlacedJson = 4 * 1024 * 1024;

/** JSON is read as such, because that is many times faster; its positions are found only when one is wanted. */
function sourcesOf(file: string, text: string): readonly Source[] {
  if (!/^\s*[[{]/.test(text)) return yamlSources(file, text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return yamlSources(file, text); // finds the place of the fault, or accepts a YAML flow mapping
  }
  let positions: readonly Source[] | undefined;
  const place = (path: Path): Place => {
    if (text.length > largestPlacedJson) return `${file}: ${path.join('.')}`;
    positions ??= yamlSources(file, text);
    return positions[0]?.place(path) ?? `${file}:1:1`;
  };
  return [{ value, place }];
}

function yamlSources(file: string, text: string): readonly Source[] {
  const lines = new LineCounter();
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  return [...documents].map((document) => {
    const fault = document.errors[0];
    if (fault !== undefined) throw new ManifestError(placeOf(fault.pos[0]), fault.message, { cause: fault });
    const place = (path: Path): Place => placeOf(offsetOf(document, path));
    try {
      return { value: document.toJS() as unknown, place };
    } catch (error) {
      throw new ManifestError(place([]), String(error), { cause: error }); // too many aliases
    }
  });
}

function itemsOf(source: Source, value: unknown, path: Path, listKind: string): readonly ManifestItem[] {
  if (value === null || value === undefined) return []; // an empty document
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new ManifestError(source.place(path), 'is not a Kubernetes object');
  }
  const { kind, apiVersion, items } = value as Readonly<Record<string, unknown>>;
  const ownKind = typeof kind === 'string' ? kind : listKind;
  if (ownKind === '') throw new ManifestError(source.place(path), 'kind: is missing');
  if (ownKind.endsWith('List') && Array.isArray(items)) {
    return items.flatMap((item, index) => itemsOf(source, item, [...path, 'items', index], ownKind.slice(0, -4)));
  }
  const place = (field: string): Place => source.place([...path, ...pathOfField(field)]);
  return [{ kind: ownKind, apiVersion: typeof apiVersion === 'string' ? apiVersion : '', value, place }];
}

/** `spec.ports[0].name` or `metadata.labels["a.b/c"]` as a list of keys. */
function pathOfField(field: string): Path {
  const keys = field.matchAll(/\[(\d+)\]|\["([^"]*)"\]|([^.[\]]+)/g);
  return [...keys].map(([, index, quoted, plain]) => (index === undefined ? (quoted ?? plain ?? '') : Number(index)));
}

/** Offset of the node at the path, or of the last node on the way to it. */
function offsetOf(document: Document.Parsed, path: Path): number {
  let node: ParsedNode | null = document.contents;
  let offset = node?.range[0] ?? document.range[0];
  for (const key of path) {
    const parent: unknown = isAlias(node) ? node.resolve(document) : node;
    if (!isMap(parent) && !isSeq(parent)) break;
    node = (parent.get(key, true) ?? null) as ParsedNode | null; // all nodes of a parsed document are parsed ones
    if (node === null) break;
    offset = node.range?.[0] ?? offset;
  }
  return offset;
}
