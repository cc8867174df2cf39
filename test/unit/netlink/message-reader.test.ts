import { describe, expect, it } from '@jest/globals';
import { messageFlags } from '../../../src/netlink/constants.ts';
import { MalformedMessageError, MessageReader } from '../../../src/netlink/message-reader.ts';

/** Bytes as they come from a little-endian kernel. */
function bytes(...hex: string[]): Uint8Array {
  return new Uint8Array(Buffer.from(hex.join(''), 'hex'));
}

/** A message of type 0x20, MULTI, sequence 7, with the payload. */
function message(...payload: string[]): Uint8Array {
  const body = bytes(...payload);
  const whole = new Uint8Array(16 + body.length);
  const view = new DataView(whole.buffer);
  view.setUint32(0, whole.length, true);
  view.setUint16(4, 0x20, true);
  view.setUint16(6, messageFlags.multi, true);
  view.setUint32(8, 7, true);
  whole.set(body, 16);
  return whole;
}

/** The first attribute of a message with this payload. */
function firstAttribute(...payload: string[]) {
  const reader = new MessageReader(message(...payload));
  reader.next();
  const attributes = reader.attributes(0);
  expect(attributes.next()).toBe(true);
  return attributes;
}

describe('MessageReader', () => {
  it('walks messages, skipping the padding between them', () => {
    const odd = message('01');
    const reader = new MessageReader(
      bytes(Buffer.from(odd).toString('hex'), '000000', '10000000210000000800000000000000'),
    );
    expect(reader.next()).toBe(true);
    expect(reader).toMatchObject({ type: 0x20, flags: 2, sequence: 7, payloadStart: 16, payloadEnd: 17 });
    expect(reader.next()).toBe(true);
    expect(reader).toMatchObject({ type: 0x21, flags: 0, sequence: 8, payloadStart: 36, payloadEnd: 36 });
    expect(reader.next()).toBe(false);
  });

  it('reads part of a larger buffer', () => {
    const inside = new Uint8Array(100).fill(0xff);
    inside.set(message('080001000a000001'), 13);
    const reader = new MessageReader(inside.subarray(13, 13 + 24));
    reader.next();
    const attributes = reader.attributes(0);
    attributes.next();
    expect([...attributes.bytes()]).toEqual([10, 0, 0, 1]);
    expect(reader.next()).toBe(false);
  });

  it.each([
    ['a header that is cut off', bytes('10000000200000')],
    ['a length below the header', bytes('0f000000200000000700000000000000')],
    ['a length of zero', bytes('00000000200000000700000000000000')],
    ['a length beyond the end', bytes('11000000200000000700000000000000')],
    ['the largest length', bytes('ffffffff200000000700000000000000')],
  ])('throws on %s', (_name, malformed) => {
    expect(() => new MessageReader(malformed).next()).toThrow(MalformedMessageError);
  });

  it('throws when a message has no room for the fixed header before its attributes', () => {
    const reader = new MessageReader(message('0100'));
    reader.next();
    expect(() => reader.attributes(4)).toThrow(MalformedMessageError);
  });
});

describe('AttributeReader', () => {
  it('reads numbers in both orders', () => {
    expect(firstAttribute('05000100ab000000').u8()).toBe(0xab);
    expect(firstAttribute('06000100cdab0000').u16()).toBe(0xabcd);
    expect(firstAttribute('0600010001bb0000').u16Network()).toBe(443);
    expect(firstAttribute('08000100efbeadde').u32()).toBe(0xdeadbeef);
    expect(firstAttribute('080001000a000001').u32Network()).toBe(0x0a000001);
    expect(firstAttribute('0c000100', 'ffffffffffffff7f').u64()).toBe(0x7fffffffffffffffn);
  });

  it('removes the flag bits from the type', () => {
    expect(firstAttribute('0400ffff').type).toBe(0x3fff);
    expect(firstAttribute('080005c000000000')).toMatchObject({ type: 5, length: 4 });
  });

  it('reads text with and without its NUL, and empty', () => {
    expect(firstAttribute('09000200', '4950565300000000').string()).toBe('IPVS');
    expect(firstAttribute('08000200', '49505653').string()).toBe('IPVS');
    expect(firstAttribute('04000200').string()).toBe('');
    expect(firstAttribute('06000200', '00410000').string()).toBe('');
  });

  it('walks nests', () => {
    const outer = firstAttribute('10000180', '0500010002000000', '04000280');
    const inner = outer.nested();
    expect(inner.next()).toBe(true);
    expect([inner.type, inner.u8()]).toEqual([1, 2]);
    expect(inner.next()).toBe(true);
    expect(inner.nested().next()).toBe(false);
    expect(inner.next()).toBe(false);
    expect(outer.next()).toBe(false);
  });

  it('takes a last attribute without its padding', () => {
    const attributes = firstAttribute('0500010001');
    expect(attributes.u8()).toBe(1);
    expect(attributes.next()).toBe(false);
  });

  it.each([
    ['a header that is cut off', '0800'],
    ['a length below the header', '0300010000000000'],
    ['a length of zero', '0000010000000000'],
    ['a length beyond the message', '0900010000000000'],
  ])('throws on %s', (_name, payload) => {
    const reader = new MessageReader(message(payload));
    reader.next();
    expect(() => reader.attributes(0).next()).toThrow(MalformedMessageError);
  });

  it('throws when an attribute is shorter than the number asked for', () => {
    const attributes = firstAttribute('0600010001000000');
    expect(attributes.u8()).toBe(1);
    expect(attributes.u16()).toBe(1);
    for (const read of ['u32', 'u64', 'u32Network'] as const) {
      expect(() => attributes[read]()).toThrow(MalformedMessageError);
    }
    expect(() => attributes.bytes(3)).toThrow(MalformedMessageError);
  });

  it('throws when a nest reaches beyond its attribute', () => {
    const inner = firstAttribute('08000180', '0c000100').nested();
    expect(() => inner.next()).toThrow(MalformedMessageError);
  });
});
