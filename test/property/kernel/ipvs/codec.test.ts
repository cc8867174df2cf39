import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { forwardingMethods, tunnelTypes } from '../../../../src/kernel/ipvs/attributes.ts';
import { decodeRealServer } from '../../../../src/kernel/ipvs/decode-real-server.ts';
import { decodeInfo, decodeTimeouts } from '../../../../src/kernel/ipvs/decode-settings.ts';
import { decodeVirtualServer } from '../../../../src/kernel/ipvs/decode-virtual-server.ts';
import { encodeOperation } from '../../../../src/kernel/ipvs/encode.ts';
import type { IpAddress, IpFamily } from '../../../../src/model/ip.ts';
import { familyOf, ipFromBytes } from '../../../../src/model/ip.ts';
import type { IpvsOperation } from '../../../../src/model/operation.ts';
import type { RealServer } from '../../../../src/model/real-server.ts';
import { realServerKey } from '../../../../src/model/real-server.ts';
import type { VirtualServer, VirtualServerIdentity } from '../../../../src/model/virtual-server.ts';
import { virtualServerFamily, virtualServerKey } from '../../../../src/model/virtual-server.ts';
import { MalformedMessageError, MessageReader } from '../../../../src/netlink/message-reader.ts';
import { MessageWriter } from '../../../../src/netlink/message-writer.ts';
import { decodesOrRefuses } from '../../../support/captured/damage.ts';
import { readRecording, recordedCommand } from '../../../support/captured/read-recording.ts';
import { splitMessages } from '../../../support/fake-transport.ts';

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const name = fc.stringMatching(/^[a-z_]{1,15}$/);

const bytes = (count: number) => fc.array(fc.integer({ min: 0, max: 255 }), { minLength: count, maxLength: count });
const ipv4 = bytes(4).map(ipFromBytes);
const ipv6 = bytes(16)
  .map(ipFromBytes)
  .filter((text) => familyOf(text) === 'IPv6');
const mapped = ipv4.map((text) => `::ffff:${text}` as IpAddress);
const address: fc.Arbitrary<IpAddress> = fc.oneof(ipv4, ipv6, mapped);

const identity: fc.Arbitrary<VirtualServerIdentity> = fc.oneof(
  fc.record({
    kind: fc.constant('address' as const),
    address,
    port: u16,
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const),
  }),
  fc.record({
    kind: fc.constant('firewallMark' as const),
    firewallMark: fc.integer({ min: 1, max: 0xffff_ffff }),
    family: fc.constantFrom<IpFamily>('IPv4', 'IPv6'),
  }),
);

const virtualServer: fc.Arbitrary<VirtualServer> = identity.chain((who) =>
  fc.record({
    key: fc.constant(virtualServerKey(who)),
    identity: fc.constant(who),
    scheduler: name,
    flags: fc.constantFrom(0, 1, 4, 5, 8, 0x10, 0x19),
    persistenceTimeoutSeconds: u32,
    persistencePrefixLength: fc.integer({ min: 1, max: virtualServerFamily(who) === 'IPv4' ? 32 : 128 }),
    persistenceEngine: fc.oneof(fc.constant(''), name),
  }),
);

const tunnel = fc.record({ type: fc.constantFrom(...tunnelTypes), port: u16, flags: u16 });

const realServer: fc.Arbitrary<RealServer> = fc
  .record({
    address,
    port: u16,
    forwarding: fc.constantFrom(...forwardingMethods),
    weight: fc.integer({ min: 0, max: 0x7fff_ffff }),
    upperThreshold: u32,
    lowerThreshold: u32,
    tunnel,
  })
  .map(({ tunnel: encapsulation, ...rest }) => ({
    key: realServerKey(rest.address, rest.port),
    ...rest,
    ...(rest.forwarding === 'tunnel' ? { tunnel: encapsulation } : {}),
  }));

// A request to add has the form of a reply that lists.
describe('what was encoded is decoded', () => {
  it('for virtual servers', () => {
    fc.assert(
      fc.property(virtualServer, (server) => {
        const message = encode({ kind: 'addVirtualServer', virtualServer: server });
        expect(decodeVirtualServer(readerAt(message))?.virtualServer).toEqual(server);
      }),
    );
  });

  it('for real servers', () => {
    fc.assert(
      fc.property(virtualServer, realServer, (server, backend) => {
        const message = encode({ kind: 'addRealServer', virtualServer: server, realServer: backend });
        const decoded = decodeRealServer(readerAt(message), virtualServerFamily(server.identity));
        expect(decoded).toMatchObject(backend);
        expect('tunnel' in decoded).toBe('tunnel' in backend);
      }),
    );
  });
});

const listed = recordedCommand(readRecording('ipvs-ipvsadm-1.31.hex'), 'ipvsadm -Ln').received.flatMap(splitMessages);
const replies = listed.filter((message) => message.length > 20);
const decoders = [
  (reader: MessageReader) => decodeVirtualServer(reader),
  (reader: MessageReader) => decodeRealServer(reader, 'IPv4'),
  (reader: MessageReader) => decodeTimeouts(reader),
  (reader: MessageReader) => decodeInfo(reader),
];

describe('damaged replies', () => {
  it('throw when cut off anywhere, with the length left as it was', () => {
    fc.assert(
      fc.property(fc.constantFrom(...replies), fc.nat(), (reply, at) => {
        const cut = reply.subarray(0, 1 + (at % (reply.length - 1)));
        expect(() => new MessageReader(cut).next()).toThrow(MalformedMessageError);
      }),
    );
  });

  it('throw when cut off anywhere, with the length put right', () => {
    fc.assert(
      fc.property(fc.constantFrom(...replies), fc.nat(), (reply, at) => {
        const length = 16 + (at % (reply.length - 16));
        const cut = reply.slice(0, length);
        new DataView(cut.buffer).setUint32(0, length, true);
        const decode = cut[16] === 1 ? decoders[0] : decoders[1];
        expect(() => decode?.(readerAt(cut))).toThrow(MalformedMessageError);
      }),
    );
  });

  it('are decoded or throw, whatever bytes are changed', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(...replies), changes, (reply, changed) => {
        const damaged = reply.slice();
        for (const [at, value] of changed) damaged[16 + (at % (reply.length - 16))] = value;
        for (const decode of decoders) decodesOrRefuses(() => decode(readerAt(damaged)));
      }),
      { numRuns: 500 },
    );
  });

  it('are decoded or throw when they are random', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 17 }), (payload, command) => {
        const message = new Uint8Array(20 + payload.length);
        new DataView(message.buffer).setUint32(0, message.length, true);
        message[16] = command;
        message.set(payload, 20);
        for (const decode of decoders) decodesOrRefuses(() => decode(readerAt(message)));
      }),
      { numRuns: 500 },
    );
  });
});

function encode(operation: IpvsOperation): Uint8Array {
  const writer = new MessageWriter();
  writer.reset();
  encodeOperation(writer, 28, operation);
  return writer.bytes;
}

function readerAt(message: Uint8Array): MessageReader {
  const reader = new MessageReader(message);
  reader.next();
  return reader;
}
