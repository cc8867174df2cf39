import { isCidr } from '../services/ip-range.ts';
import type { ServiceAllocation } from '../services/service-allocation.ts';
import { defaultService } from '../services/service-defaults.ts';
import { validateService } from '../services/service-validation.ts';
import { defaultEndpointSlice, validateEndpointSlice } from './endpoint-slice-rules.ts';
import { invalidValue, required } from './field-error.ts';
import type { JsonRecord, KubernetesObject } from './kubernetes-object.ts';
import { isRecord, kubernetesTime, sameJson } from './kubernetes-object.ts';
import type { StatusCause } from './status.ts';

/** What the server does with objects of one kind besides storing them. */
export interface KindRules {
  /** Fills in what clients may leave out, in place. */
  fillDefaults?(object: KubernetesObject, previous: KubernetesObject | undefined): void;
  validate?(object: KubernetesObject, previous: KubernetesObject | undefined): StatusCause[];
  /** Fills in values that are unique in the cluster, in place; returns what is wrong with the asked ones. */
  allocate?(object: KubernetesObject, previous: KubernetesObject | undefined): StatusCause[];
  /** Called when a write or removal (`next` undefined) has happened. */
  commit?(previous: KubernetesObject | undefined, next: KubernetesObject | undefined): void;
}

/** The rules by kind. Kinds without an entry are only stored. */
export function kindRules(allocation: ServiceAllocation): Readonly<Record<string, KindRules>> {
  return {
    Service: {
      fillDefaults: defaultService,
      validate: validateService,
      allocate: (service, previous) => allocation.allocate(service, previous),
      commit: (previous, next) => allocation.commit(previous, next),
    },
    EndpointSlice: { fillDefaults: defaultEndpointSlice, validate: validateEndpointSlice },
    Namespace: { fillDefaults: defaultNamespace },
    Pod: { fillDefaults: defaultPod },
    Deployment: { fillDefaults: defaultDeployment, validate: validateDeployment },
    ServiceCIDR: { fillDefaults: defaultServiceCidr, validate: validateServiceCidr },
  };
}

function defaultNamespace(namespace: KubernetesObject): void {
  record(namespace, 'spec')['finalizers'] ??= ['kubernetes'];
  record(namespace, 'status')['phase'] ??= 'Active';
  const { metadata } = namespace;
  metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
}

function defaultPod(pod: KubernetesObject): void {
  defaultPodSpec(record(pod, 'spec'));
  const status = record(pod, 'status');
  status['phase'] ??= 'Pending';
  if (typeof status['podIP'] === 'string') status['podIPs'] ??= [{ ip: status['podIP'] }];
}

function defaultPodSpec(spec: JsonRecord): void {
  spec['restartPolicy'] ??= 'Always';
  spec['terminationGracePeriodSeconds'] ??= 30;
  spec['dnsPolicy'] ??= 'ClusterFirst';
  for (const container of listOf(spec['containers']).filter(isRecord)) {
    for (const port of listOf(container['ports']).filter(isRecord)) port['protocol'] ??= 'TCP';
  }
}

function defaultDeployment(deployment: KubernetesObject): void {
  const spec = record(deployment, 'spec');
  spec['replicas'] ??= 1;
  spec['revisionHistoryLimit'] ??= 10;
  spec['progressDeadlineSeconds'] ??= 600;
  spec['strategy'] ??= { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } };
  if (isRecord(spec['template'])) defaultPodSpec(record(spec['template'], 'spec'));
  record(deployment, 'status');
}

function validateDeployment(deployment: KubernetesObject, previous: KubernetesObject | undefined): StatusCause[] {
  const { selector } = record(deployment, 'spec');
  if (selector === undefined) return [required('spec.selector')];
  if (previous === undefined || sameJson(selector, record(previous, 'spec')['selector'])) return [];
  return [invalidValue('spec.selector', selector, 'field is immutable')];
}

/** There is no controller that would find the range ready, so it is ready at once. */
function defaultServiceCidr(serviceCidr: KubernetesObject): void {
  const message = 'Kubernetes Service CIDR is ready';
  const lastTransitionTime = kubernetesTime(new Date());
  const ready = { type: 'Ready', status: 'True', reason: '', message, lastTransitionTime };
  record(serviceCidr, 'status')['conditions'] ??= [ready];
}

function validateServiceCidr(serviceCidr: KubernetesObject, previous: KubernetesObject | undefined): StatusCause[] {
  const cidrs = listOf(record(serviceCidr, 'spec')['cidrs']);
  if (cidrs.length === 0) return [required('spec.cidrs', 'at least one CIDR required')];
  const wrong = cidrs.findIndex((cidr) => typeof cidr !== 'string' || !isCidr(cidr));
  if (wrong !== -1) {
    const detail = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
    return [invalidValue(`spec.cidrs[${wrong}]`, cidrs[wrong], detail)];
  }
  if (previous === undefined || sameJson(cidrs, record(previous, 'spec')['cidrs'])) return [];
  return [invalidValue('spec.cidrs', cidrs, 'field is immutable')];
}

/** The object at a field, made if there is none. */
function record(parent: JsonRecord, name: string): JsonRecord {
  const value = parent[name];
  if (isRecord(value)) return value;
  const made: JsonRecord = {};
  parent[name] = made;
  return made;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
