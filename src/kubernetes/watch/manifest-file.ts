import { type Document, isMap, isSeq, LineCounter, type Node as YamlNode, parseAllDocuments } from 'yaml';
import { DecodeError } from '../errors.ts';

/** One object of a manifest, and where it begins. */
export interface ManifestObject {
  readonly value: unknown;
  /** `file:line:column`. */
  readonly position: string;
  /** Position of a field of the object, as near as the file has it. */
  positionOf(field: string): string;
}

/** A manifest that is not YAML or JSON. */
export class ManifestSyntaxError extends Error {
  readonly code = 'MANIFEST_SYNTAX';
}

/**
 * The objects of a manifest as `kubectl get -o yaml` prints it: documents, lists of objects, or both; YAML or JSON.
 * Throws `ManifestSyntaxError` with file, line and column. Pure.
 */
export function readManifest(text: string, file: string): readonly ManifestObject[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  const objects: ManifestObject[] = [];
  for (const document of documents) {
    const [problem] = document.errors;
    if (problem !== undefined)
      throw new ManifestSyntaxError(`${at(file, lines, problem.pos[0])}: ${firstLine(problem)}`);
    objects.push(...objectsOf(document, file, lines));
  }
  return objects;
}

/** The message of a decoding failure, with the position of the field in front. */
export function positionedMessage(object: ManifestObject, error: DecodeError): string {
  return `${object.positionOf(error.field)}: ${error.message}`;
}

function objectsOf(document: Document, file: string, lines: LineCounter): ManifestObject[] {
  const { contents } = document;
  if (!isMap(contents)) return [];
  const items = contents.get('items', true);
  const nodes = isSeq(items) ? items.items : [contents];
  return nodes.filter((node) => isMap(node)).map((node) => manifestObject(node, document, file, lines));
}

function manifestObject(
  node: YamlNode & { getIn(path: unknown[], keepScalar: boolean): unknown },
  document: Document,
  file: string,
  lines: LineCounter,
): ManifestObject {
  const position = at(file, lines, node.range?.[0] ?? 0);
  return {
    value: node.toJS(document),
    position,
    positionOf(field) {
      const path = field.split(/[.[\]]+/).filter((part) => part !== '');
      for (let length = path.length; length > 0; length--) {
        const found = node.getIn(path.slice(0, length).map(toIndex), true) as YamlNode | undefined;
        if (found?.range) return at(file, lines, found.range[0]);
      }
      return position;
    },
  };
}

function toIndex(part: string): string | number {
  return /^\d+$/.test(part) ? Number(part) : part;
}

function at(file: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${line}:${col}`;
}

function firstLine(error: Error): string {
  return (error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
}
