import { describe, expect, it } from '@jest/globals';
import { attributeFlags, messageFlags } from '../../../src/netlink/constants.ts';
import { MessageWriter } from '../../../src/netlink/message-writer.ts';

/** Expected bytes are those of a little-endian machine. */
function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The attributes of a message that `fill` writes, as hex. */
function attributesOf(fill: (writer: MessageWriter) => void, capacityBytes?: number): string {
  const writer = new MessageWriter(capacityBytes);
  writer.begin(0x10, 0);
  fill(writer);
  writer.end();
  return hex(writer.bytes.subarray(16));
}

describe('MessageWriter', () => {
  it('writes a header with length, type, REQUEST, sequence and no port', () => {
    const writer = new MessageWriter();
    writer.begin(0x1234, messageFlags.acknowledge);
    writer.end();
    expect(hex(writer.bytes)).toBe('10000000' + '3412' + '0500' + '01000000' + '00000000');
  });

  it('counts fixed headers and attributes in the message length', () => {
    const writer = new MessageWriter();
    writer.begin(0x10, 0);
    writer.header4(1, 2, 3, 255);
    writer.headerWord(0xfffffffe);
    writer.u32(1, 7);
    writer.end();
    expect(hex(writer.bytes)).toBe(
      '20000000' + '1000' + '0100' + '01000000' + '00000000' + '010203ff' + 'feffffff' + '08000100' + '07000000',
    );
  });

  it.each<[string, (writer: MessageWriter) => void, string]>([
    ['u8', (w) => w.u8(5, 0xab), '05000500ab000000'],
    ['u16', (w) => w.u16(5, 0xabcd), '06000500cdab0000'],
    ['u32', (w) => w.u32(5, 0xdeadbeef), '08000500efbeadde'],
    ['u16 in network order', (w) => w.u16Network(5, 443), '0600050001bb0000'],
    ['u32 in network order', (w) => w.u32Network(5, 0x0a000001), '080005000a000001'],
    ['type with flags', (w) => w.u16Network(4 | attributeFlags.networkByteOrder, 80), '0600044000500000'],
    ['two u32', (w) => w.u32Pair(7, 1, 0xffffffff), '0c00070001000000ffffffff'],
    ['raw bytes, padded', (w) => w.raw(3, [1, 2, 3, 4, 5]), '090003000102030405000000'],
    ['raw bytes shorter than the attribute', (w) => w.raw(3, [9], 6), '0a0003000900000000000000'],
    ['no raw bytes', (w) => w.raw(3, []), '04000300'],
    ['an IPv4 address', (w) => w.ipv4(3, '10.96.0.255', 4), '080003000a6000ff'],
    ['an IPv4 address in 16 bytes', (w) => w.ipv4(3, '1.2.3.4', 16), `1400030001020304${'00'.repeat(12)}`],
    ['a string with its NUL', (w) => w.string(2, 'IPVS'), '090002004950565300000000'],
    ['a string that fills its words', (w) => w.string(1, 'wrr'), '0800010077727200'],
    ['an empty string', (w) => w.string(1, ''), '0500010000000000'],
  ])('writes %s', (_name, fill, expected) => {
    expect(attributesOf(fill)).toBe(expected);
  });

  it('fills in the lengths of nests, flag bits kept', () => {
    const written = attributesOf((writer) => {
      const outer = writer.openNest(1);
      writer.u8(1, 2);
      const inner = writer.openNest(2);
      writer.string(1, 'a');
      writer.closeNest(inner);
      writer.closeNest(outer);
      writer.closeNest(writer.openNest(7));
    });
    expect(written).toBe('18000180' + '0500010002000000' + '0c000280' + '0600010061000000' + '04000780');
  });

  it('refuses a nest or an attribute that is longer than its 16-bit length can say', () => {
    const writer = new MessageWriter();
    writer.begin(0x10, 0);
    const nest = writer.openNest(1);
    for (let index = 0; index < 8192; index++) writer.u32(1, index);
    expect(() => writer.closeNest(nest)).toThrow(RangeError);
    expect(() => writer.raw(1, new Uint8Array(65532))).toThrow(RangeError);
    expect(() => writer.string(1, 'x'.repeat(65531))).toThrow(RangeError);
    expect(() => writer.raw(1, [1, 2, 3], 2)).toThrow(RangeError);
  });

  it('keeps everything when it grows', () => {
    const fill = (writer: MessageWriter) => {
      const nest = writer.openNest(1);
      for (let index = 0; index < 100; index++) writer.string(index, 'x'.repeat(index));
      writer.ipv4(1, '10.0.0.1', 16);
      writer.raw(1, new Uint8Array(999).fill(7));
      writer.closeNest(nest);
    };
    expect(attributesOf(fill, 16)).toBe(attributesOf(fill, 1 << 20));
  });

  it('leaves nothing of an earlier batch in padding', () => {
    const writer = new MessageWriter();
    const fill = () => {
      writer.begin(0x10, 0);
      writer.raw(1, [1]);
      writer.ipv4(1, '1.1.1.1', 16);
      writer.string(1, 'b');
      writer.u8(1, 1);
      writer.end();
      return hex(writer.bytes.subarray(16));
    };
    const fresh = fill();
    writer.reset();
    writer.begin(0x10, 0);
    writer.raw(1, new Uint8Array(200).fill(0xff));
    writer.end();
    writer.reset();
    expect(fill()).toBe(fresh);
  });

  it('counts sequence numbers on over batches', () => {
    const writer = new MessageWriter();
    const sequences: number[] = [];
    for (const size of [3, 1, 2]) {
      writer.reset();
      expect(writer.count).toBe(0);
      for (let index = 0; index < size; index++) {
        writer.begin(0x10, 0);
        writer.end();
      }
      expect(writer.count).toBe(size);
      const words = new Uint32Array(writer.bytes.slice().buffer);
      expect(words[2]).toBe(writer.firstSequence);
      for (let index = 0; index < size; index++) sequences.push(words[index * 4 + 2] ?? -1);
    }
    expect(sequences).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
