import type { FieldTree, JsonRecord } from '../objects/kubernetes-object.ts';
import { isRecord, sameJson } from '../objects/kubernetes-object.ts';
import type { ListRule } from '../objects/resources.ts';

type ListRules = Readonly<Record<string, ListRule>>;

/** Stands for the list element itself, beside its fields. */
const ELEMENT = '.';

/**
 * The fields an applied configuration names, in the form of `fieldsV1`: `f:<name>` for fields, `k:<keys>` for elements
 * of lists merged by keys. Other lists and plain values are leaves.
 */
export function fieldTreeOf(value: unknown, rules: ListRules, path = ''): FieldTree {
  const tree: FieldTree = {};
  if (isRecord(value)) {
    for (const [name, field] of Object.entries(value)) {
      tree[`f:${name}`] = fieldTreeOf(field, rules, child(path, name));
    }
    return tree;
  }
  const keys = rules[path]?.applyKeys;
  if (!Array.isArray(value) || keys === undefined) return tree;
  for (const element of value.filter(isRecord)) {
    tree[elementName(element, keys)] = { [ELEMENT]: {}, ...fieldTreeOf(element, rules, path) };
  }
  return tree;
}

/** What of `left` is not in `right`; undefined when nothing is left. */
export function subtractFields(left: FieldTree, right: FieldTree): FieldTree | undefined {
  const rest: FieldTree = {};
  for (const [name, sub] of Object.entries(left)) {
    const other = right[name];
    const remaining = other === undefined ? sub : subtractFields(sub, other);
    if (remaining !== undefined) rest[name] = remaining;
  }
  return Object.keys(rest).length === 0 ? undefined : rest;
}

/** Takes the leaves of a tree out of a value; containers that the removal leaves empty go as well. */
export function removeFields(value: unknown, tree: FieldTree, rules: ListRules, path = ''): unknown {
  const keys = rules[path]?.applyKeys;
  if (Array.isArray(value)) {
    if (keys === undefined) return undefined;
    const rest = value.map((element) => removeElement(element, tree, keys, rules, path));
    return rest.some((element) => element !== undefined) ? rest.filter((element) => element !== undefined) : undefined;
  }
  if (!isRecord(value) || Object.keys(tree).length === 0) return undefined;
  const result: JsonRecord = { ...value };
  for (const [name, sub] of Object.entries(tree)) {
    const field = name.slice(2);
    const rest = field in result ? removeFields(result[field], sub, rules, child(path, field)) : undefined;
    if (rest === undefined) delete result[field];
    else result[field] = rest;
  }
  return Object.keys(result).length === 0 ? undefined : result;
}

/** Leaves that both trees name and whose values differ: the conflicts between two appliers. */
export function conflictingFields(
  mine: FieldTree,
  theirs: FieldTree,
  wanted: unknown,
  live: unknown,
  path = '',
): string[] {
  const names = Object.keys(mine).filter((name) => name !== ELEMENT);
  // An empty object names no field that could differ.
  if (Object.keys(mine).length === 0 && Object.keys(theirs).length > 0) return [];
  if (Object.keys(mine).length === 0) return sameJson(wanted, live) ? [] : [path];
  return names.flatMap((name) => {
    const sub = mine[name];
    const other = theirs[name];
    if (sub === undefined || other === undefined) return [];
    return conflictingFields(sub, other, step(wanted, name), step(live, name), path + stepText(name));
  });
}

function removeElement(
  element: unknown,
  tree: FieldTree,
  keys: readonly string[],
  rules: ListRules,
  path: string,
): unknown {
  const sub = isRecord(element) ? tree[elementName(element, keys)] : undefined;
  if (sub === undefined) return element;
  return ELEMENT in sub ? undefined : removeFields(element, sub, rules, path);
}

function elementName(element: JsonRecord, keys: readonly string[]): string {
  // The one default that takes part in a key: the protocol of ports.
  const defaults: JsonRecord = { protocol: 'TCP' };
  return `k:${JSON.stringify(Object.fromEntries(keys.map((key) => [key, element[key] ?? defaults[key]])))}`;
}

function step(value: unknown, name: string): unknown {
  if (name.startsWith('f:')) return isRecord(value) ? value[name.slice(2)] : undefined;
  const keys: unknown = JSON.parse(name.slice(2));
  if (!Array.isArray(value) || !isRecord(keys)) return undefined;
  return value.find((element) => isRecord(element) && elementName(element, Object.keys(keys)) === name);
}

function stepText(name: string): string {
  if (name.startsWith('f:')) return `.${name.slice(2)}`;
  return `[${name.slice(3, -1).replaceAll('"', '').replaceAll(':', '=')}]`;
}

function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
