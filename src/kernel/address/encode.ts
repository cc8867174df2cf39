import type { IpAddress } from '../../model/ip.ts';
import { addressBits, familyOf } from '../../model/ip.ts';
import type { AddressOperation } from '../../model/operation.ts';
import { messageFlags } from '../../netlink/constants.ts';
import type { MessageWriter } from '../../netlink/message-writer.ts';
import { writeIp } from '../ip-attribute.ts';
import { addressFamily } from '../ip-numbers.ts';
import {
  addressAttribute,
  linkAttribute,
  linkInfoAttribute,
  linkUp,
  noDuplicateDetection,
  routeMessage,
  skipStatistics,
} from './attributes.ts';

/** Appends the creation of a dummy interface, without a transmit queue and down. Refused (`EEXIST`) if the name is taken. */
export function encodeCreateDummy(writer: MessageWriter, name: string): void {
  writer.begin(routeMessage.newLink, messageFlags.create | messageFlags.exclusive);
  writeLinkHeader(writer);
  writer.u32(linkAttribute.transmitQueueLength, 0);
  writer.string(linkAttribute.name, name);
  const linkInfo = writer.openNest(linkAttribute.linkInfo);
  writer.string(linkInfoAttribute.kind, 'dummy');
  writer.closeNest(linkInfo);
  writer.end();
}

/** Appends the removal of an interface; its addresses go with it. */
export function encodeDeleteLink(writer: MessageWriter, interfaceIndex: number): void {
  writer.begin(routeMessage.deleteLink, 0);
  writeLinkHeader(writer, interfaceIndex);
  writer.end();
}

/** Appends the taking down of an interface. Its IPv4 addresses stay, its IPv6 addresses go. */
export function encodeSetLinkDown(writer: MessageWriter, interfaceIndex: number): void {
  writer.begin(routeMessage.newLink, 0);
  writeLinkHeader(writer, interfaceIndex, linkUp);
  writer.end();
}

/** Appends the question for an interface by name; `ENODEV` if there is none. */
export function encodeGetLink(writer: MessageWriter, name: string): void {
  writer.begin(routeMessage.getLink, 0);
  writeLinkHeader(writer);
  writer.u32(linkAttribute.extensionMask, skipStatistics);
  writer.string(linkAttribute.name, name);
  writer.end();
}

/** Appends the request for the addresses of all interfaces: a dump. */
export function encodeListAddresses(writer: MessageWriter): void {
  writer.begin(routeMessage.getAddress, messageFlags.dump);
  writeAddressHeader(writer, { family: 0, prefixLength: 0, flags: 0, interfaceIndex: 0 });
  writer.end();
}

/**
 * Appends the binding or unbinding of one address, as `/32` or `/128` of global scope. An IPv4 address is unbound
 * whatever its prefix length; an IPv6 address only with `/128`.
 */
export function encodeAddress(writer: MessageWriter, operation: AddressOperation, interfaceIndex: number): void {
  if (operation.kind === 'bindAddress') writeBind(writer, operation.address, interfaceIndex);
  else writeUnbind(writer, operation.address, interfaceIndex);
}

function writeBind(writer: MessageWriter, address: IpAddress, interfaceIndex: number): void {
  const family = familyOf(address);
  writer.begin(routeMessage.newAddress, messageFlags.create | messageFlags.exclusive);
  writeAddressHeader(writer, {
    family: addressFamily[family],
    prefixLength: addressBits(family),
    flags: family === 'IPv6' ? noDuplicateDetection : 0,
    interfaceIndex,
  });
  writeIp(writer, addressAttribute.local, address);
  writeIp(writer, addressAttribute.address, address);
  writer.end();
}

/** Without ADDRESS the kernel does not compare the prefix length of an IPv4 address. */
function writeUnbind(writer: MessageWriter, address: IpAddress, interfaceIndex: number): void {
  const family = familyOf(address);
  writer.begin(routeMessage.deleteAddress, 0);
  writeAddressHeader(writer, {
    family: addressFamily[family],
    prefixLength: addressBits(family),
    flags: 0,
    interfaceIndex,
  });
  writeIp(writer, addressAttribute.local, address);
  writer.end();
}

/** `struct ifinfomsg`: family, type, index, flags, and which flags are meant. */
function writeLinkHeader(writer: MessageWriter, interfaceIndex = 0, changedFlags = 0): void {
  for (const word of [0, interfaceIndex, 0, changedFlags]) writer.headerWord(word);
}

/** `struct ifaddrmsg`; the scope is global (0). */
function writeAddressHeader(
  writer: MessageWriter,
  header: {
    readonly family: number;
    readonly prefixLength: number;
    readonly flags: number;
    readonly interfaceIndex: number;
  },
): void {
  writer.header4(header.family, header.prefixLength, header.flags, 0);
  writer.headerWord(header.interfaceIndex);
}
