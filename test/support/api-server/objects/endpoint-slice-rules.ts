import { familyOf } from '../services/ip-range.ts';
import { duplicate, invalidValue, notSupported, required, tooMany } from './field-error.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { isRecord, sameJson } from './kubernetes-object.ts';
import { validatePortNumber } from './metadata-validation.ts';
import type { StatusCause } from './status.ts';

const ADDRESS_TYPES: readonly string[] = ['IPv4', 'IPv6', 'FQDN'];
const PROTOCOLS: readonly string[] = ['TCP', 'UDP', 'SCTP'];
const MAXIMUM_ENDPOINTS = 1000;
const MAXIMUM_PORTS = 20_000;
const MAXIMUM_ADDRESSES = 100;

/** Fills in the names and protocols of ports, in place. */
export function defaultEndpointSlice(slice: KubernetesObject): void {
  if (!Array.isArray(slice['endpoints'])) slice['endpoints'] = [];
  for (const port of listOf(slice['ports']).filter(isRecord)) {
    port['name'] ??= '';
    port['protocol'] ??= 'TCP';
  }
}

/** What is wrong with an EndpointSlice whose defaults are filled in. */
export function validateEndpointSlice(slice: KubernetesObject, previous: KubernetesObject | undefined): StatusCause[] {
  const type = slice['addressType'];
  if (type === undefined || type === '') return [required('addressType')];
  if (typeof type !== 'string' || !ADDRESS_TYPES.includes(type))
    return [notSupported('addressType', type, ADDRESS_TYPES)];
  if (previous !== undefined && !sameJson(previous['addressType'], type)) {
    return [invalidValue('addressType', type, 'field is immutable')];
  }
  return [...validateEndpoints(listOf(slice['endpoints']), type), ...validatePorts(listOf(slice['ports']))];
}

function validateEndpoints(endpoints: readonly unknown[], type: string): StatusCause[] {
  if (endpoints.length > MAXIMUM_ENDPOINTS) return [tooMany('endpoints', endpoints.length, MAXIMUM_ENDPOINTS)];
  return endpoints.flatMap((endpoint, index) => {
    const addresses = isRecord(endpoint) ? listOf(endpoint['addresses']) : [];
    const field = `endpoints[${index}].addresses`;
    if (addresses.length === 0) return [required(field, 'must contain at least 1 address')];
    if (addresses.length > MAXIMUM_ADDRESSES) return [tooMany(field, addresses.length, MAXIMUM_ADDRESSES)];
    if (type === 'FQDN') return [];
    return addresses.flatMap((address, position) =>
      typeof address === 'string' && familyOf(address) === type
        ? []
        : [invalidValue(`${field}[${position}]`, address, `must be a valid ${type} address`)],
    );
  });
}

function validatePorts(ports: readonly unknown[]): StatusCause[] {
  if (ports.length > MAXIMUM_PORTS) return [tooMany('ports', ports.length, MAXIMUM_PORTS)];
  const names = new Set<unknown>();
  return ports.flatMap((port, index) => {
    if (!isRecord(port)) return [invalidValue(`ports[${index}]`, port, 'must be an object')];
    const causes = names.has(port['name']) ? [duplicate(`ports[${index}].name`, port['name'])] : [];
    names.add(port['name']);
    const protocol = port['protocol'];
    if (typeof protocol !== 'string' || !PROTOCOLS.includes(protocol)) {
      causes.push(notSupported(`ports[${index}].protocol`, protocol, PROTOCOLS));
    }
    const number = port['port'];
    return number === undefined || number === null
      ? causes
      : [...causes, ...validatePortNumber(`ports[${index}].port`, number)];
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
