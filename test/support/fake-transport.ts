import { controlMessage, messageHeaderBytes } from '../../src/netlink/constants.ts';
import { errno as errnoNumbers, NetlinkError } from '../../src/netlink/errors.ts';
import { MessageReader } from '../../src/netlink/message-reader.ts';
import type { MessageWriter } from '../../src/netlink/message-writer.ts';
import type { MessageFailure, Transport } from '../../src/netlink/transport.ts';

/**
 * A kernel: one request message in (header included, its own copy), reply messages out. Nothing out means success. A
 * refusal is an NLMSG_ERROR message, see `refusal`. Sequence numbers of replies are put right by the transport, so that
 * recorded replies can be given as they are.
 */
export type FakeKernel = (message: Uint8Array) => Uint8Array;

/** A transport to a fake kernel, which remembers what was sent. */
export interface FakeTransport extends Transport {
  /** Messages of every batch given to `exchange`, in order. */
  readonly exchanges: readonly (readonly Uint8Array[])[];
  /** Messages of every batch given to `request`, in order. */
  readonly requests: readonly (readonly Uint8Array[])[];
}

/** Makes a transport whose other side is one function. Drops DONE messages, as real ones do. */
export function createFakeTransport(kernel: FakeKernel): FakeTransport {
  const exchanges: Uint8Array[][] = [];
  const requests: Uint8Array[][] = [];
  let closed = false;
  return {
    exchanges,
    requests,
    async exchange(batch) {
      assertOpen(closed);
      const messages = splitMessages(batch.bytes);
      exchanges.push(messages);
      return failuresOf(messages, kernel, batch);
    },
    async request(batch) {
      assertOpen(closed);
      const messages = splitMessages(batch.bytes);
      requests.push(messages);
      return concatenate(messages.flatMap((message) => answersTo(message, kernel)));
    },
    close() {
      closed = true;
    },
  };
}

/** An NLMSG_ERROR message that refuses with this errno (0: an acknowledgement). */
export function refusal(errno: number): Uint8Array {
  const bytes = new Uint8Array(messageHeaderBytes + 4 + messageHeaderBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, controlMessage.error, true);
  view.setInt32(messageHeaderBytes, -errno, true);
  return bytes;
}

/** Copies of the messages that lie one after the other in `bytes`, each without the padding after it. */
export function splitMessages(bytes: Uint8Array): Uint8Array[] {
  const reader = new MessageReader(bytes);
  const messages: Uint8Array[] = [];
  while (reader.next()) messages.push(bytes.slice(reader.payloadStart - messageHeaderBytes, reader.payloadEnd));
  return messages;
}

/** The chunks one after the other, each padded to four bytes. */
export function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const padded = chunks.map((chunk) => (chunk.length + 3) & ~3);
  const bytes = new Uint8Array(padded.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const [index, chunk] of chunks.entries()) {
    bytes.set(chunk, at);
    at += padded[index] ?? 0;
  }
  return bytes;
}

function assertOpen(closed: boolean): void {
  if (closed) throw new NetlinkError('use of a closed transport', errnoNumbers.EBADF);
}

function failuresOf(messages: readonly Uint8Array[], kernel: FakeKernel, batch: MessageWriter): MessageFailure[] {
  const failures: MessageFailure[] = [];
  for (const message of messages) {
    for (const reply of splitMessages(answer(message, kernel))) {
      const number = refusedWith(reply);
      const index = sequenceOf(message) - batch.firstSequence;
      if (number > 0) failures.push({ index, errno: number, reply });
    }
  }
  return failures;
}

function answersTo(message: Uint8Array, kernel: FakeKernel): Uint8Array[] {
  const replies = splitMessages(answer(message, kernel));
  for (const reply of replies) {
    if (refusedWith(reply) > 0) throw new NetlinkError('fake request', refusedWith(reply));
  }
  return replies.filter((reply) => typeOf(reply) !== controlMessage.done && typeOf(reply) !== controlMessage.error);
}

function answer(message: Uint8Array, kernel: FakeKernel): Uint8Array {
  const replies = splitMessages(kernel(message.slice()));
  for (const reply of replies) viewOf(reply).setUint32(8, sequenceOf(message), true);
  return concatenate(replies);
}

function refusedWith(reply: Uint8Array): number {
  return typeOf(reply) === controlMessage.error ? -viewOf(reply).getInt32(messageHeaderBytes, true) : 0;
}

function typeOf(message: Uint8Array): number {
  return viewOf(message).getUint16(4, true);
}

function sequenceOf(message: Uint8Array): number {
  return viewOf(message).getUint32(8, true);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
