import { compact } from '../../model/compact-list.ts';
import type { Cidr, IpAddress, IpFamily } from '../../model/ip.ts';
import { familyOf, parseIp } from '../../model/ip.ts';
import type { Protocol, ServiceKey } from '../../model/service-key.ts';
import { serviceKey } from '../../model/service-key.ts';
import { readAddress, readAddressList, readCidrList, tellUnusualForm } from './addresses.ts';
import type { Decoded } from './decoded.ts';
import type { JsonRecord } from './field-reader.ts';
import { FieldReader, quote } from './field-reader.ts';
import type { Interner } from './interner.ts';
import { readMetadata, readTimeMs } from './metadata.ts';
import { highestPort, readProtocol } from './ports.ts';

/** One entry of `spec.ports`. */
export interface ServicePort {
  /** Empty for the only port of a Service that does not name it. */
  readonly name: string;
  readonly protocol: Protocol;
  /** 1 to 65535. */
  readonly port: number;
  /** 0 when there is none. */
  readonly nodePort: number;
}

/** A Service, as far as this program reads it. Fields of both families are mixed; `familyOf` tells them apart. */
export interface Service {
  readonly key: ServiceKey;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Milliseconds since 1970; 0 when unknown. Decides who owns an address that two Services claim: the older one. */
  readonly creationTimeMs: number;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** At most one per family; empty for a headless Service and for one of type ExternalName. */
  readonly clusterIps: readonly IpAddress[];
  readonly ports: readonly ServicePort[];
  /** Seconds a client stays with its endpoint (1 to 86400); 0 without session affinity. */
  readonly affinityTimeoutSeconds: number;
  readonly externalIps: readonly IpAddress[];
  /** `status.loadBalancer.ingress[].ip` whose `ipMode` is absent or `VIP`. */
  readonly loadBalancerIps: readonly IpAddress[];
  /** As written, in canonical form: a range `/0`, which allows everybody of its family, is still in it. */
  readonly loadBalancerSourceRanges: readonly Cidr[];
  readonly internalTrafficPolicy: 'Cluster' | 'Local';
  /** As written, whether or not the Service can be reached from outside. */
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  /** As written, whatever the type and policy; 0 when there is none. */
  readonly healthCheckNodePort: number;
}

const serviceTypes = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] as const;
const trafficPolicies = ['Cluster', 'Local'] as const;
/** The API server's own default, in seconds. */
const defaultAffinityTimeoutSeconds = 10_800;
const longestAffinityTimeoutSeconds = 86_400;

/**
 * Reads a Service of core/v1. Throws `DecodeError` for a wrong shape and for values that the API server refuses;
 * bad entries of address lists and words of a newer API become warnings. Pure.
 */
export function decodeService(value: unknown, interner: Interner): Decoded<Service> {
  const reader = new FieldReader('Service');
  const object = reader.record(value, '(object)');
  const { namespace, name, record: metadata } = readMetadata(reader, object);
  const spec = reader.record(object['spec'], 'spec');
  const type = reader.word(spec['type'], 'spec.type', serviceTypes);
  return reader.finish<Service>({
    key: serviceKey(namespace, name),
    namespace: interner.text(namespace),
    name,
    uid: reader.text(metadata['uid'], 'metadata.uid'),
    creationTimeMs: readTimeMs(reader, metadata['creationTimestamp'], 'metadata.creationTimestamp'),
    type,
    clusterIps: type === 'ExternalName' ? [] : readClusterIps(reader, spec),
    ports: readPorts(reader, spec, interner),
    affinityTimeoutSeconds: readAffinityTimeout(reader, spec),
    externalIps: readAddressList(reader, spec['externalIPs'], 'spec.externalIPs'),
    loadBalancerIps: readLoadBalancerIps(reader, object),
    loadBalancerSourceRanges: readSourceRanges(reader, spec),
    internalTrafficPolicy: reader.word(spec['internalTrafficPolicy'], 'spec.internalTrafficPolicy', trafficPolicies),
    externalTrafficPolicy: reader.word(spec['externalTrafficPolicy'], 'spec.externalTrafficPolicy', trafficPolicies),
    healthCheckNodePort: reader.integer(spec['healthCheckNodePort'], 'spec.healthCheckNodePort', 0, highestPort, 0),
  });
}

/**
 * The address of each family: `clusterIPs[i]` where `ipFamilies[i]` names the family. Objects without `ipFamilies`
 * or `clusterIPs` (written before dual stack, or by hand) have `clusterIP` only.
 */
function readClusterIps(reader: FieldReader, spec: JsonRecord): readonly IpAddress[] {
  const clusterIp = reader.text(spec['clusterIP'], 'spec.clusterIP');
  if (clusterIp === '' || clusterIp === 'None') return compact([]);
  const families = reader.list(spec['ipFamilies'], 'spec.ipFamilies');
  const texts = reader.list(spec['clusterIPs'], 'spec.clusterIPs');
  if (families.length === 0 || texts.length === 0) return [readClusterIp(reader, clusterIp, 'spec.clusterIP')];
  const addresses: IpAddress[] = [];
  for (let index = 0; index < families.length && index < texts.length; index += 1) {
    reader.index = index;
    const address = readClusterIp(reader, texts[index], 'spec.clusterIPs[#]');
    requireFamily(reader, address, families[index]);
    if (!addresses.some((known) => familyOf(known) === familyOf(address))) addresses.push(address);
  }
  return compact(addresses);
}

function readClusterIp(reader: FieldReader, value: unknown, path: string): IpAddress {
  const text = reader.text(value, path);
  const address = parseIp(text) ?? reader.fail(path, `${quote(text)} is not an IP address`);
  tellUnusualForm(reader, text, address, path);
  return address;
}

function requireFamily(reader: FieldReader, address: IpAddress, value: unknown): void {
  const family: IpFamily = familyOf(address);
  const declared = reader.text(value, 'spec.ipFamilies[#]');
  if (declared !== family) reader.fail('spec.clusterIPs[#]', `${address} is not of family ${quote(declared)}`);
}

function readPorts(reader: FieldReader, spec: JsonRecord, interner: Interner): readonly ServicePort[] {
  const ports: ServicePort[] = [];
  reader.list(spec['ports'], 'spec.ports').forEach((entry, index) => {
    reader.index = index;
    const record = reader.record(entry, 'spec.ports[#]');
    const protocol = readProtocol(reader, record['protocol'], 'spec.ports[#].protocol');
    if (protocol === undefined) return;
    const port = reader.integer(record['port'], 'spec.ports[#].port', 1, highestPort, 0);
    if (port === 0) reader.fail('spec.ports[#].port', 'is missing');
    const twin = ports.find((known) => known.port === port && known.protocol === protocol);
    if (twin !== undefined) {
      const problem = `${protocol} ${port} is there already as that of port ${quote(twin.name)}; port skipped`;
      reader.warn('spec.ports[#].port', problem);
      return;
    }
    ports.push({
      name: interner.text(reader.text(record['name'], 'spec.ports[#].name')),
      protocol,
      port,
      nodePort: reader.integer(record['nodePort'], 'spec.ports[#].nodePort', 0, highestPort, 0),
    });
  });
  const shareable = ports.every(({ nodePort }) => nodePort === 0); // node ports are all different
  return shareable ? interner.value(compact(ports)) : compact(ports);
}

/** Without a range that can be used there is no filter at all, as upstream has it. */
function readSourceRanges(reader: FieldReader, spec: JsonRecord): readonly Cidr[] {
  const path = 'spec.loadBalancerSourceRanges';
  const ranges = readCidrList(reader, spec['loadBalancerSourceRanges'], path);
  const isMeant = reader.list(spec['loadBalancerSourceRanges'], path).some((each) => String(each).trim() !== '');
  if (ranges.length === 0 && isMeant) {
    reader.warn(path, 'none of them can be used: load balancer addresses let everybody in');
  }
  return ranges;
}

function readAffinityTimeout(reader: FieldReader, spec: JsonRecord): number {
  if (reader.word(spec['sessionAffinity'], 'spec.sessionAffinity', ['None', 'ClientIP']) === 'None') return 0;
  const config = reader.optionalRecord(spec['sessionAffinityConfig'], 'spec.sessionAffinityConfig');
  const clientIp = reader.optionalRecord(config?.['clientIP'], 'spec.sessionAffinityConfig.clientIP');
  return reader.integer(
    clientIp?.['timeoutSeconds'],
    'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
    1,
    longestAffinityTimeoutSeconds,
    defaultAffinityTimeoutSeconds,
  );
}

function readLoadBalancerIps(reader: FieldReader, object: JsonRecord): readonly IpAddress[] {
  const status = reader.optionalRecord(object['status'], 'status');
  const loadBalancer = reader.optionalRecord(status?.['loadBalancer'], 'status.loadBalancer');
  const ingress = reader.list(loadBalancer?.['ingress'], 'status.loadBalancer.ingress');
  const addresses = ingress.flatMap((entry, index) => {
    reader.index = index;
    const record = reader.record(entry, 'status.loadBalancer.ingress[#]');
    const mode = reader.text(record['ipMode'], 'status.loadBalancer.ingress[#].ipMode');
    if (mode !== '' && mode !== 'VIP') return [];
    return readAddress(reader, record['ip'], 'status.loadBalancer.ingress[#].ip') ?? [];
  });
  return compact(addresses);
}
