import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import { isRecord } from '../objects/kubernetes-object.ts';
import type { ServicePort, ServiceSpec } from './service-object.ts';
import {
  hasClusterIp,
  isExternallyReachable,
  mayHaveNodePorts,
  needsHealthCheckNodePort,
  needsNodePorts,
  serviceSpec,
} from './service-object.ts';

/** How long client affinity lasts when nothing is said, in seconds: three hours. */
const DEFAULT_AFFINITY_SECONDS = 10_800;

/**
 * Fills in what a Service leaves out, in place: static defaults, and on update the allocated values of the previous
 * state, which clients may leave out as well. Source: defaulting and update strategy of core/v1 Service.
 */
export function defaultService(service: KubernetesObject, previous: KubernetesObject | undefined): void {
  const spec = serviceSpec(service);
  defaultBasics(spec);
  const before = previous === undefined ? undefined : serviceSpec(previous);
  if (before !== undefined) {
    dropFieldsOfOtherType(spec, before);
    keepAllocatedValues(spec, before);
  }
  defaultTrafficPolicies(spec);
  alignClusterIps(spec, before);
  defaultLoadBalancerStatus(service);
}

function defaultBasics(spec: ServiceSpec): void {
  spec.type ??= 'ClusterIP';
  spec.sessionAffinity ??= 'None';
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
  }
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP') {
    const timeoutSeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS;
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds } };
  }
}

function defaultTrafficPolicies(spec: ServiceSpec): void {
  if (isExternallyReachable(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ||= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
}

/** A change of type takes along the fields that the new type cannot have, if the client left them as they were. */
function dropFieldsOfOtherType(spec: ServiceSpec, before: ServiceSpec): void {
  if (hasClusterIp(before) && !hasClusterIp(spec)) dropClusterIps(spec, before);
  if (mayHaveNodePorts(before) && !mayHaveNodePorts(spec)) {
    const old = new Set((before.ports ?? []).map((port) => port.nodePort));
    for (const port of spec.ports ?? []) if (old.has(port.nodePort)) delete port.nodePort;
  }
  const unchanged = (field: 'externalTrafficPolicy' | 'healthCheckNodePort' | 'allocateLoadBalancerNodePorts') =>
    spec[field] === before[field];
  if (!isExternallyReachable(spec) && unchanged('externalTrafficPolicy')) delete spec.externalTrafficPolicy;
  if (!needsHealthCheckNodePort(spec) && unchanged('healthCheckNodePort')) delete spec.healthCheckNodePort;
  if (spec.type !== 'LoadBalancer' && unchanged('allocateLoadBalancerNodePorts')) {
    delete spec.allocateLoadBalancerNodePorts;
  }
}

function dropClusterIps(spec: ServiceSpec, before: ServiceSpec): void {
  if (spec.clusterIP !== undefined && spec.clusterIP !== before.clusterIP) return;
  delete spec.clusterIP;
  delete spec.clusterIPs;
  delete spec.ipFamilies;
  delete spec.ipFamilyPolicy;
}

function keepAllocatedValues(spec: ServiceSpec, before: ServiceSpec): void {
  if (hasClusterIp(spec) && hasClusterIp(before)) {
    if ((spec.clusterIP ?? '') === '' && (spec.clusterIPs ?? []).length === 0) {
      if (before.clusterIP !== undefined) spec.clusterIP = before.clusterIP;
      if (before.clusterIPs !== undefined) spec.clusterIPs = [...before.clusterIPs];
    }
    spec.ipFamilyPolicy ??= before.ipFamilyPolicy ?? 'SingleStack';
    if ((spec.ipFamilies ?? []).length === 0) spec.ipFamilies = [...(before.ipFamilies ?? [])];
  }
  if (needsNodePorts(spec) && needsNodePorts(before)) keepNodePorts(spec.ports ?? [], before.ports ?? []);
  if (needsHealthCheckNodePort(spec) && needsHealthCheckNodePort(before) && before.healthCheckNodePort !== undefined) {
    spec.healthCheckNodePort ||= before.healthCheckNodePort;
  }
}

/** A port without a node port keeps the one it had, found by protocol and port number. */
function keepNodePorts(ports: readonly ServicePort[], before: readonly ServicePort[]): void {
  const claimed = new Set(ports.map((port) => port.nodePort));
  for (const port of ports) {
    if (port.nodePort) continue;
    const old = before.find((other) => other.port === port.port && other.protocol === port.protocol)?.nodePort;
    if (old !== undefined && !claimed.has(old)) port.nodePort = old;
  }
}

/** `clusterIP` and the first of `clusterIPs` are one value; whichever the client changed wins. */
function alignClusterIps(spec: ServiceSpec, before: ServiceSpec | undefined): void {
  const single = spec.clusterIP ?? '';
  const list = spec.clusterIPs ?? [];
  if (single !== '' && list.length === 0) spec.clusterIPs = [single];
  else if (single === '' && list[0] !== undefined) spec.clusterIP = list[0];
  else if (before !== undefined && single !== '' && single !== before.clusterIP && list[0] === before.clusterIP) {
    spec.clusterIPs = [single];
  } else if (before !== undefined && list[0] !== undefined && single === before.clusterIP && list[0] !== single) {
    spec.clusterIP = list[0];
  }
}

function defaultLoadBalancerStatus(service: KubernetesObject): void {
  if (!isRecord(service['status'])) service['status'] = {};
  const status = service['status'];
  if (!isRecord(status)) return;
  if (!isRecord(status['loadBalancer'])) status['loadBalancer'] = {};
  const balancer = status['loadBalancer'];
  const ingress = isRecord(balancer) ? balancer['ingress'] : undefined;
  if (!Array.isArray(ingress)) return;
  for (const entry of ingress) if (isRecord(entry) && typeof entry['ip'] === 'string') entry['ipMode'] ??= 'VIP';
}
