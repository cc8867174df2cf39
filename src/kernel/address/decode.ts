import type { IpAddress, IpFamily } from '../../model/ip.ts';
import { littleEndian } from '../../netlink/byte-order.ts';
import type { AttributeReader } from '../../netlink/message-reader.ts';
import { MalformedMessageError, MessageReader } from '../../netlink/message-reader.ts';
import { readIp } from '../ip-attribute.ts';
import { familyOfNumber } from '../ip-numbers.ts';
import {
  addressAttribute,
  addressHeaderBytes,
  linkAttribute,
  linkHeaderBytes,
  linkInfoAttribute,
  linkUp,
  routeMessage,
} from './attributes.ts';

/** An interface. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** Kind of a virtual interface, e.g. `dummy`; empty for a physical one. */
  readonly kind: string;
  readonly isUp: boolean;
}

/** An address and the interface that has it. */
export interface InterfaceAddress {
  readonly interfaceIndex: number;
  readonly address: IpAddress;
}

/** A change of an address or an interface. */
export interface AddressEvent {
  readonly kind: 'addressAdded' | 'addressRemoved' | 'linkChanged' | 'linkRemoved';
  readonly interfaceIndex: number;
  /** Absent for a change of an interface. */
  readonly family?: IpFamily;
}

/** The interfaces in the replies to `encodeGetLink`. Throws `MalformedMessageError` when a message is cut off. */
export function decodeLinks(replies: Uint8Array): readonly Link[] {
  const links: Link[] = [];
  const reader = new MessageReader(replies);
  while (reader.next()) if (reader.type === routeMessage.newLink) links.push(readLink(reader));
  return links;
}

/**
 * The IP addresses in the replies to `encodeListAddresses`, of all interfaces or of those chosen; our own end of a
 * point-to-point interface.
 */
export function decodeAddresses(
  replies: Uint8Array,
  isChosen: (interfaceIndex: number) => boolean = () => true,
): readonly InterfaceAddress[] {
  const addresses: InterfaceAddress[] = [];
  const reader = new MessageReader(replies);
  while (reader.next()) {
    if (reader.type !== routeMessage.newAddress) continue;
    const { family, interfaceIndex } = readAddressHeader(reader);
    if (family === undefined || !isChosen(interfaceIndex)) continue;
    const address = readAddress(reader.attributes(addressHeaderBytes));
    if (address !== undefined) addresses.push({ interfaceIndex, address });
  }
  return addresses;
}

/** The events in a notification. Messages of other types are skipped. */
export function decodeAddressEvents(notification: Uint8Array): readonly AddressEvent[] {
  const events: AddressEvent[] = [];
  const reader = new MessageReader(notification);
  while (reader.next()) {
    const event = readEvent(reader);
    if (event !== undefined) events.push(event);
  }
  return events;
}

function readEvent(message: MessageReader): AddressEvent | undefined {
  switch (message.type) {
    case routeMessage.newLink:
      return { kind: 'linkChanged', interfaceIndex: linkIndex(message) };
    case routeMessage.deleteLink:
      return { kind: 'linkRemoved', interfaceIndex: linkIndex(message) };
    case routeMessage.newAddress:
      return addressEvent('addressAdded', message);
    case routeMessage.deleteAddress:
      return addressEvent('addressRemoved', message);
    default:
      return undefined;
  }
}

function addressEvent(kind: AddressEvent['kind'], message: MessageReader): AddressEvent {
  const { family, interfaceIndex } = readAddressHeader(message);
  return { kind, interfaceIndex, ...(family && { family }) };
}

function readLink(message: MessageReader): Link {
  const index = linkIndex(message);
  const isUp = (message.view.getUint32(message.payloadStart + 8, littleEndian) & linkUp) !== 0;
  let name = '';
  let kind = '';
  const attributes = message.attributes(linkHeaderBytes);
  while (attributes.next()) {
    if (attributes.type === linkAttribute.name) name = attributes.string();
    else if (attributes.type === linkAttribute.linkInfo) kind = readKind(attributes.nested());
  }
  return { index, name, kind, isUp };
}

function readKind(linkInfo: AttributeReader): string {
  while (linkInfo.next()) if (linkInfo.type === linkInfoAttribute.kind) return linkInfo.string();
  return '';
}

/** The index in `struct ifinfomsg`. */
function linkIndex(message: MessageReader): number {
  requireHeader(message, linkHeaderBytes);
  return message.view.getUint32(message.payloadStart + 4, littleEndian);
}

/** Family and index in `struct ifaddrmsg`. */
function readAddressHeader(message: MessageReader): { family: IpFamily | undefined; interfaceIndex: number } {
  requireHeader(message, addressHeaderBytes);
  const number = message.view.getUint8(message.payloadStart);
  const interfaceIndex = message.view.getUint32(message.payloadStart + 4, littleEndian);
  return { family: familyOfNumber(number), interfaceIndex };
}

function readAddress(attributes: AttributeReader): IpAddress | undefined {
  let address: IpAddress | undefined;
  let local: IpAddress | undefined;
  while (attributes.next()) {
    if (attributes.type === addressAttribute.local) local = readIp(attributes);
    else if (attributes.type === addressAttribute.address) address = readIp(attributes);
  }
  return local ?? address;
}

function requireHeader(message: MessageReader, bytes: number): void {
  if (message.payloadEnd - message.payloadStart < bytes) {
    throw new MalformedMessageError(`netlink: message of type ${message.type} is cut off`);
  }
}
