import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { ipBytes, ipFromBytes, isInCidr, parseCidr, parseIp } from '../../../src/model/ip.ts';

const byte = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 }));
const ipv6 = fc.array(byte, { minLength: 16, maxLength: 16 });
const ipv4 = fc.array(byte, { minLength: 4, maxLength: 4 });
/** Not IPv4-mapped: those are printed as IPv4. */
const plainIpv6 = ipv6.filter((bytes) => !ipaddr.fromByteArray(bytes).toString().startsWith('::ffff:'));

describe('addresses', () => {
  it('are the bytes that they were printed from', () => {
    fc.assert(
      fc.property(fc.oneof(plainIpv6, ipv4), (bytes) => expect(ipBytes(ipFromBytes(bytes))).toEqual(bytes)),
      { numRuns: 2_000 },
    );
  });

  it('are printed as another implementation prints them', () => {
    fc.assert(
      fc.property(plainIpv6, (bytes) => {
        const other = new ipaddr.IPv6(bytes);
        expect(ipFromBytes(bytes)).toBe(other.toRFC5952String());
      }),
      { numRuns: 2_000 },
    );
  });

  it('have one form: what was printed reads as itself', () => {
    fc.assert(fc.property(fc.oneof(ipv6, ipv4), (bytes) => parseIp(ipFromBytes(bytes)) === ipFromBytes(bytes)));
  });

  it('of any text are either read or refused', () => {
    const text = fc.array(fc.constantFrom(...'0123456789abcdefABCDEF:.%/'.split('')), { maxLength: 24 });
    fc.assert(
      fc.property(text, (characters) => {
        const address = parseIp(characters.join(''));
        return address === undefined || parseIp(address) === address;
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('networks', () => {
  it.each([
    [32, ipv4],
    [128, plainIpv6],
  ])('of %i bits hold what agrees with them in the prefix, and nothing else', (bits, address) => {
    fc.assert(
      fc.property(address, address, fc.integer({ min: 0, max: bits }), (one, two, length) => {
        const network = parseCidr(`${ipFromBytes(one)}/${length}`);
        const prefix = (bytes: readonly number[]) =>
          bytes
            .map((each) => each.toString(2).padStart(8, '0'))
            .join('')
            .slice(0, length);
        return network !== undefined && isInCidr(ipFromBytes(two), network) === (prefix(one) === prefix(two));
      }),
      { numRuns: 1_000 },
    );
  });
});
