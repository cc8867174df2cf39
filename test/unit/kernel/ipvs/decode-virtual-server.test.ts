import { describe, expect, it } from '@jest/globals';
import { commandAttribute, ipvsCommand, serviceAttribute } from '../../../../src/kernel/ipvs/attributes.ts';
import { decodeVirtualServer } from '../../../../src/kernel/ipvs/decode-virtual-server.ts';
import { ipBytes } from '../../../../src/model/ip.ts';
import type { MessageWriter } from '../../../../src/netlink/message-writer.ts';
import { ip } from '../../../support/builders.ts';
import { readerOf } from '../../../support/written-message.ts';

type Write = (writer: MessageWriter) => void;

describe('decodeVirtualServer', () => {
  it('takes away the bit that says "hashed"', () => {
    expect(decode({ flags: (w) => w.u32Pair(serviceAttribute.flags, 0x13, 0xffffffff) })?.virtualServer.flags).toBe(
      0x11,
    );
  });

  it.each([
    ['prefers 64-bit statistics', [4_000_000_000n, 5n], 4_000_000_000n],
    ['takes the others when there are no 64-bit ones', [undefined, 5n], 5n],
    ['counts nothing without statistics', [undefined, undefined], 0n],
  ] as const)('%s', (_, [wide, narrow], expected) => {
    const decoded = decode({
      statistics: (writer) => {
        if (narrow !== undefined) writeCounters(writer, serviceAttribute.statistics, narrow, 4);
        if (wide !== undefined) writeCounters(writer, serviceAttribute.statistics64, wide, 8);
      },
    });
    expect(decoded?.counters).toMatchObject({ connections: expected, incomingBytes: 0n });
  });

  it.each([
    [0xffffffff, 32],
    [0xffffff00, 24],
    [0x80000000, 1],
    [0, 0],
    [0xff00ff00, 8],
  ])('reads the mask %i as prefix length %i', (mask, length) => {
    const decoded = decode({ netmask: (writer) => writer.u32Network(serviceAttribute.netmask, mask) });
    expect(decoded?.virtualServer.persistencePrefixLength).toBe(length);
  });

  it.each([0, 1, 136])('leaves out protocol %i', (protocol) => {
    expect(decode({ protocol: (writer) => writer.u16(serviceAttribute.protocol, protocol) })).toBeUndefined();
  });

  it('keeps an IPv4-mapped IPv6 address apart from the IPv4 address', () => {
    const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 96, 0, 1];
    const decoded = decode({
      family: (writer) => writer.u16(serviceAttribute.addressFamily, 10),
      address: (writer) => writer.raw(serviceAttribute.address, mapped),
    });
    expect(decoded?.virtualServer.key).toBe('TCP/[::ffff:10.96.0.1]:80');
  });

  it('skips what it does not know', () => {
    const decoded = decode({ more: (writer) => writer.string(200, 'from a later kernel') });
    expect(decoded?.virtualServer.key).toBe('TCP/10.96.0.1:80');
  });

  it.each(['family', 'protocol', 'address', 'port', 'scheduler', 'flags', 'timeout', 'netmask'])(
    'throws without %s',
    (name) => expect(() => decode({ [name]: () => undefined })).toThrow(/^IPVS: reply without /),
  );

  it.each<[string, Record<string, Write>]>([
    ['an unknown family', { family: (writer) => writer.u16(serviceAttribute.addressFamily, 1) }],
    ['a short IPv4 address', { address: (writer) => writer.raw(serviceAttribute.address, [10, 96, 0]) }],
    ['a short port', { port: (writer) => writer.u8(serviceAttribute.port, 80) }],
    [
      'a counter of two bytes',
      {
        statistics: (writer) => {
          const nest = writer.openNest(serviceAttribute.statistics64);
          writer.u16(1, 7);
          writer.closeNest(nest);
        },
      },
    ],
    [
      'a short IPv6 address',
      {
        family: (writer) => writer.u16(serviceAttribute.addressFamily, 10),
        address: (writer) => writer.raw(serviceAttribute.address, ipBytes(ip('fd00::1')).slice(0, 12)),
      },
    ],
  ])('throws for %s', (_, changes) => {
    expect(() => decode(changes)).toThrow(expect.objectContaining({ code: 'NETLINK_MALFORMED' }));
  });

  it('throws for another reply, or none of a reply', () => {
    const destination = readerOf(28, (writer) => writer.header4(ipvsCommand.newDestination, 1, 0, 0));
    expect(() => decodeVirtualServer(destination)).toThrow(/reply 5 where 1 was due/);
    const empty = readerOf(28, (writer) => writer.header4(ipvsCommand.newService, 1, 0, 0));
    expect(() => decodeVirtualServer(empty)).toThrow(/without attribute 1/);
    expect(() => decodeVirtualServer(readerOf(28, () => undefined))).toThrow(/too short/);
  });
});

/** Decodes a reply for TCP/10.96.0.1:80 (rr) in which some attributes are written differently. */
function decode(changes: Readonly<Record<string, Write>>) {
  const attributes: Readonly<Record<string, Write>> = {
    family: (writer) => writer.u16(serviceAttribute.addressFamily, 2),
    protocol: (writer) => writer.u16(serviceAttribute.protocol, 6),
    address: (writer) => writer.ipv4(serviceAttribute.address, '10.96.0.1', 16),
    port: (writer) => writer.u16Network(serviceAttribute.port, 80),
    scheduler: (writer) => writer.string(serviceAttribute.scheduler, 'rr'),
    flags: (writer) => writer.u32Pair(serviceAttribute.flags, 2, 0xffffffff),
    timeout: (writer) => writer.u32(serviceAttribute.timeout, 0),
    netmask: (writer) => writer.u32Network(serviceAttribute.netmask, 0xffffffff),
    ...changes,
  };
  const reader = readerOf(28, (writer) => {
    writer.header4(ipvsCommand.newService, 1, 0, 0);
    const nest = writer.openNest(commandAttribute.service);
    for (const write of Object.values(attributes)) write(writer);
    writer.closeNest(nest);
  });
  return decodeVirtualServer(reader);
}

/** A statistics nest as a kernel writes it that aligns 64-bit values: with padding attributes. */
function writeCounters(writer: MessageWriter, attribute: number, connections: bigint, bytes: 4 | 8): void {
  const nest = writer.openNest(attribute);
  writer.raw(11, []);
  const value = new DataView(new ArrayBuffer(8));
  value.setBigUint64(0, connections, true);
  writer.raw(1, new Uint8Array(value.buffer, 0, bytes));
  writer.closeNest(nest);
}
