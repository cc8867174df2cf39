import type { JsonRecord, KubernetesObject } from './kubernetes-object.ts';
import type { Resource } from './resources.ts';

const EVENTS_GROUP = 'events.k8s.io';

/** Fields that differ between the two APIs of the same stored event: core name, then events.k8s.io name. */
const RENAMED: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['count', 'deprecatedCount'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['source', 'deprecatedSource'],
  ['reportingComponent', 'reportingController'],
];

/** A stored object in the form of the API it was asked through. */
export function present(resource: Resource, object: KubernetesObject): KubernetesObject {
  return resource.group === EVENTS_GROUP ? toGroupEvent(object) : object;
}

/** An object of a request in the form in which it is stored. */
export function absorb(resource: Resource, object: KubernetesObject): KubernetesObject {
  return resource.group === EVENTS_GROUP ? toCoreEvent(object) : object;
}

/** An events.k8s.io/v1 Event as it is stored: in core form. */
function toCoreEvent(event: KubernetesObject): KubernetesObject {
  return rename(event, 'v1', ([core, group]) => [group, core]);
}

/** A stored event as events.k8s.io/v1 shows it. */
function toGroupEvent(event: KubernetesObject): KubernetesObject {
  return rename(event, 'events.k8s.io/v1', ([core, group]) => [core, group]);
}

function rename(
  event: KubernetesObject,
  apiVersion: string,
  direction: (pair: readonly [string, string]) => readonly [string, string],
): KubernetesObject {
  const names = new Map(RENAMED.map(direction));
  const fields: JsonRecord = {};
  for (const [name, value] of Object.entries(event)) fields[names.get(name) ?? name] = value;
  return { ...fields, apiVersion, kind: event.kind, metadata: event.metadata };
}
