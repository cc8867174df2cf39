import type { IpAddress, IpFamily } from '../../model/ip.ts';
import { familyOf, networkAddressOf, prefixLengthOf } from '../../model/ip.ts';
import type { IpSet, IpSetEntry } from '../../model/ip-set.ts';
import { messageFlags } from '../../netlink/constants.ts';
import type { MessageWriter } from '../../netlink/message-writer.ts';
import { writeIp } from '../ip-attribute.ts';
import { addressFamily, protocolNumber } from '../ip-numbers.ts';
import {
  allPorts,
  commandAttribute,
  entryAttribute,
  headerAttribute,
  headerOnlyFlag,
  inNetworkOrder,
  ipAttribute,
  ipSetMessage,
  ipSetProtocolVersion,
} from './attributes.ts';

/** Appends the question which revisions of a set type the kernel has. Loads the module of the type. */
export function encodeTypeQuery(writer: MessageWriter, set: Pick<IpSet, 'type' | 'family'>): void {
  beginMessage(writer, ipSetMessage.type, 0);
  writer.string(commandAttribute.typeName, set.type);
  writer.u8(commandAttribute.family, familyNumber(set.family));
  writer.end();
}

/** Appends the question for type and family of a set. */
export function encodeHeaderQuery(writer: MessageWriter, name: string): void {
  writeNameOnly(writer, ipSetMessage.header, 0, name);
}

/**
 * Appends the creation of a set. Without `exclusive` the kernel accepts a set that is there with the same type and
 * size, **of either family**. `hashSize` is a power of two; the kernel does not compare it.
 */
export function encodeCreate(
  writer: MessageWriter,
  set: IpSet,
  options: { readonly revision: number; readonly hashSize: number; readonly exclusive?: boolean },
): void {
  beginMessage(writer, ipSetMessage.create, messageFlags.create | (options.exclusive ? messageFlags.exclusive : 0));
  writer.string(commandAttribute.setName, set.name);
  writer.string(commandAttribute.typeName, set.type);
  writer.u8(commandAttribute.revision, options.revision);
  writer.u8(commandAttribute.family, familyNumber(set.family));
  const data = writer.openNest(commandAttribute.data);
  if (set.type === 'bitmap:port') {
    writer.u16Network(inNetworkOrder(headerAttribute.port), 0);
    writer.u16Network(inNetworkOrder(headerAttribute.portTo), allPorts - 1);
  } else {
    writer.u32Network(inNetworkOrder(headerAttribute.hashSize), options.hashSize);
    writer.u32Network(inNetworkOrder(headerAttribute.maxElements), set.maxElements);
  }
  writer.closeNest(data);
  writer.end();
}

/**
 * Appends one message that adds or deletes the entries from index `from` up to `to`. The kernel stops at the first
 * it refuses and answers with its line number, which is its place in the message, from 1 on. Entries that are there
 * already (or gone already) count as done. Keep to `entryBytes` for what fits.
 *
 *     nfgenmsg PROTOCOL SETNAME LINENO ADT{ DATA{ IP{ IPV4 } PORT PROTO LINENO=1 } DATA{ ... LINENO=2 } ... }
 */
export function encodeEntries(
  writer: MessageWriter,
  change: 'add' | 'delete',
  name: string,
  entries: readonly IpSetEntry[],
  from = 0,
  to = entries.length,
): void {
  beginMessage(writer, ipSetMessage[change], 0);
  writer.string(commandAttribute.setName, name);
  writer.u32Network(inNetworkOrder(commandAttribute.lineNumber), 0);
  const list = writer.openNest(commandAttribute.entries);
  for (let index = from; index < to; index++) writeEntry(writer, entries[index] as IpSetEntry, index - from + 1);
  writer.closeNest(list);
  writer.end();
}

/** Bytes that an entry takes in a message of `encodeEntries`. */
export function entryBytes(entry: IpSetEntry): number {
  const dataAndLineNumber = 12;
  if (entry.type === 'bitmap:port') return dataAndLineNumber + 8;
  const ip = familyOf(entry.address) === 'IPv4' ? 12 : 24;
  switch (entry.type) {
    case 'hash:ip':
      return dataAndLineNumber + ip;
    case 'hash:ip,port':
      return dataAndLineNumber + ip + 16;
    case 'hash:ip,port,ip':
      return dataAndLineNumber + 2 * ip + 16;
    case 'hash:ip,port,net':
      return dataAndLineNumber + 2 * ip + 24;
  }
}

/** Appends the exchange of the contents of two sets of the same type; what refers to them sees it at once. */
export function encodeSwap(writer: MessageWriter, name: string, secondName: string): void {
  writeTwoNames(writer, ipSetMessage.swap, name, secondName);
}

/** Appends the renaming of a set that nothing refers to. */
export function encodeRename(writer: MessageWriter, name: string, newName: string): void {
  writeTwoNames(writer, ipSetMessage.rename, name, newName);
}

/** Appends the removal of a set; one that is not there counts as removed. */
export function encodeDestroy(writer: MessageWriter, name: string): void {
  writeNameOnly(writer, ipSetMessage.destroy, 0, name);
}

/** Appends the request for a set with its entries: a dump. */
export function encodeList(writer: MessageWriter, name: string): void {
  writeNameOnly(writer, ipSetMessage.list, messageFlags.dump, name);
}

/** Appends the request for what a set is and how many entries it has, without them. */
export function encodeListHeader(writer: MessageWriter, name: string): void {
  beginMessage(writer, ipSetMessage.list, messageFlags.dump);
  writer.string(commandAttribute.setName, name);
  writer.u32Network(inNetworkOrder(commandAttribute.flags), headerOnlyFlag);
  writer.end();
}

/** Appends the question whether a set has an entry. The kernel accepts it where it has, and refuses it where not. */
export function encodeTest(writer: MessageWriter, name: string, entry: IpSetEntry): void {
  beginMessage(writer, ipSetMessage.test, 0);
  writer.string(commandAttribute.setName, name);
  writeEntry(writer, entry, 0);
  writer.end();
}

function writeNameOnly(writer: MessageWriter, type: number, flags: number, name: string): void {
  beginMessage(writer, type, flags);
  writer.string(commandAttribute.setName, name);
  writer.end();
}

function writeTwoNames(writer: MessageWriter, type: number, name: string, secondName: string): void {
  beginMessage(writer, type, 0);
  writer.string(commandAttribute.setName, name);
  writer.string(commandAttribute.secondSetName, secondName);
  writer.end();
}

/** The family in the message header says nothing about the set; the classic tool always sends IPv4 there. */
function beginMessage(writer: MessageWriter, type: number, flags: number): void {
  writer.begin(type, flags);
  writer.header4(addressFamily.IPv4, 0, 0, 0);
  writer.u8(commandAttribute.protocol, ipSetProtocolVersion);
}

function writeEntry(writer: MessageWriter, entry: IpSetEntry, lineNumber: number): void {
  const data = writer.openNest(commandAttribute.data);
  if (entry.type !== 'bitmap:port') writeIpNest(writer, entryAttribute.ip, entry.address);
  if (entry.type !== 'hash:ip') writer.u16Network(inNetworkOrder(entryAttribute.port), entry.port);
  if ('protocol' in entry) writer.u8(entryAttribute.protocol, protocolNumber[entry.protocol]);
  if (entry.type === 'hash:ip,port,ip') writeIpNest(writer, entryAttribute.ip2, entry.secondAddress);
  if (entry.type === 'hash:ip,port,net') {
    writeIpNest(writer, entryAttribute.ip2, networkAddressOf(entry.network));
    writer.u8(entryAttribute.cidr2, prefixLengthOf(entry.network));
  }
  writer.u32Network(inNetworkOrder(entryAttribute.lineNumber), lineNumber);
  writer.closeNest(data);
}

function writeIpNest(writer: MessageWriter, type: number, address: IpAddress): void {
  const nest = writer.openNest(type);
  const number = familyOf(address) === 'IPv4' ? ipAttribute.ipv4 : ipAttribute.ipv6;
  writeIp(writer, inNetworkOrder(number), address);
  writer.closeNest(nest);
}

function familyNumber(family: IpFamily | undefined): number {
  return family === undefined ? addressFamily.unspecified : addressFamily[family];
}
