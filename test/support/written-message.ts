import { MessageReader } from '../../src/netlink/message-reader.ts';
import { MessageWriter } from '../../src/netlink/message-writer.ts';

/** A reader at a message of the type whose content `fill` writes. */
export function readerOf(type: number, fill: (writer: MessageWriter) => void): MessageReader {
  const writer = new MessageWriter();
  writer.reset();
  writer.begin(type, 0);
  fill(writer);
  writer.end();
  const reader = new MessageReader(writer.bytes.slice());
  reader.next();
  return reader;
}
