import type { JsonRecord } from '../objects/kubernetes-object.ts';
import { isRecord, sameJson } from '../objects/kubernetes-object.ts';
import type { ListRule } from '../objects/resources.ts';
import { badRequest } from '../objects/status.ts';

type ListRules = Readonly<Record<string, ListRule>>;

const ELEMENT_ORDER = '$setElementOrder/';
const DELETE_FROM_PRIMITIVES = '$deleteFromPrimitiveList/';

/**
 * Applies a strategic merge patch, what kubectl sends for built-in kinds. Like a merge patch, but lists with a rule
 * merge by key, and the directives `$patch`, `$retainKeys`, `$setElementOrder/x` and `$deleteFromPrimitiveList/x` hold.
 * The input is not changed.
 */
export function applyStrategicMergePatch(target: unknown, patch: unknown, rules: ListRules, path = ''): unknown {
  if (!isRecord(patch)) return structuredClone(patch);
  if (patch['$patch'] === 'delete') return {};
  const result = isRecord(target) && patch['$patch'] !== 'replace' ? retainKeys(target, patch['$retainKeys']) : {};
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith('$')) continue;
    if (value === null) delete result[name];
    else result[name] = mergeField(result[name], value, patch[ELEMENT_ORDER + name], rules, child(path, name));
  }
  applyListDirectives(result, patch, rules, path);
  return result;
}

function retainKeys(target: JsonRecord, keys: unknown): JsonRecord {
  if (!Array.isArray(keys)) return { ...target };
  return Object.fromEntries(Object.entries(target).filter(([name]) => keys.includes(name)));
}

function mergeField(current: unknown, value: unknown, order: unknown, rules: ListRules, path: string): unknown {
  const key = rules[path]?.patchKey;
  if (!Array.isArray(value) || key === undefined) return applyStrategicMergePatch(current, value, rules, path);
  const list = Array.isArray(current) ? current : [];
  const merged = key === '' ? mergePlainValues(list, value) : mergeKeyedList(list, value, key, rules, path);
  return Array.isArray(order) ? sortByOrder(merged, order, key) : merged;
}

/** Directives about lists that the patch otherwise leaves alone, and removals of plain values. */
function applyListDirectives(result: JsonRecord, patch: JsonRecord, rules: ListRules, path: string): void {
  for (const [directive, value] of Object.entries(patch)) {
    if (!Array.isArray(value)) continue;
    if (directive.startsWith(DELETE_FROM_PRIMITIVES)) {
      const list = result[directive.slice(DELETE_FROM_PRIMITIVES.length)];
      if (Array.isArray(list)) removeValues(list, value);
    } else if (directive.startsWith(ELEMENT_ORDER)) {
      const name = directive.slice(ELEMENT_ORDER.length);
      const list = result[name];
      if (Array.isArray(list)) result[name] = sortByOrder(list, value, rules[child(path, name)]?.patchKey ?? '');
    }
  }
}

function mergePlainValues(list: readonly unknown[], additions: readonly unknown[]): unknown[] {
  return [...list, ...additions.filter((value) => !list.some((present) => sameJson(present, value)))];
}

function mergeKeyedList(
  list: readonly unknown[],
  patches: readonly unknown[],
  key: string,
  rules: ListRules,
  path: string,
): unknown[] {
  const elements = patches.filter(isRecord);
  const replaced = elements.some((element) => element['$patch'] === 'replace');
  const result = replaced ? [] : [...list];
  for (const element of elements) {
    if (element['$patch'] === 'replace') continue;
    if (element[key] === undefined) throw badRequest(`map: ${path} does not contain declared merge key: ${key}`);
    const index = result.findIndex((present) => isRecord(present) && sameJson(present[key], element[key]));
    if (element['$patch'] === 'delete') result.splice(index === -1 ? result.length : index, 1);
    else if (index === -1) result.push(applyStrategicMergePatch({}, element, rules, path));
    else result[index] = applyStrategicMergePatch(result[index], element, rules, path);
  }
  return result;
}

/** Elements named in the order come in that order; the others keep their place behind what precedes them. */
function sortByOrder(list: readonly unknown[], order: readonly unknown[], key: string): unknown[] {
  const identity = (element: unknown) => (key !== '' && isRecord(element) ? element[key] : element);
  const rank = (element: unknown) => order.findIndex((wanted) => sameJson(identity(wanted), identity(element)));
  const ordered = list.filter((element) => rank(element) !== -1).sort((left, right) => rank(left) - rank(right));
  const result: unknown[] = [];
  for (const element of list) result.push(rank(element) === -1 ? element : ordered.shift());
  return result;
}

function removeValues(list: unknown[], unwanted: readonly unknown[]): void {
  const kept = list.filter((value) => !unwanted.some((other) => sameJson(value, other)));
  list.splice(0, list.length, ...kept);
}

function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
