import type { FieldTree, JsonRecord, KubernetesObject, ManagedFields } from '../objects/kubernetes-object.ts';
import { isRecord, kubernetesTime } from '../objects/kubernetes-object.ts';
import type { ListRule } from '../objects/resources.ts';
import { ApiError } from '../objects/status.ts';
import { conflictingFields, fieldTreeOf, removeFields, subtractFields } from './field-ownership.ts';

export interface ApplyRequest {
  /** The live object; undefined when there is none yet. */
  readonly live: KubernetesObject | undefined;
  readonly configuration: KubernetesObject;
  readonly manager: string;
  readonly force: boolean;
  readonly rules: Readonly<Record<string, ListRule>>;
  readonly now: Date;
}

/**
 * Server-side apply: merges the configuration into the live object, removes what the manager applied before and no
 * longer names (unless another applier names it), and records the ownership in `managedFields`. Throws 409 when another
 * applier owns a field with another value and `force` is off. Only appliers own fields: plain updates take none.
 */
export function applyServerSide(request: ApplyRequest): KubernetesObject {
  const { live, configuration, manager, rules } = request;
  const owned = ownedFields(configuration, rules);
  const entries = live?.metadata.managedFields ?? [];
  const others = entries.filter((entry) => entry.manager !== manager);
  if (live !== undefined) refuseConflicts(request, live, owned, others);
  const previous = entries.find((entry) => entry.manager === manager)?.fieldsV1 ?? {};
  const abandoned = others.reduce<FieldTree | undefined>(
    (rest, entry) => rest && subtractFields(rest, entry.fieldsV1),
    subtractFields(previous, owned),
  );
  const kept = live !== undefined && abandoned !== undefined ? removeFields(live, abandoned, rules) : live;
  // Both inputs are objects with metadata, and merging and removing keep the apiVersion, kind and name.
  const merged = mergeApplied(kept, configuration, rules) as KubernetesObject;
  const mine = { manager, operation: 'Apply' as const, apiVersion: configuration.apiVersion };
  const entry: ManagedFields = { ...mine, time: kubernetesTime(request.now), fieldsType: 'FieldsV1', fieldsV1: owned };
  return { ...merged, metadata: { ...merged.metadata, managedFields: [...takenFrom(others, owned, request), entry] } };
}

/** Identity is not owned by anybody. */
function ownedFields(configuration: KubernetesObject, rules: ApplyRequest['rules']): FieldTree {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...fields } = configuration;
  const { labels, annotations, finalizers, ownerReferences } = metadata;
  const named = Object.entries({ labels, annotations, finalizers, ownerReferences });
  const present = Object.fromEntries(named.filter(([, value]) => value !== undefined));
  return fieldTreeOf(Object.keys(present).length === 0 ? fields : { ...fields, metadata: present }, rules);
}

function refuseConflicts(
  request: ApplyRequest,
  live: KubernetesObject,
  owned: FieldTree,
  others: readonly ManagedFields[],
): void {
  if (request.force) return;
  const found = others.flatMap((entry) =>
    conflictingFields(owned, entry.fieldsV1, request.configuration, live).map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with "${entry.manager}" using ${entry.apiVersion}`,
      field,
    })),
  );
  const [first] = found;
  if (first === undefined) return;
  const fields = found.map((cause) => cause.field).join(', ');
  const count = found.length === 1 ? '1 conflict' : `${found.length} conflicts`;
  throw new ApiError(409, 'Conflict', `Apply failed with ${count}: ${first.message}: ${fields}`, { causes: found });
}

/** With force the fields whose value we change leave the other appliers. */
function takenFrom(others: readonly ManagedFields[], owned: FieldTree, request: ApplyRequest): ManagedFields[] {
  const { live, configuration, force } = request;
  if (!force || live === undefined) return [...others];
  return others.flatMap((entry) => {
    const conflicts = conflictingFields(owned, entry.fieldsV1, configuration, live).length > 0;
    const rest = conflicts ? subtractFields(entry.fieldsV1, owned) : entry.fieldsV1;
    return rest === undefined ? [] : [{ ...entry, fieldsV1: rest }];
  });
}

function mergeApplied(live: unknown, applied: unknown, rules: ApplyRequest['rules'], path = ''): unknown {
  const keys = rules[path]?.applyKeys;
  if (Array.isArray(applied) && keys !== undefined && Array.isArray(live)) {
    return mergeAppliedList(live, applied, keys, rules, path);
  }
  if (!isRecord(applied)) return structuredClone(applied);
  const result: JsonRecord = isRecord(live) ? { ...live } : {};
  for (const [name, value] of Object.entries(applied)) {
    if (value === null) delete result[name];
    else result[name] = mergeApplied(result[name], value, rules, path === '' ? name : `${path}.${name}`);
  }
  return result;
}

function mergeAppliedList(
  live: readonly unknown[],
  applied: readonly unknown[],
  keys: readonly string[],
  rules: ApplyRequest['rules'],
  path: string,
): unknown[] {
  const result = [...live];
  const identity = (element: unknown) => Object.keys(fieldTreeOf([element], { list: { applyKeys: keys } }, 'list'))[0];
  for (const element of applied) {
    const index = result.findIndex((present) => identity(present) === identity(element));
    if (index === -1) result.push(structuredClone(element));
    else result[index] = mergeApplied(result[index], element, rules, path);
  }
  return result;
}
