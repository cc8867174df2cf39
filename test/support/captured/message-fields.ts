import type { AttributeReader } from '../../../src/netlink/message-reader.ts';
import { MessageReader } from '../../../src/netlink/message-reader.ts';

/** A message as its fixed header and its attributes by path, e.g. `2.3` → bytes in hexadecimal. */
export interface MessageFields {
  readonly header: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Takes a message apart for comparing what it says, whatever the order of its attributes. `isNest` tells which paths
 * are nests; the fixed header of both generic netlink and netfilter is four bytes.
 */
export function messageFields(message: Uint8Array, isNest: (path: string) => boolean): MessageFields {
  const reader = new MessageReader(message);
  if (!reader.next()) throw new Error('no message');
  const attributes: Record<string, string> = {};
  collect(reader.attributes(4), '', isNest, attributes);
  return { header: hex(message.subarray(16, 20)), attributes };
}

/** Bytes in hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function collect(
  reader: AttributeReader,
  prefix: string,
  isNest: (path: string) => boolean,
  attributes: Record<string, string>,
): void {
  while (reader.next()) {
    const path = `${prefix}${reader.type}`;
    if (isNest(path)) collect(reader.nested(), `${path}.`, isNest, attributes);
    else attributes[path] = hex(reader.bytes());
  }
}
