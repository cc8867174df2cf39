import type { JsonRecord, KubernetesObject } from '../objects/kubernetes-object.ts';
import { isRecord } from '../objects/kubernetes-object.ts';
import type { Resource } from '../objects/resources.ts';

/** One column of `kubectl get`. */
export interface Column {
  readonly name: string;
  readonly type?: 'string' | 'integer';
  /** Shown with `-o wide` only. */
  readonly wide?: boolean;
  /** @param nowMs wall-clock time, for ages */
  readonly cell: (object: KubernetesObject, nowMs: number) => string | number;
}

const NONE = '<none>';
const NAME: Column = { name: 'Name', cell: (object) => object.metadata.name };
const AGE: Column = { name: 'Age', cell: (object, nowMs) => age(object.metadata.creationTimestamp, nowMs) };

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Namespace: [NAME, { name: 'Status', cell: (object) => text(object, 'status.phase') }, AGE],
  Node: [
    NAME,
    { name: 'Status', cell: nodeStatus },
    { name: 'Roles', cell: nodeRoles },
    AGE,
    { name: 'Version', cell: (node) => text(node, 'status.nodeInfo.kubeletVersion') },
    { name: 'Internal-IP', wide: true, cell: (node) => nodeAddress(node, 'InternalIP') },
    { name: 'External-IP', wide: true, cell: (node) => nodeAddress(node, 'ExternalIP') },
  ],
  Service: [
    NAME,
    { name: 'Type', cell: (service) => text(service, 'spec.type') },
    { name: 'Cluster-IP', cell: (service) => text(service, 'spec.clusterIP') || NONE },
    { name: 'External-IP', cell: externalAddresses },
    { name: 'Port(s)', cell: servicePorts },
    AGE,
    { name: 'Selector', wide: true, cell: (service) => pairs(at(service, 'spec.selector')) },
  ],
  ConfigMap: [
    NAME,
    { name: 'Data', type: 'integer', cell: (map) => count(map['data']) + count(map['binaryData']) },
    AGE,
  ],
  EndpointSlice: [
    NAME,
    { name: 'AddressType', cell: (slice) => text(slice, 'addressType') },
    {
      name: 'Ports',
      cell: (slice) => some(list(slice, 'ports').map((port) => String((port['port'] as number | undefined) ?? '*'))),
    },
    {
      name: 'Endpoints',
      cell: (slice) => some(list(slice, 'endpoints').flatMap((endpoint) => texts(endpoint['addresses']))),
    },
    AGE,
  ],
  Event: [
    { name: 'Last Seen', cell: (event, nowMs) => age(eventTime(event), nowMs) },
    { name: 'Type', cell: (event) => text(event, 'type') },
    { name: 'Reason', cell: (event) => text(event, 'reason') },
    { name: 'Object', cell: eventSubject },
    { name: 'Message', cell: (event) => (text(event, 'message') || text(event, 'note')).trim() },
    { ...NAME, wide: true },
  ],
  Pod: [
    NAME,
    { name: 'Ready', cell: podReadiness },
    { name: 'Status', cell: (pod) => (pod.metadata.deletionTimestamp ? 'Terminating' : text(pod, 'status.phase')) },
    { name: 'Restarts', cell: () => '0' },
    AGE,
    { name: 'IP', wide: true, cell: (pod) => text(pod, 'status.podIP') || NONE },
    { name: 'Node', wide: true, cell: (pod) => text(pod, 'spec.nodeName') || NONE },
  ],
  Deployment: [
    NAME,
    { name: 'Ready', cell: (item) => `${number(item, 'status.readyReplicas')}/${number(item, 'spec.replicas')}` },
    { name: 'Up-to-date', type: 'integer', cell: (item) => number(item, 'status.updatedReplicas') },
    { name: 'Available', type: 'integer', cell: (item) => number(item, 'status.availableReplicas') },
    AGE,
    { name: 'Selector', wide: true, cell: (item) => pairs(at(item, 'spec.selector.matchLabels')) },
  ],
  ServiceCIDR: [NAME, { name: 'CIDRs', cell: (item) => texts(at(item, 'spec.cidrs')).join(',') }, AGE],
};

export function columnsOf(resource: Resource): readonly Column[] {
  return COLUMNS[resource.kind] ?? [NAME, AGE];
}

/** A duration as kubectl shows it: two units at most, coarser the longer it is. */
export function age(since: string | undefined, nowMs: number): string {
  const start = Date.parse(since ?? '');
  if (Number.isNaN(start)) return '<unknown>';
  const seconds = Math.max(0, Math.floor((nowMs - start) / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return `${minutes}m${seconds % 60 === 0 ? '' : `${seconds % 60}s`}`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

function nodeStatus(node: KubernetesObject): string {
  const ready = list(node, 'status.conditions').find((condition) => condition['type'] === 'Ready');
  const status = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady';
  return at(node, 'spec.unschedulable') === true ? `${status},SchedulingDisabled` : status;
}

function nodeRoles(node: KubernetesObject): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.keys(node.metadata.labels ?? {}).filter((label) => label.startsWith(prefix));
  return (
    roles
      .map((label) => label.slice(prefix.length))
      .sort()
      .join(',') || NONE
  );
}

function nodeAddress(node: KubernetesObject, type: string): string {
  const found = list(node, 'status.addresses').find((address) => address['type'] === type);
  return typeof found?.['address'] === 'string' ? found['address'] : NONE;
}

function externalAddresses(service: KubernetesObject): string {
  const addresses = texts(at(service, 'spec.externalIPs'));
  if (at(service, 'spec.type') === 'ExternalName') return text(service, 'spec.externalName');
  if (at(service, 'spec.type') !== 'LoadBalancer') return addresses.join(',') || NONE;
  const ingress = list(service, 'status.loadBalancer.ingress').map((entry) => String(entry['ip'] ?? entry['hostname']));
  return [...ingress, ...addresses].join(',') || '<pending>';
}

function servicePorts(service: KubernetesObject): string {
  const ports = list(service, 'spec.ports').map((port) => {
    const nodePort = typeof port['nodePort'] === 'number' ? `:${port['nodePort']}` : '';
    return `${String(port['port'])}${nodePort}/${String(port['protocol'])}`;
  });
  return ports.join(',') || NONE;
}

function podReadiness(pod: KubernetesObject): string {
  const containers = list(pod, 'spec.containers').length;
  const ready = list(pod, 'status.conditions').some((item) => item['type'] === 'Ready' && item['status'] === 'True');
  return `${ready ? containers : 0}/${containers}`;
}

function eventTime(event: KubernetesObject): string | undefined {
  const times = [event['lastTimestamp'], event['deprecatedLastTimestamp'], event['eventTime']];
  return times.find((time) => typeof time === 'string') ?? event.metadata.creationTimestamp;
}

function eventSubject(event: KubernetesObject): string {
  const subject = isRecord(event['involvedObject']) ? event['involvedObject'] : event['regarding'];
  return isRecord(subject) ? `${String(subject['kind']).toLowerCase()}/${String(subject['name'])}` : '';
}

/** At most three, then how many more there are. */
function some(items: readonly string[]): string {
  if (items.length === 0) return '<unset>';
  const rest = items.length > 3 ? ` + ${items.length - 3} more...` : '';
  return items.slice(0, 3).join(',') + rest;
}

function at(object: KubernetesObject, path: string): unknown {
  let value: unknown = object;
  for (const name of path.split('.')) value = isRecord(value) ? value[name] : undefined;
  return value;
}

function text(object: KubernetesObject, path: string): string {
  const value = at(object, path);
  return typeof value === 'string' ? value : '';
}

function number(object: KubernetesObject, path: string): number {
  const value = at(object, path);
  return typeof value === 'number' ? value : 0;
}

function list(object: KubernetesObject, path: string): readonly JsonRecord[] {
  const value = at(object, path);
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function pairs(value: unknown): string {
  const entries = isRecord(value) ? Object.entries(value).map(([key, item]) => `${key}=${String(item)}`) : [];
  return entries.sort().join(',') || NONE;
}

function count(value: unknown): number {
  return isRecord(value) ? Object.keys(value).length : 0;
}
