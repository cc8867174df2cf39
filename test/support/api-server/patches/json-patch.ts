import { isRecord, sameJson } from '../objects/kubernetes-object.ts';
import { ApiError, badRequest } from '../objects/status.ts';

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** Applies an RFC 6902 patch to a copy. Throws 422 when an operation does not fit the document. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: a JSON patch is a list of operations');
  const root = { document: structuredClone(document) };
  for (const operation of patch) applyOperation(root, readOperation(operation));
  return root.document;
}

function readOperation(value: unknown): Operation {
  if (!isRecord(value) || typeof value['op'] !== 'string' || typeof value['path'] !== 'string') {
    throw badRequest('error decoding patch: an operation needs "op" and "path"');
  }
  const from = typeof value['from'] === 'string' ? { from: value['from'] } : {};
  return { op: value['op'], path: value['path'], value: value['value'], ...from };
}

function applyOperation(root: { document: unknown }, operation: Operation): void {
  const { op, path, from = '', value } = operation;
  switch (op) {
    case 'add':
      return add(root, path, structuredClone(value));
    case 'remove':
      return void remove(root, path);
    case 'replace':
      remove(root, path);
      return add(root, path, structuredClone(value));
    case 'move':
      return add(root, path, remove(root, from));
    case 'copy':
      return add(root, path, structuredClone(read(root, from)));
    case 'test':
      if (!sameJson(read(root, path), value)) throw unfit(`testing path ${path} value failed`);
      return;
    default:
      throw badRequest(`error decoding patch: unknown operation "${op}"`);
  }
}

function add(root: object, path: string, value: unknown): void {
  const { parent, name } = locate(root, path);
  if (!Array.isArray(parent)) parent[name] = value;
  else parent.splice(name === '-' ? parent.length : listIndex(name, parent.length), 0, value);
}

function remove(root: object, path: string): unknown {
  const value = read(root, path);
  const { parent, name } = locate(root, path);
  if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else delete parent[name];
  return value;
}

function read(root: object, path: string): unknown {
  const { parent, name } = locate(root, path);
  const value = Array.isArray(parent) ? parent[listIndex(name, parent.length - 1)] : parent[name];
  if (value === undefined) throw unfit(`path ${path} does not exist`);
  return value;
}

/** The container that holds the last step of the path. The document itself is a field of `root`. */
function locate(root: object, path: string): { parent: Record<string, unknown> | unknown[]; name: string } {
  if (path !== '' && !path.startsWith('/')) throw unfit(`path ${path} does not start with a slash`);
  const steps = ['document', ...path.split('/').slice(1).map(unescape)];
  const name = steps.pop() ?? '';
  let parent: unknown = root;
  for (const step of steps)
    parent = Array.isArray(parent) ? parent[Number(step)] : isRecord(parent) ? parent[step] : undefined;
  if (!Array.isArray(parent) && !isRecord(parent)) throw unfit(`path ${path} does not exist`);
  return { parent, name };
}

function listIndex(text: string, maximum: number): number {
  const index = Number(text);
  if (!/^\d+$/.test(text) || index > maximum) throw unfit(`list index ${text} is out of bounds`);
  return index;
}

function unescape(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

function unfit(message: string): ApiError {
  return new ApiError(422, 'Invalid', `the server rejected our request due to an error in our request: ${message}`);
}
