import { compact } from '../../model/compact-list.ts';
import { joinText } from '../../model/flat-text.ts';
import type { IpAddress, IpFamily } from '../../model/ip.ts';
import { familyOf, parseIp, unservableReason } from '../../model/ip.ts';
import type { Protocol, ServiceKey } from '../../model/service-key.ts';
import { serviceKey } from '../../model/service-key.ts';
import { tellUnusualForm } from './addresses.ts';
import type { Decoded } from './decoded.ts';
import type { JsonRecord } from './field-reader.ts';
import { FieldReader, quote } from './field-reader.ts';
import type { Interner } from './interner.ts';
import { readMetadata, readTimeMs } from './metadata.ts';
import { packPlaces, type Place } from '../../model/packed-places.ts';
import { highestPort, readProtocol } from './ports.ts';

/** One usable entry of `ports`: those without a number or with a null name are left out. */
interface EndpointPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** One entry of `endpoints`. */
export interface Endpoint {
  /** The first of its addresses, as upstream uses it. */
  readonly address: IpAddress;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Empty when unknown. */
  readonly nodeName: string;
  /** Zones that should use it; absent without hints. */
  readonly zoneHints?: readonly string[];
  /** Nodes that should use it; absent without hints. */
  readonly nodeHints?: readonly string[];
}

/** An EndpointSlice, as far as this program reads it. */
export interface EndpointSlice {
  /** `namespace/name` of the slice itself. */
  readonly key: string;
  /** The Service it belongs to, from the label `kubernetes.io/service-name`. */
  readonly service: ServiceKey;
  readonly family: IpFamily;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
  /** Pods and zones of the endpoints, in their order, for `unpackPlaces`. */
  readonly places: string;
  /** Annotation `endpoints.kubernetes.io/last-change-trigger-time`, in milliseconds since 1970; 0 when absent. */
  readonly lastChangeTriggerTimeMs: number;
}

const serviceNameLabel = 'kubernetes.io/service-name';
const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

/**
 * Reads an EndpointSlice of discovery.k8s.io/v1. Slices without the label of their Service and slices of host names
 * give no object. Throws `DecodeError` for a wrong shape; ports and endpoints that cannot be used are left out with a
 * warning. Pure.
 */
export function decodeEndpointSlice(value: unknown, interner: Interner): Decoded<EndpointSlice> {
  const reader = new FieldReader('EndpointSlice');
  const object = reader.record(value, '(object)');
  const { namespace, name, record: metadata } = readMetadata(reader, object);
  const serviceName = readServiceName(reader, metadata);
  const family = readFamily(reader, object);
  if (serviceName === '' || family === undefined) return reader.finish<EndpointSlice>(undefined);
  const annotations = reader.optionalRecord(metadata['annotations'], 'metadata.annotations');
  const triggerTimePath = `metadata.annotations["${triggerTimeAnnotation}"]`;
  return reader.finish<EndpointSlice>({
    key: joinText(namespace, '/', name),
    service: interner.text(serviceKey(namespace, serviceName)) as ServiceKey, // the interner gives back an equal text
    family,
    ports: readPorts(reader, object, interner),
    ...readEndpoints(reader, object, family, interner),
    lastChangeTriggerTimeMs: readTimeMs(reader, annotations?.[triggerTimeAnnotation], triggerTimePath),
  });
}

function readServiceName(reader: FieldReader, metadata: JsonRecord): string {
  const labels = reader.optionalRecord(metadata['labels'], 'metadata.labels');
  const path = `metadata.labels["${serviceNameLabel}"]`;
  const name = reader.text(labels?.[serviceNameLabel], path);
  if (name === '') reader.warn(path, 'is missing, so it belongs to no Service; slice ignored');
  return name;
}

function readFamily(reader: FieldReader, object: JsonRecord): IpFamily | undefined {
  const type = reader.text(object['addressType'], 'addressType');
  if (type === 'IPv4' || type === 'IPv6') return type;
  if (type === '') reader.fail('addressType', 'is missing');
  reader.warn('addressType', `${quote(type)} is not supported; slice ignored`);
  return undefined;
}

function readPorts(reader: FieldReader, object: JsonRecord, interner: Interner): readonly EndpointPort[] {
  const ports: EndpointPort[] = [];
  reader.list(object['ports'], 'ports').forEach((entry, index) => {
    reader.index = index;
    const record = reader.record(entry, 'ports[#]');
    const port = readPort(reader, record, interner);
    if (port !== undefined) ports.push(port);
  });
  return interner.value(compact(ports));
}

function readPort(reader: FieldReader, record: JsonRecord, interner: Interner): EndpointPort | undefined {
  const protocol = readProtocol(reader, record['protocol'], 'ports[#].protocol');
  const port = reader.integer(record['port'], 'ports[#].port', 0, highestPort, 0);
  const name = reader.text(record['name'], 'ports[#].name');
  if (protocol === undefined) return undefined;
  if (record['name'] === undefined || record['name'] === null) {
    reader.warn('ports[#].name', 'is missing (an unnamed port has an empty name); port skipped');
    return undefined;
  }
  if (port === 0) {
    reader.warn('ports[#].port', 'is missing or 0; port skipped');
    return undefined;
  }
  return { name: interner.text(name), protocol, port };
}

function readEndpoints(
  reader: FieldReader,
  object: JsonRecord,
  family: IpFamily,
  interner: Interner,
): Pick<EndpointSlice, 'endpoints' | 'places'> {
  const entries = reader.list(object['endpoints'], 'endpoints');
  const endpoints: Endpoint[] = [];
  const places: Place[] = [];
  for (let index = 0; index < entries.length; index += 1) {
    reader.index = index;
    const record = reader.record(entries[index], 'endpoints[#]');
    const address = readFirstAddress(reader, record, family);
    if (address === undefined) continue;
    endpoints.push(readEndpoint(reader, record, address, interner));
    places.push(readPlace(reader, record));
  }
  return { endpoints: compact(endpoints), places: packPlaces(places) };
}

/** Endpoints need not be pods. */
function readPlace(reader: FieldReader, record: JsonRecord): Place {
  const target = reader.optionalRecord(record['targetRef'], 'endpoints[#].targetRef');
  const isPod = reader.text(target?.['kind'], 'endpoints[#].targetRef.kind') === 'Pod';
  return {
    pod: isPod ? reader.text(target?.['name'], 'endpoints[#].targetRef.name') : '',
    zone: reader.text(record['zone'], 'endpoints[#].zone'),
  };
}

function readFirstAddress(reader: FieldReader, record: JsonRecord, family: IpFamily): IpAddress | undefined {
  const addresses = reader.list(record['addresses'], 'endpoints[#].addresses');
  if (addresses.length === 0) {
    reader.warn('endpoints[#].addresses', 'is empty; endpoint skipped');
    return undefined;
  }
  const text = reader.text(addresses[0], 'endpoints[#].addresses[0]');
  const address = parseIp(text);
  if (address !== undefined && familyOf(address) === family) {
    const reason = unservableReason(address);
    if (reason === undefined) {
      tellUnusualForm(reader, text, address, 'endpoints[#].addresses[0]');
      return address;
    }
    reader.warn('endpoints[#].addresses[0]', `${address} is ${reason}; endpoint skipped`);
    return undefined;
  }
  reader.warn('endpoints[#].addresses[0]', `${quote(text)} is not an ${family} address; endpoint skipped`);
  return undefined;
}

function readEndpoint(reader: FieldReader, record: JsonRecord, address: IpAddress, interner: Interner): Endpoint {
  const conditions = reader.optionalRecord(record['conditions'], 'endpoints[#].conditions');
  const endpoint: Endpoint = {
    address,
    ready: reader.boolean(conditions?.['ready'], 'endpoints[#].conditions.ready', true),
    serving: reader.boolean(conditions?.['serving'], 'endpoints[#].conditions.serving', true),
    terminating: reader.boolean(conditions?.['terminating'], 'endpoints[#].conditions.terminating', false),
    nodeName: interner.text(reader.text(record['nodeName'], 'endpoints[#].nodeName')),
  };
  const hints = reader.optionalRecord(record['hints'], 'endpoints[#].hints');
  if (hints === undefined) return endpoint;
  const zoneHints = readHints(reader, hints['forZones'], zoneHintPaths, interner);
  const nodeHints = readHints(reader, hints['forNodes'], nodeHintPaths, interner);
  return { ...endpoint, ...(zoneHints && { zoneHints }), ...(nodeHints && { nodeHints }) };
}

interface HintPaths {
  readonly list: string;
  readonly entry: string;
  readonly name: string;
}

const zoneHintPaths: HintPaths = hintPathsOf('endpoints[#].hints.forZones');
const nodeHintPaths: HintPaths = hintPathsOf('endpoints[#].hints.forNodes');

function hintPathsOf(list: string): HintPaths {
  return { list, entry: `${list}[#]`, name: `${list}[#].name` };
}

function readHints(
  reader: FieldReader,
  value: unknown,
  paths: HintPaths,
  interner: Interner,
): readonly string[] | undefined {
  const entries = reader.list(value, paths.list);
  if (entries.length === 0) return undefined;
  const names = entries.map((entry, index) => {
    reader.subIndex = index;
    return reader.text(reader.record(entry, paths.entry)['name'], paths.name);
  });
  return interner.list(names);
}
