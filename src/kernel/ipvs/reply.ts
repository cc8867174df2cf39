import type { IpAddress } from '../../model/ip.ts';
import { familyOf, ipFromBytes } from '../../model/ip.ts';
import type { AttributeReader, MessageReader } from '../../netlink/message-reader.ts';
import { MalformedMessageError } from '../../netlink/message-reader.ts';
import { addressFamily } from '../ip-numbers.ts';
import { genericHeaderBytes } from './attributes.ts';

/** Attributes of a reply that must be of this command. Throws `MalformedMessageError` for any other. */
export function replyAttributes(message: MessageReader, command: number): AttributeReader {
  const attributes = message.attributes(genericHeaderBytes);
  const received = message.view.getUint8(message.payloadStart);
  if (received !== command) throw new MalformedMessageError(`IPVS: reply ${received} where ${command} was due`);
  return attributes;
}

/** The nest that a reply of this command consists of. Throws `MalformedMessageError` when there is none. */
export function replyNest(message: MessageReader, command: number, attribute: number): AttributeReader {
  const attributes = replyAttributes(message, command);
  while (attributes.next()) {
    if (attributes.type === attribute) return attributes.nested();
  }
  throw new MalformedMessageError(`IPVS: reply ${command} without attribute ${attribute}`);
}

/** The value, or `MalformedMessageError` when the kernel left it out. */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new MalformedMessageError(`IPVS: reply without ${name}`);
  return value;
}

/**
 * An address attribute of the family. An IPv4-mapped IPv6 address stays IPv6 (`::ffff:192.0.2.1`), so that writing it
 * back names the same object. Throws `MalformedMessageError` when bytes or family do not fit.
 */
export function addressOfBytes(bytes: Uint8Array, family: number): IpAddress {
  if (family === addressFamily.IPv4 && bytes.length >= 4) {
    return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}` as IpAddress; // canonical: decimal without zeros in front
  }
  if (family !== addressFamily.IPv6 || bytes.length !== 16) {
    throw new MalformedMessageError(`IPVS: address of ${bytes.length} bytes in family ${family}`);
  }
  const address = ipFromBytes([...bytes]);
  return familyOf(address) === 'IPv6' ? address : (`::ffff:${address}` as IpAddress);
}
