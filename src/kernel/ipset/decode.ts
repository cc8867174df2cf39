import type { Cidr, IpAddress, IpFamily } from '../../model/ip.ts';
import { addressBits, familyOf } from '../../model/ip.ts';
import type { IpSetEntry } from '../../model/ip-set.ts';
import {
  addressEntry,
  addressPortAddressEntry,
  addressPortEntry,
  addressPortNetworkEntry,
  portEntry,
} from '../../model/ip-set.ts';
import type { Protocol } from '../../model/service-key.ts';
import { messageHeaderBytes } from '../../netlink/constants.ts';
import type { AttributeReader } from '../../netlink/message-reader.ts';
import { MalformedMessageError, MessageReader } from '../../netlink/message-reader.ts';
import type { ObservedIpSet } from '../drivers.ts';
import { readIp } from '../ip-attribute.ts';
import { familyOfNumber, protocolOfNumber } from '../ip-numbers.ts';
import {
  commandAttribute,
  entryAttribute,
  headerAttribute,
  ipSetMessage,
  netfilterHeaderBytes,
  noMatchFlag,
} from './attributes.ts';

/**
 * The sets in the replies to `encodeList`. A big set comes in several messages, of which only the first describes it.
 * Entries of a protocol other than TCP, UDP and SCTP are left out, and all entries of a type that is not used here.
 */
export function decodeSets(replies: Uint8Array): readonly ObservedIpSet[] {
  const sets = new Map<string, ObservedIpSet & { readonly entries: IpSetEntry[] }>();
  const reader = new MessageReader(replies);
  while (reader.next()) {
    if (reader.type !== ipSetMessage.list) continue;
    const message = readSetMessage(reader.attributes(netfilterHeaderBytes));
    const known = sets.get(message.name);
    const set = known ?? describeSet(message);
    if (known === undefined) sets.set(message.name, set);
    if (message.entries !== undefined) readEntries(message.entries, set.type, set.entries);
  }
  return [...sets.values()];
}

/** What the kernel says of a set when asked for its header. */
export interface SetHeader {
  readonly name: string;
  readonly type: string;
  readonly family: IpFamily | undefined;
}

/** The sets in the replies to `encodeHeaderQuery`. */
export function decodeHeaders(replies: Uint8Array): readonly SetHeader[] {
  const headers: SetHeader[] = [];
  const reader = new MessageReader(replies);
  while (reader.next()) {
    if (reader.type === ipSetMessage.header) headers.push(readSetMessage(reader.attributes(netfilterHeaderBytes)));
  }
  return headers;
}

/** The highest revision in the reply to `encodeTypeQuery`. Throws `MalformedMessageError` when there is none. */
export function decodeTypeRevision(replies: Uint8Array): number {
  const reader = new MessageReader(replies);
  while (reader.next()) {
    if (reader.type !== ipSetMessage.type) continue;
    const attributes = reader.attributes(netfilterHeaderBytes);
    while (attributes.next()) if (attributes.type === commandAttribute.revision) return attributes.u8();
  }
  throw new MalformedMessageError('netlink: the description of a set type has no revision');
}

/**
 * The line number in the kernel's refusal of an `encodeEntries` message: which of its entries was refused, from 1 on;
 * 0 when the message was refused as a whole. The refusal holds the request with the line number put in.
 */
export function decodeRefusedLine(refusal: Uint8Array): number {
  const reader = new MessageReader(refusal);
  if (!reader.next()) return 0;
  const errnoBytes = 4;
  const attributesStart = errnoBytes + messageHeaderBytes + netfilterHeaderBytes;
  if (reader.payloadStart + attributesStart >= reader.payloadEnd) return 0;
  const attributes = reader.attributes(attributesStart);
  while (attributes.next()) if (attributes.type === commandAttribute.lineNumber) return attributes.u32Network();
  return 0;
}

/** How full a set is. */
export interface SetSize {
  readonly name: string;
  readonly maxElements: number;
  /** Undefined where the kernel does not count: before 4.9, or a type of set that has no number of its own. */
  readonly entries: number | undefined;
}

/** The sizes in the replies to `encodeListHeader`. */
export function decodeSizes(replies: Uint8Array): readonly SetSize[] {
  const sizes: SetSize[] = [];
  const reader = new MessageReader(replies);
  while (reader.next()) {
    if (reader.type !== ipSetMessage.list) continue;
    const { name, header } = readSetMessage(reader.attributes(netfilterHeaderBytes));
    if (header !== undefined) sizes.push({ name, ...readLimits(header) });
  }
  return sizes;
}

interface SetMessage extends SetHeader {
  readonly header: AttributeReader | undefined;
  readonly entries: AttributeReader | undefined;
}

function readSetMessage(attributes: AttributeReader): SetMessage {
  let name = '';
  let type = '';
  let family = 0;
  let header: AttributeReader | undefined;
  let entries: AttributeReader | undefined;
  while (attributes.next()) {
    if (attributes.type === commandAttribute.setName) name = attributes.string();
    else if (attributes.type === commandAttribute.typeName) type = attributes.string();
    else if (attributes.type === commandAttribute.family) family = attributes.u8();
    else if (attributes.type === commandAttribute.data) header = attributes.nested();
    else if (attributes.type === commandAttribute.entries) entries = attributes.nested();
  }
  return { name, type, family: familyOfNumber(family), header, entries };
}

function describeSet(message: SetMessage): ObservedIpSet & { readonly entries: IpSetEntry[] } {
  if (message.type === '') throw new MalformedMessageError(`netlink: IP set ${message.name} comes without its type`);
  const { name, type, family } = message;
  return { name, type, family, maxElements: message.header ? readLimits(message.header).maxElements : 0, entries: [] };
}

/** The limit of a hash set, for `bitmap:port` the number of ports in its range; and the number of entries. */
function readLimits(header: AttributeReader): Pick<SetSize, 'maxElements' | 'entries'> {
  let entries: number | undefined;
  let maxElements: number | undefined;
  let firstPort: number | undefined;
  let lastPort: number | undefined;
  while (header.next()) {
    if (header.type === headerAttribute.maxElements) maxElements = header.u32Network();
    else if (header.type === headerAttribute.elements) entries = header.u32Network();
    else if (header.type === headerAttribute.port) firstPort = header.u16Network();
    else if (header.type === headerAttribute.portTo) lastPort = header.u16Network();
  }
  const ports = firstPort === undefined || lastPort === undefined ? 0 : lastPort - firstPort + 1;
  return { maxElements: maxElements ?? ports, entries };
}

function readEntries(list: AttributeReader, type: string, into: IpSetEntry[]): void {
  while (list.next()) {
    const entry = list.type === commandAttribute.data ? readEntry(list.nested(), type) : undefined;
    if (entry !== undefined) into.push(entry);
  }
}

/** The parts of an entry. A part that the type does not have stays absent. */
interface EntryParts {
  address?: IpAddress;
  secondAddress?: IpAddress;
  port?: number;
  protocol?: Protocol | undefined;
  secondPrefixLength?: number;
  flags?: number;
}

function readEntry(data: AttributeReader, type: string): IpSetEntry | undefined {
  const parts: EntryParts = {};
  while (data.next()) readPart(data, parts);
  const { address, port, protocol } = parts;
  if (type === 'bitmap:port') return port === undefined ? undefined : portEntry(port);
  if (address === undefined) return undefined;
  if (type === 'hash:ip') return addressEntry(address);
  if (port === undefined || protocol === undefined) return undefined;
  if (type === 'hash:ip,port') return addressPortEntry(address, protocol, port);
  if (parts.secondAddress === undefined) return undefined;
  if (type === 'hash:ip,port,ip') return addressPortAddressEntry(address, protocol, port, parts.secondAddress);
  if (type !== 'hash:ip,port,net') return undefined;
  const entry = addressPortNetworkEntry(address, protocol, port, networkOf(parts.secondAddress, parts));
  return (parts.flags ?? 0) & noMatchFlag ? { ...entry, text: `${entry.text} nomatch` } : entry;
}

function readPart(data: AttributeReader, parts: EntryParts): void {
  switch (data.type) {
    case entryAttribute.ip:
      parts.address = readIpNest(data.nested());
      break;
    case entryAttribute.ip2:
      parts.secondAddress = readIpNest(data.nested());
      break;
    case entryAttribute.port:
      parts.port = data.u16Network();
      break;
    case entryAttribute.protocol:
      parts.protocol = protocolOfNumber(data.u8());
      break;
    case entryAttribute.cidr2:
      parts.secondPrefixLength = data.u8();
      break;
    case entryAttribute.flags:
      parts.flags = data.u32Network();
      break;
  }
}

function readIpNest(nest: AttributeReader): IpAddress {
  if (!nest.next()) throw new MalformedMessageError('netlink: an IP set entry has an empty address');
  return readIp(nest);
}

/** The kernel keeps networks masked, so the address is that of the network. */
function networkOf(address: IpAddress, parts: EntryParts): Cidr {
  return `${address}/${parts.secondPrefixLength ?? addressBits(familyOf(address))}` as Cidr;
}
