import { describe, expect, it } from '@jest/globals';
import * as der from '../../../../support/api-server/tls/der.ts';

describe('DER', () => {
  it.each([
    ['short length', der.octetString(Buffer.alloc(2, 1)), '04020101'],
    ['one length byte', der.octetString(Buffer.alloc(0x80)), `048180${'00'.repeat(0x80)}`],
    ['two length bytes', der.octetString(Buffer.alloc(0x100)).subarray(0, 4), '04820100'],
    ['integer with the top bit', der.integer(Buffer.from([0x80])), '02020080'],
    ['integer with leading zeros', der.integer(Buffer.from([0, 0, 5])), '020105'],
    ['integer zero', der.integer(Buffer.from([0])), '020100'],
    ['object identifier with long arcs', der.objectIdentifier('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
    ['true', der.boolean(true), '0101ff'],
    ['bit string', der.bitString(Buffer.from([6]), 1), '03020106'],
    ['explicit tag', der.explicit(3, der.boolean(false)), 'a303010100'],
    ['sequence', der.sequence(der.boolean(true), der.boolean(false)), '30060101ff010100'],
  ])('encodes %s', (_name, encoded, expected) => {
    expect(encoded.toString('hex')).toBe(expected);
  });

  it('writes times in UTC to the second', () => {
    expect(der.generalizedTime(new Date('2026-11-21T14:05:06.789Z')).toString('ascii', 2)).toBe('20261121140506Z');
  });
});
