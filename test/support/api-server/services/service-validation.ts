import { duplicate, forbidden, invalidValue, notSupported, required } from '../objects/field-error.ts';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import { validateDnsLabel, validatePortNumber } from '../objects/metadata-validation.ts';
import type { StatusCause } from '../objects/status.ts';
import { familyOf, isCidr } from './ip-range.ts';
import type { ServicePort, ServiceSpec } from './service-object.ts';
import {
  isExternallyReachable,
  isHeadless,
  mayHaveNodePorts,
  needsHealthCheckNodePort,
  serviceSpec,
} from './service-object.ts';

/** The longest client affinity, in seconds: one day. */
const MAXIMUM_AFFINITY_SECONDS = 86_400;

/** What is wrong with a Service whose defaults are filled in, in the order the real server reports it. */
export function validateService(service: KubernetesObject, previous: KubernetesObject | undefined): StatusCause[] {
  const spec = serviceSpec(service);
  return [
    ...(previous === undefined ? [] : validateUnchanged(spec, serviceSpec(previous))),
    ...validatePorts(spec),
    ...validateSessionAffinity(spec),
    ...validateType(spec),
    ...validateAddresses(spec),
    ...validateTrafficPolicies(spec),
  ];
}

/** Once given, the first cluster IP and family and the health check port stay. */
function validateUnchanged(spec: ServiceSpec, before: ServiceSpec): StatusCause[] {
  const causes: StatusCause[] = [];
  const changed = (old: string | undefined, now: string | undefined) => Boolean(old) && Boolean(now) && old !== now;
  if (before.type !== 'ExternalName' && spec.type !== 'ExternalName') {
    if (changed(before.clusterIPs?.[0], spec.clusterIPs?.[0])) {
      causes.push(invalidValue('spec.clusterIPs[0]', spec.clusterIPs, 'may not change once set'));
    }
    if (changed(before.ipFamilies?.[0], spec.ipFamilies?.[0])) {
      causes.push(invalidValue('spec.ipFamilies[0]', spec.ipFamilies, 'may not change once set'));
    }
  }
  const bothNeedCheck = needsHealthCheckNodePort(spec) && needsHealthCheckNodePort(before);
  if (bothNeedCheck && spec.healthCheckNodePort !== before.healthCheckNodePort) {
    causes.push(invalidValue('spec.healthCheckNodePort', spec.healthCheckNodePort, 'field is immutable'));
  }
  return causes;
}

function validatePorts(spec: ServiceSpec): StatusCause[] {
  const ports = spec.ports ?? [];
  if (!Array.isArray(ports)) return [invalidValue('spec.ports', ports, 'must be a list')];
  if (ports.length === 0 && !isHeadless(spec) && spec.type !== 'ExternalName') return [required('spec.ports')];
  return [
    ...ports.flatMap((port, index) => validatePort(port, `spec.ports[${index}]`, spec, ports.length > 1)),
    ...duplicatesOf(ports, (port) => port.name || undefined).map(([index, port]) =>
      duplicate(`spec.ports[${index}].name`, port.name),
    ),
    ...duplicatesOf(ports, (port) => `${port.protocol}/${port.port}`).map(([index, port]) =>
      duplicate(`spec.ports[${index}]`, { protocol: port.protocol, port: port.port }),
    ),
    ...duplicatesOf(ports, (port) => (port.nodePort ? `${port.protocol}/${port.nodePort}` : undefined)).map(
      ([index, port]) => duplicate(`spec.ports[${index}].nodePort`, port.nodePort),
    ),
  ];
}

function validatePort(port: ServicePort, path: string, spec: ServiceSpec, nameRequired: boolean): StatusCause[] {
  const causes: StatusCause[] = [];
  if (!port.name && nameRequired) causes.push(required(`${path}.name`));
  if (port.name) causes.push(...validateDnsLabel(`${path}.name`, port.name));
  causes.push(...validatePortNumber(`${path}.port`, port.port));
  if (!PROTOCOLS.includes(port.protocol ?? '')) {
    causes.push(notSupported(`${path}.protocol`, port.protocol, PROTOCOLS));
  }
  causes.push(...validateTargetPort(`${path}.targetPort`, port.targetPort));
  if (port.nodePort && !mayHaveNodePorts(spec)) {
    causes.push(forbidden(`${path}.nodePort`, `may not be used when \`type\` is '${spec.type}'`));
  }
  return causes;
}

const PROTOCOLS: readonly string[] = ['TCP', 'UDP', 'SCTP'];

function validateTargetPort(field: string, target: unknown): StatusCause[] {
  if (typeof target === 'number') return validatePortNumber(field, target);
  const valid = typeof target === 'string' && /^(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(target);
  if (valid) return [];
  const rule =
    'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-), at least one letter, at most 15';
  return [invalidValue(field, target, rule)];
}

function validateSessionAffinity(spec: ServiceSpec): StatusCause[] {
  const supported = ['None', 'ClientIP'];
  if (!supported.includes(spec.sessionAffinity ?? '')) {
    return [notSupported('spec.sessionAffinity', spec.sessionAffinity, supported)];
  }
  if (spec.sessionAffinity === 'None') return [];
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 0;
  if (Number.isInteger(seconds) && seconds > 0 && seconds <= MAXIMUM_AFFINITY_SECONDS) return [];
  const field = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds';
  return [invalidValue(field, seconds, `must be greater than 0 and less than ${MAXIMUM_AFFINITY_SECONDS}`)];
}

function validateType(spec: ServiceSpec): StatusCause[] {
  const supported = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
  if (!supported.includes(spec.type ?? '')) return [notSupported('spec.type', spec.type, supported)];
  if (isHeadless(spec) && mayHaveNodePorts(spec)) {
    return [invalidValue('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`)];
  }
  if (spec.type !== 'ExternalName') return [];
  if (spec.clusterIP) return [forbidden('spec.clusterIPs', "may not be set when `type` is 'ExternalName'")];
  return spec.externalName ? [] : [required('spec.externalName')];
}

function validateAddresses(spec: ServiceSpec): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const [index, address] of (spec.externalIPs ?? []).entries()) {
    const field = `spec.externalIPs[${index}]`;
    if (familyOf(address) === undefined) causes.push(invalidValue(field, address, NOT_AN_ADDRESS));
    else if (/^(127\.|::1$)/.test(address)) {
      causes.push(invalidValue(field, address, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'));
    }
  }
  for (const [index, range] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    if (isCidr(range.trim())) continue;
    const detail = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
    causes.push(invalidValue(`spec.loadBalancerSourceRanges[${index}]`, range, detail));
  }
  return [...causes, ...validateClusterIps(spec)];
}

const NOT_AN_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

function validateClusterIps(spec: ServiceSpec): StatusCause[] {
  if (isHeadless(spec)) return [];
  const list = spec.clusterIPs ?? [];
  const causes = list.flatMap((address, index) =>
    familyOf(address) === undefined ? [invalidValue(`spec.clusterIPs[${index}]`, address, NOT_AN_ADDRESS)] : [],
  );
  if (list.length > 0 && spec.clusterIP !== list[0]) {
    causes.push(invalidValue('spec.clusterIPs', list, 'first value must match `clusterIP`'));
  }
  if (list.length === 2 && familyOf(list[0] ?? '') === familyOf(list[1] ?? '')) {
    causes.push(invalidValue('spec.clusterIPs', list, 'may specify no more than one IP for each IP family'));
  }
  return causes;
}

function validateTrafficPolicies(spec: ServiceSpec): StatusCause[] {
  const causes: StatusCause[] = [];
  const policies = ['Cluster', 'Local'];
  const { externalTrafficPolicy: external, internalTrafficPolicy: internal } = spec;
  if (external !== undefined && !isExternallyReachable(spec)) {
    causes.push(
      invalidValue('spec.externalTrafficPolicy', external, 'may only be set for externally-accessible services'),
    );
  } else if (external !== undefined && !policies.includes(external)) {
    causes.push(notSupported('spec.externalTrafficPolicy', external, policies));
  }
  if (internal !== undefined && !policies.includes(internal)) {
    causes.push(notSupported('spec.internalTrafficPolicy', internal, policies));
  }
  if (spec.healthCheckNodePort && !needsHealthCheckNodePort(spec)) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    causes.push(invalidValue('spec.healthCheckNodePort', spec.healthCheckNodePort, detail));
  }
  const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
  if (spec.trafficDistribution !== undefined && !distributions.includes(spec.trafficDistribution)) {
    causes.push(notSupported('spec.trafficDistribution', spec.trafficDistribution, distributions));
  }
  return causes;
}

/** The entries whose key an earlier entry has; undefined keys do not count. */
function duplicatesOf(
  ports: readonly ServicePort[],
  keyOfPort: (port: ServicePort) => string | undefined,
): [number, ServicePort][] {
  const seen = new Set<string>();
  return [...ports.entries()].filter(([, port]) => {
    const key = keyOfPort(port);
    if (key === undefined || !seen.has(key)) {
      if (key !== undefined) seen.add(key);
      return false;
    }
    return true;
  });
}
