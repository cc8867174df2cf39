import { littleEndian } from './byte-order.ts';
import { controlMessage, messageFlags, messageHeaderBytes } from './constants.ts';
import { AttributeReader, MalformedMessageError, MessageReader } from './message-reader.ts';
import type { MessageFailure } from './transport.ts';

/** `NLMSGERR_ATTR_MSG`: text for people. Source: linux/netlink.h, read at 6.1. */
const messageAttribute = 1;

/** The kernel's answer to a message: an NLMSG_ERROR, or the NLMSG_DONE at the end of a dump. */
export interface Verdict {
  /** Positive errno, 0 for an acknowledgement. */
  readonly errno: number;
  readonly message?: string;
}

/**
 * The refusals among the messages in `bytes`, in the order in which they came. `firstSequence` is the sequence number
 * of the batch's message 0.
 */
export function readRefusals(bytes: Uint8Array, firstSequence: number): MessageFailure[] {
  const failures: MessageFailure[] = [];
  if (bytes.length === 0) return failures;
  const reader = new MessageReader(bytes);
  while (reader.next()) {
    if (reader.type !== controlMessage.error) continue;
    const verdict = readVerdict(reader);
    if (verdict.errno === 0) continue;
    const reply = bytes.subarray(reader.payloadStart - messageHeaderBytes, reader.payloadEnd);
    failures.push({ index: (reader.sequence - firstSequence) >>> 0, ...verdict, reply });
  }
  return failures;
}

/**
 * Reads an error or done message, which the reader stands on:
 *
 *     error: i32 -errno | header of the request | body of the request unless CAPPED | attributes if ACK_TLVS
 *     done:  i32 -errno | attributes if ACK_TLVS
 */
export function readVerdict(reader: MessageReader): Verdict {
  const payloadBytes = reader.payloadEnd - reader.payloadStart;
  if (payloadBytes < 4) {
    if (reader.type === controlMessage.done) return { errno: 0 };
    throw new MalformedMessageError('netlink: error message without an error number');
  }
  const errno = Math.abs(reader.view.getInt32(reader.payloadStart, littleEndian));
  if ((reader.flags & messageFlags.acknowledgeAttributes) === 0) return { errno };
  const message = kernelText(new AttributeReader(reader.view, attributesStart(reader), reader.payloadEnd));
  return message === undefined ? { errno } : { errno, message };
}

function attributesStart(reader: MessageReader): number {
  const afterErrno = reader.payloadStart + 4;
  if (reader.type === controlMessage.done) return afterErrno;
  if (reader.flags & messageFlags.capped) return afterErrno + messageHeaderBytes;
  if (afterErrno + messageHeaderBytes > reader.payloadEnd) return reader.payloadEnd;
  return afterErrno + ((reader.view.getUint32(afterErrno, littleEndian) + 3) & ~3);
}

function kernelText(attributes: AttributeReader): string | undefined {
  while (attributes.next()) {
    if (attributes.type === messageAttribute) return attributes.string();
  }
  return undefined;
}
