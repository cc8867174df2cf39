import type { Cidr, IpAddress } from '../../model/ip.ts';
import { readAddress, readCidrList } from './addresses.ts';
import type { Decoded } from './decoded.ts';
import type { JsonRecord } from './field-reader.ts';
import { FieldReader } from './field-reader.ts';
import type { Interner } from './interner.ts';

/** A Node, as far as this program reads it. */
export interface Node {
  readonly name: string;
  /** InternalIP addresses in order, then ExternalIP ones. */
  readonly addresses: readonly IpAddress[];
  readonly podCidrs: readonly Cidr[];
  /** Label `topology.kubernetes.io/zone`; empty when unset. */
  readonly zone: string;
  /** Whether a deletion timestamp or the autoscaler's taint says that the node is going away. */
  readonly leaving: boolean;
}

const zoneLabel = 'topology.kubernetes.io/zone';
/** Set by the cluster autoscaler before it removes a node. */
const autoscalerTaint = 'ToBeDeletedByClusterAutoscaler';

/**
 * Reads a Node of core/v1. Throws `DecodeError` for a wrong shape; addresses and networks that cannot be read are left
 * out with a warning. Pure.
 */
export function decodeNode(value: unknown, interner: Interner): Decoded<Node> {
  const reader = new FieldReader('Node');
  const object = reader.record(value, '(object)');
  const metadata = reader.record(object['metadata'], 'metadata');
  const name = reader.identifier(metadata['name'], 'metadata.name');
  reader.name(name);
  const labels = reader.optionalRecord(metadata['labels'], 'metadata.labels');
  const spec = reader.optionalRecord(object['spec'], 'spec');
  return reader.finish<Node>({
    name: interner.text(name),
    addresses: readNodeAddresses(reader, object),
    podCidrs: readCidrList(reader, spec?.['podCIDRs'], 'spec.podCIDRs'),
    zone: interner.text(reader.text(labels?.[zoneLabel], `metadata.labels["${zoneLabel}"]`)),
    leaving: isBeingDeleted(reader, metadata) || hasAutoscalerTaint(reader, spec),
  });
}

function readNodeAddresses(reader: FieldReader, object: JsonRecord): readonly IpAddress[] {
  const status = reader.optionalRecord(object['status'], 'status');
  const entries = reader.list(status?.['addresses'], 'status.addresses');
  return [...addressesOfType(reader, entries, 'InternalIP'), ...addressesOfType(reader, entries, 'ExternalIP')];
}

function addressesOfType(reader: FieldReader, entries: readonly unknown[], type: string): readonly IpAddress[] {
  return entries.flatMap((entry, index) => {
    reader.index = index;
    const record = reader.record(entry, 'status.addresses[#]');
    if (reader.text(record['type'], 'status.addresses[#].type') !== type) return [];
    return readAddress(reader, record['address'], 'status.addresses[#].address') ?? [];
  });
}

function isBeingDeleted(reader: FieldReader, metadata: JsonRecord): boolean {
  return reader.text(metadata['deletionTimestamp'], 'metadata.deletionTimestamp') !== '';
}

function hasAutoscalerTaint(reader: FieldReader, spec: JsonRecord | undefined): boolean {
  return reader.list(spec?.['taints'], 'spec.taints').some((entry, index) => {
    reader.index = index;
    const record = reader.record(entry, 'spec.taints[#]');
    return reader.text(record['key'], 'spec.taints[#].key') === autoscalerTaint;
  });
}
