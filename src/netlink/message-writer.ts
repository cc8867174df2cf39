import { littleEndian } from './byte-order.ts';
import { attributeFlags, messageFlags, messageHeaderBytes } from './constants.ts';

/** First word of an attribute: length in the low half of memory, type in the high half. */
const attributeHeader = littleEndian
  ? (length: number, type: number) => (length | (type << 16)) >>> 0
  : (length: number, type: number) => ((length << 16) | type) >>> 0;

/** The first word of an attribute with another length. */
const withLength = littleEndian
  ? (header: number, length: number) => ((header & 0xffff_0000) | length) >>> 0
  : (header: number, length: number) => ((length << 16) | (header & 0xffff)) >>> 0;

/** A u16 at the start of a word whose other half is padding. */
const halfWord = littleEndian ? (value: number) => value : (value: number) => (value << 16) >>> 0;

/** A u8 at the start of a word whose other bytes are padding. */
const firstByte = littleEndian ? (value: number) => value : (value: number) => (value << 24) >>> 0;

const swap16 = (value: number) => ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
const swap32 = (value: number) =>
  (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;

/** Host to network order. */
const networkOrder16 = littleEndian ? swap16 : (value: number) => value;
const networkOrder32 = littleEndian ? swap32 : (value: number) => value;

/**
 * Writes netlink messages one after the other into one growing buffer, in whole 32-bit words and without creating
 * objects. The buffer is reused: what `bytes` returns is valid until the next write. Every message is a request;
 * its sequence number is `firstSequence` plus its index in the batch.
 *
 *     writer.reset(); writer.begin(type, flags); writer.u32(ATTR, 1); writer.end();
 */
export class MessageWriter {
  #words: Uint32Array;
  #bytes: Uint8Array;
  #cursor = 0;
  #messageStart = 0;
  #sequence = 1;
  #firstSequence = 1;
  #count = 0;

  constructor(capacityBytes = 64 * 1024) {
    const buffer = new ArrayBuffer(capacityBytes);
    this.#words = new Uint32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
  }

  /** Starts a new batch. Sequence numbers go on, so that a late reply to an earlier batch is never taken for ours. */
  reset(): void {
    if (this.#sequence > 0x7fff_0000) this.#sequence = 1;
    this.#cursor = 0;
    this.#count = 0;
    this.#firstSequence = this.#sequence;
  }

  /** Number of messages in the batch. */
  get count(): number {
    return this.#count;
  }

  /** Sequence number of the batch's first message. */
  get firstSequence(): number {
    return this.#firstSequence;
  }

  /** The batch so far. A view of the reused buffer. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#cursor << 2);
  }

  /** Begins a message of the type with `flags` besides REQUEST. */
  begin(type: number, flags: number): void {
    this.#reserve(messageHeaderBytes >> 2);
    const start = this.#cursor;
    this.#messageStart = start;
    this.#words[start + 1] = attributeHeader(type, flags | messageFlags.request);
    this.#words[start + 2] = this.#sequence++;
    this.#words[start + 3] = 0;
    this.#cursor = start + 4;
    this.#count++;
  }

  /** Ends the message that was begun: fills in its length. */
  end(): void {
    this.#words[this.#messageStart] = (this.#cursor - this.#messageStart) << 2;
  }

  /** Four header bytes as they lie in memory, e.g. those of `genlmsghdr` or `nfgenmsg`. */
  header4(first: number, second: number, third: number, fourth: number): void {
    this.#reserve(1);
    const at = this.#cursor++ << 2;
    this.#bytes[at] = first;
    this.#bytes[at + 1] = second;
    this.#bytes[at + 2] = third;
    this.#bytes[at + 3] = fourth;
  }

  /** A u32 of a fixed header, host order. */
  headerWord(value: number): void {
    this.#reserve(1);
    this.#words[this.#cursor++] = value;
  }

  u8(type: number, value: number): void {
    this.#attribute(type, 1, firstByte(value));
  }

  u16(type: number, value: number): void {
    this.#attribute(type, 2, halfWord(value));
  }

  u32(type: number, value: number): void {
    this.#attribute(type, 4, value);
  }

  /** A u16 in network order. Pass `attributeFlags.networkByteOrder` with the type where the subsystem wants it. */
  u16Network(type: number, value: number): void {
    this.#attribute(type, 2, halfWord(networkOrder16(value)));
  }

  /** A u32 in network order. */
  u32Network(type: number, value: number): void {
    this.#attribute(type, 4, networkOrder32(value));
  }

  /** Two u32 in host order, as `struct ip_vs_flags` is. */
  u32Pair(type: number, first: number, second: number): void {
    this.#reserve(3);
    this.#words[this.#cursor++] = attributeHeader(12, type);
    this.#words[this.#cursor++] = first;
    this.#words[this.#cursor++] = second;
  }

  /** Raw bytes, padded to a word. `length` counts bytes of the attribute, at most 65531; what `bytes` lacks is zero. */
  raw(type: number, bytes: ArrayLike<number>, length = bytes.length): void {
    if (bytes.length > length) throw new RangeError(`${bytes.length} bytes for a netlink attribute of ${length}`);
    checkPayload(length);
    const words = (length + 3) >> 2;
    this.#reserve(1 + words);
    this.#words[this.#cursor++] = attributeHeader(4 + length, type);
    this.#words.fill(0, this.#cursor, this.#cursor + words);
    this.#bytes.set(bytes, this.#cursor << 2);
    this.#cursor += words;
  }

  /**
   * An IP address in canonical text form, as `length` bytes (4 or 16); an IPv4 address in 16 bytes comes first and is
   * followed by zeros. Only dotted decimal is read here; pass the bytes of an IPv6 address to `raw`.
   */
  ipv4(type: number, dotted: string, length: 4 | 16): void {
    this.#reserve(1 + (length >> 2));
    this.#words[this.#cursor++] = attributeHeader(4 + length, type);
    this.#words[this.#cursor++] = networkOrder32(ipv4Number(dotted));
    if (length === 4) return;
    this.#words[this.#cursor++] = 0;
    this.#words[this.#cursor++] = 0;
    this.#words[this.#cursor++] = 0;
  }

  /** A string with its terminating NUL. Latin letters only: names in the kernel have no others. */
  string(type: number, text: string): void {
    const length = text.length + 1;
    checkPayload(length);
    const words = (length + 3) >> 2;
    this.#reserve(1 + words);
    this.#words[this.#cursor++] = attributeHeader(4 + length, type);
    this.#words.fill(0, this.#cursor, this.#cursor + words);
    const start = this.#cursor << 2;
    for (let index = 0; index < text.length; index++) this.#bytes[start + index] = text.charCodeAt(index);
    this.#cursor += words;
  }

  /** Opens a nest (with the NESTED flag); returns the mark that `closeNest` wants. */
  openNest(type: number): number {
    this.#reserve(1);
    const mark = this.#cursor++;
    this.#words[mark] = attributeHeader(4, type | attributeFlags.nested);
    return mark;
  }

  /** Closes a nest: fills in its length, at most 65535 bytes. */
  closeNest(mark: number): void {
    const length = (this.#cursor - mark) << 2;
    if (length > 0xffff) throw new RangeError(`netlink nest of ${length} bytes; 65535 at most`);
    this.#words[mark] = withLength(this.#words[mark] ?? 0, length);
  }

  #attribute(type: number, length: number, word: number): void {
    this.#reserve(2);
    this.#words[this.#cursor++] = attributeHeader(4 + length, type);
    this.#words[this.#cursor++] = word;
  }

  #reserve(words: number): void {
    if (this.#cursor + words <= this.#words.length) return;
    const grown = new Uint32Array(Math.max(this.#words.length * 2, this.#cursor + words));
    grown.set(this.#words);
    this.#words = grown;
    this.#bytes = new Uint8Array(grown.buffer);
  }
}

/** Dotted decimal as a number; the first octet is the highest. */
function ipv4Number(dotted: string): number {
  let number = 0;
  let octet = 0;
  for (let index = 0; index < dotted.length; index++) {
    const code = dotted.charCodeAt(index);
    if (code === 46) {
      number = (number << 8) | octet;
      octet = 0;
    } else {
      octet = octet * 10 + code - 48;
    }
  }
  return ((number << 8) | octet) >>> 0;
}

/** An attribute's length is 16 bits wide and counts its header of 4 bytes. */
function checkPayload(length: number): void {
  if (length > 0xffff - 4) throw new RangeError(`netlink attribute of ${length} bytes; 65531 at most`);
}
