import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeAddresses, decodeAddressEvents, decodeLinks } from '../../../../src/kernel/address/decode.ts';
import { encodeAddress } from '../../../../src/kernel/address/encode.ts';
import type { IpAddress } from '../../../../src/model/ip.ts';
import { ipFromBytes } from '../../../../src/model/ip.ts';
import { MessageWriter } from '../../../../src/netlink/message-writer.ts';
import { damaged, decodesOrRefuses } from '../../../support/captured/damage.ts';
import { readRecording } from '../../../support/captured/read-recording.ts';

const address: fc.Arbitrary<IpAddress> = fc
  .constantFrom(4, 16)
  .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }))
  .map((bytes) => ipFromBytes([...bytes]));

describe('address messages', () => {
  it('say what the operation says: events have the form of requests', () => {
    const kind = fc.constantFrom('bindAddress' as const, 'unbindAddress' as const);
    fc.assert(
      fc.property(fc.record({ kind, address }), fc.nat({ max: 0x7fffffff }), (operation, interfaceIndex) => {
        const writer = new MessageWriter();
        writer.reset();
        encodeAddress(writer, operation, interfaceIndex);
        const family = operation.address.includes(':') ? 'IPv6' : 'IPv4';
        const isAddition = operation.kind === 'bindAddress';
        expect(decodeAddressEvents(writer.bytes)).toEqual([
          { kind: isAddition ? 'addressAdded' : 'addressRemoved', interfaceIndex, family },
        ]);
        const listed = isAddition ? [{ interfaceIndex, address: operation.address }] : [];
        expect(decodeAddresses(writer.bytes)).toEqual(listed);
      }),
    );
  });
});

describe('decoders', () => {
  const recorded = readRecording('address-iproute2-6.1.0.hex').flatMap((command) => [...command.received]);

  it('throw MalformedMessageError or return for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), decodesOrThrows));
  });

  it('throw MalformedMessageError or return for recordings that are cut off or damaged', () => {
    fc.assert(fc.property(damaged(recorded, 1500), decodesOrThrows), { numRuns: 2000 });
  });
});

function decodesOrThrows(bytes: Uint8Array): boolean {
  const decoders = [decodeLinks, decodeAddresses, decodeAddressEvents];
  return decoders.every((decode) => decodesOrRefuses(() => decode(bytes)));
}
