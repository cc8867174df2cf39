import type { IpAddress } from '../model/ip.ts';
import { familyOf, ipBytes, ipFromBytes } from '../model/ip.ts';
import type { AttributeReader } from '../netlink/message-reader.ts';
import { MalformedMessageError } from '../netlink/message-reader.ts';
import type { MessageWriter } from '../netlink/message-writer.ts';

/** Appends an address as an attribute of 4 or 16 bytes in network order. */
export function writeIp(writer: MessageWriter, type: number, address: IpAddress): void {
  if (familyOf(address) === 'IPv4') writer.ipv4(type, address, 4);
  else writer.raw(type, ipBytes(address));
}

/**
 * The address in an attribute of 4 or 16 bytes. An IPv4-mapped IPv6 address stays IPv6 (`::ffff:192.0.2.1`), as the
 * kernel keeps it and as its tools print it, so that writing it back names the same thing. Throws
 * `MalformedMessageError` for any other length.
 */
export function readIp(attribute: AttributeReader): IpAddress {
  const bytes = [...attribute.bytes()];
  if (bytes.length !== 4 && bytes.length !== 16) {
    throw new MalformedMessageError(`netlink: address of ${bytes.length} bytes`);
  }
  const text = ipFromBytes(bytes);
  return bytes.length === 16 && familyOf(text) === 'IPv4' ? (`::ffff:${text}` as IpAddress) : text;
}
