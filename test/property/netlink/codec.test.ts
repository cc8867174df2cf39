import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AttributeReader, MessageReader } from '../../../src/netlink/message-reader.ts';
import { MessageWriter } from '../../../src/netlink/message-writer.ts';
import { decodesOrRefuses } from '../../support/captured/damage.ts';

type Attribute =
  | { kind: 'u8' | 'u16' | 'u32' | 'u16Network' | 'u32Network'; type: number; value: number }
  | { kind: 'raw'; type: number; value: number[] }
  | { kind: 'string'; type: number; value: string }
  | { kind: 'ipv4'; type: number; value: [number, number, number, number] }
  | { kind: 'nest'; type: number; value: Attribute[] };

const attributeType = fc.integer({ min: 0, max: 0x3fff });
const byte = fc.integer({ min: 0, max: 255 });
const latinText = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});

function numberOf(kind: 'u8' | 'u16' | 'u32' | 'u16Network' | 'u32Network', max: number) {
  return fc.record({ kind: fc.constant(kind), type: attributeType, value: fc.integer({ min: 0, max }) });
}

const { attribute } = fc.letrec<{ attribute: Attribute }>((tie) => ({
  attribute: fc.oneof(
    { depthSize: 'small' },
    numberOf('u8', 0xff),
    numberOf('u16', 0xffff),
    numberOf('u32', 0xffff_ffff),
    numberOf('u16Network', 0xffff),
    numberOf('u32Network', 0xffff_ffff),
    fc.record({ kind: fc.constant('raw' as const), type: attributeType, value: fc.array(byte, { maxLength: 40 }) }),
    fc.record({ kind: fc.constant('string' as const), type: attributeType, value: latinText }),
    fc.record({ kind: fc.constant('ipv4' as const), type: attributeType, value: fc.tuple(byte, byte, byte, byte) }),
    fc.record({
      kind: fc.constant('nest' as const),
      type: attributeType,
      value: fc.array(tie('attribute'), { maxLength: 4 }),
    }),
  ),
}));

function write(writer: MessageWriter, attributes: readonly Attribute[]): void {
  for (const { kind, type, value } of attributes) {
    if (kind === 'raw') writer.raw(type, value);
    else if (kind === 'string') writer.string(type, value);
    else if (kind === 'ipv4') writer.ipv4(type, value.join('.'), 4);
    else if (kind === 'nest') {
      const nest = writer.openNest(type);
      write(writer, value);
      writer.closeNest(nest);
    } else writer[kind](type, value);
  }
}

/** Reads the attributes in the way in which those expected were written. */
function read(reader: AttributeReader, like: readonly Attribute[]): Attribute[] {
  const found: Attribute[] = [];
  while (reader.next()) {
    const { kind } = like[found.length] ?? { kind: 'raw' };
    const { type } = reader;
    if (kind === 'raw') found.push({ kind, type, value: [...reader.bytes()] });
    else if (kind === 'string') found.push({ kind, type, value: reader.string() });
    else if (kind === 'ipv4')
      found.push({ kind, type, value: [...reader.bytes(4)] as [number, number, number, number] });
    else if (kind === 'nest') {
      const expected = like[found.length]?.value as Attribute[];
      found.push({ kind, type, value: read(reader.nested(), expected) });
    } else found.push({ kind, type, value: reader[kind]() });
  }
  return found;
}

describe('netlink codec', () => {
  it('reads back what it writes', () => {
    const messages = fc.array(
      fc.record({ type: fc.integer({ min: 16, max: 0xffff }), attributes: fc.array(attribute, { maxLength: 6 }) }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(messages, (batch) => {
        const writer = new MessageWriter(16);
        for (const { type, attributes } of batch) {
          writer.begin(type, 0);
          writer.headerWord(type);
          write(writer, attributes);
          writer.end();
        }
        const reader = new MessageReader(writer.bytes);
        for (const [index, { type, attributes }] of batch.entries()) {
          expect(reader.next()).toBe(true);
          expect(reader).toMatchObject({ type, flags: 1, sequence: 1 + index });
          expect(read(reader.attributes(4), attributes)).toEqual(attributes);
        }
        expect(reader.next()).toBe(false);
      }),
    );
  });

  it('ends on any bytes, with MalformedMessageError or with whole messages', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expectReadable(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  it('ends on a message that is cut off or has one byte changed', () => {
    const damage = fc.tuple(fc.array(attribute, { minLength: 1, maxLength: 6 }), fc.nat(), fc.nat(), byte);
    fc.assert(
      fc.property(damage, ([attributes, cut, at, value]) => {
        const writer = new MessageWriter(16);
        writer.begin(16, 0);
        write(writer, attributes);
        writer.end();
        const bytes = writer.bytes.slice(0, writer.bytes.length - (cut % writer.bytes.length));
        bytes[at % bytes.length] = value;
        expectReadable(bytes);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Walks everything; only MalformedMessageError may end it early. */
function expectReadable(bytes: Uint8Array): void {
  decodesOrRefuses(() => {
    const reader = new MessageReader(bytes);
    while (reader.next()) walk(reader.attributes(0), 0);
  });
}

function walk(attributes: AttributeReader, depth: number): void {
  while (attributes.next()) {
    expect(attributes.bytes().length).toBe(attributes.length);
    attributes.string();
    if (depth < 3 && attributes.type % 2 === 1) walk(attributes.nested(), depth + 1);
    if (attributes.length >= 8) attributes.u64();
    attributes.u8();
  }
}
