import { littleEndian } from './byte-order.ts';
import { attributeFlags, messageHeaderBytes } from './constants.ts';

/** Bytes that are not a whole netlink message or attribute. */
export class MalformedMessageError extends Error {
  readonly code = 'NETLINK_MALFORMED';
}

/**
 * Walks netlink messages that lie one after the other. After `next()` returned true, the fields describe the message.
 * Throws `MalformedMessageError` when a length does not fit.
 */
export class MessageReader {
  type = 0;
  flags = 0;
  sequence = 0;
  /** Offset of the first byte after the 16-byte header, and of the first byte after the message. */
  payloadStart = 0;
  payloadEnd = 0;
  readonly view: DataView;
  #next = 0;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  next(): boolean {
    const start = this.#next;
    if (start >= this.view.byteLength) return false;
    if (start + messageHeaderBytes > this.view.byteLength)
      throw new MalformedMessageError('netlink: header is cut off');
    const length = this.view.getUint32(start, littleEndian);
    if (length < messageHeaderBytes || start + length > this.view.byteLength) {
      throw new MalformedMessageError(`netlink: message length ${length} does not fit`);
    }
    this.type = this.view.getUint16(start + 4, littleEndian);
    this.flags = this.view.getUint16(start + 6, littleEndian);
    this.sequence = this.view.getUint32(start + 8, littleEndian);
    this.payloadStart = start + messageHeaderBytes;
    this.payloadEnd = start + length;
    this.#next = start + ((length + 3) & ~3);
    return true;
  }

  /** The attributes of the message, after `headerBytes` of fixed header, which must be there. */
  attributes(headerBytes: number): AttributeReader {
    if (this.payloadStart + headerBytes > this.payloadEnd) {
      throw new MalformedMessageError(`netlink: message is too short for its header of ${headerBytes} bytes`);
    }
    return new AttributeReader(this.view, this.payloadStart + headerBytes, this.payloadEnd);
  }
}

/**
 * Walks attributes. After `next()` returned true, `type` (without flag bits) and `length` (of the payload, in bytes)
 * describe the attribute and the accessors read it. Unknown types are for the caller to skip.
 */
export class AttributeReader {
  type = 0;
  length = 0;
  #payload = 0;
  #next: number;
  readonly #view: DataView;
  readonly #end: number;

  constructor(view: DataView, start: number, end: number) {
    this.#view = view;
    this.#next = start;
    this.#end = end;
  }

  next(): boolean {
    const start = this.#next;
    if (start >= this.#end) return false;
    if (start + 4 > this.#end) throw new MalformedMessageError('netlink: attribute header is cut off');
    const length = this.#view.getUint16(start, littleEndian);
    if (length < 4 || start + length > this.#end) {
      throw new MalformedMessageError(`netlink: attribute length ${length} does not fit`);
    }
    this.type = this.#view.getUint16(start + 2, littleEndian) & attributeFlags.typeMask;
    this.length = length - 4;
    this.#payload = start + 4;
    this.#next = start + ((length + 3) & ~3);
    return true;
  }

  u8(): number {
    return this.#view.getUint8(this.#at(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#at(2), littleEndian);
  }

  u32(): number {
    return this.#view.getUint32(this.#at(4), littleEndian);
  }

  u64(): bigint {
    const at = this.#at(8);
    // most counters are 0, and every other number of this kind is an object
    const isZero = this.#view.getUint32(at) === 0 && this.#view.getUint32(at + 4) === 0;
    return isZero ? 0n : this.#view.getBigUint64(at, littleEndian);
  }

  u16Network(): number {
    return this.#view.getUint16(this.#at(2), false);
  }

  u32Network(): number {
    return this.#view.getUint32(this.#at(4), false);
  }

  /** The first `count` bytes (default: all) of the attribute, as a view of the buffer. */
  bytes(count = this.length): Uint8Array {
    const at = this.#at(count);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, count);
  }

  /** Text up to the first NUL. */
  string(): string {
    let text = '';
    for (let at = this.#payload; at < this.#payload + this.length; at++) {
      const byte = this.#view.getUint8(at);
      if (byte === 0) break;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  nested(): AttributeReader {
    return new AttributeReader(this.#view, this.#payload, this.#payload + this.length);
  }

  #at(count: number): number {
    if (this.length < count) {
      throw new MalformedMessageError(`netlink: attribute ${this.type} has ${this.length} bytes, needs ${count}`);
    }
    return this.#payload;
  }
}
