import { describe, expect, it } from '@jest/globals';
import { MalformedMessageError, MessageReader } from '../../../src/netlink/message-reader.ts';
import { readRefusals, readVerdict } from '../../../src/netlink/refusal.ts';

/** An NLMSG_ERROR (type 2) or NLMSG_DONE (3) with these flags, sequence and payload, as a little-endian kernel sends it. */
function reply(type: number, flags: number, sequence: number, ...payload: string[]): Uint8Array {
  const body = Buffer.from(payload.join(''), 'hex');
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt32LE(sequence, 8);
  return new Uint8Array(Buffer.concat([header, body]));
}

const cappedFlag = 0x100;
const attributesFlag = 0x200;
const eexist = 'efffffff';
const requestHeader = '18000000200001000900000000000000';
const requestBody = '0800010001000000';
/** MISS_TYPE (5) = 3, then MSG (1) = "no". */
const attributes = '0800050003000000' + '070001006e6f0000';

describe('readVerdict', () => {
  const verdict = (bytes: Uint8Array) => {
    const reader = new MessageReader(bytes);
    reader.next();
    return readVerdict(reader);
  };

  it.each([
    ['an acknowledgement', reply(2, cappedFlag, 9, '00000000', requestHeader), { errno: 0 }],
    ['an error with the request echoed', reply(2, 0, 9, eexist, requestHeader, requestBody), { errno: 17 }],
    ['a capped error', reply(2, cappedFlag, 9, eexist, requestHeader), { errno: 17 }],
    [
      'a capped error with text',
      reply(2, cappedFlag | attributesFlag, 9, eexist, requestHeader, attributes),
      { errno: 17, message: 'no' },
    ],
    [
      'an error with the request echoed and text',
      reply(2, attributesFlag, 9, eexist, requestHeader, requestBody, attributes),
      { errno: 17, message: 'no' },
    ],
    ['an error of ipset', reply(2, cappedFlag, 9, '00efffff', requestHeader), { errno: 4352 }],
    ['a good end of a dump', reply(3, 2, 9, '00000000'), { errno: 0 }],
    ['an end of a dump without a number', reply(3, 2, 9), { errno: 0 }],
    ['a failed dump', reply(3, 2, 9, 'edffffff'), { errno: 19 }],
    ['a failed dump with text', reply(3, 2 | attributesFlag, 9, 'edffffff', attributes), { errno: 19, message: 'no' }],
    ['text flagged but absent', reply(2, cappedFlag | attributesFlag, 9, eexist, requestHeader), { errno: 17 }],
  ])('reads %s', (_name, bytes, expected) => {
    expect(verdict(bytes)).toEqual(expected);
  });

  it('throws when there is no error number, or the text does not fit', () => {
    expect(() => verdict(reply(2, 0, 9, 'ffff'))).toThrow(MalformedMessageError);
    const cut = reply(2, cappedFlag | attributesFlag, 9, eexist, requestHeader, '090001006e6f0000');
    expect(() => verdict(cut)).toThrow(MalformedMessageError);
  });
});

describe('readRefusals', () => {
  it('gives each refusal the index of its message and its own bytes', () => {
    const first = reply(2, cappedFlag, 100, eexist, requestHeader);
    const acknowledgement = reply(2, cappedFlag, 101, '00000000', requestHeader);
    const second = reply(2, cappedFlag, 105, 'fdffffff', requestHeader);
    const failures = readRefusals(new Uint8Array(Buffer.concat([first, acknowledgement, second])), 100);
    expect(failures).toEqual([
      { index: 0, errno: 17, reply: first },
      { index: 5, errno: 3, reply: second },
    ]);
  });

  it('counts over the end of the 32-bit sequence', () => {
    expect(readRefusals(reply(2, cappedFlag, 1, eexist, requestHeader), 0xfffffffe)[0]?.index).toBe(3);
  });

  it('finds nothing in nothing', () => {
    expect(readRefusals(new Uint8Array(0), 1)).toEqual([]);
  });
});
