import { describe, expect, it } from '@jest/globals';
import { commandAttribute, destinationAttribute, ipvsCommand } from '../../../../src/kernel/ipvs/attributes.ts';
import { decodeRealServer } from '../../../../src/kernel/ipvs/decode-real-server.ts';
import type { IpFamily } from '../../../../src/model/ip.ts';
import type { MessageWriter } from '../../../../src/netlink/message-writer.ts';
import { readerOf } from '../../../support/written-message.ts';

type Write = (writer: MessageWriter) => void;

describe('decodeRealServer', () => {
  it('reads all there is', () => {
    const decoded = decode({
      connections: (writer) => {
        writer.u32(destinationAttribute.activeConnections, 11);
        writer.u32(destinationAttribute.inactiveConnections, 12);
        writer.u32(destinationAttribute.persistentConnections, 13);
      },
      statistics: (writer) => {
        const nest = writer.openNest(destinationAttribute.statistics64);
        for (let number = 1; number <= 10; number++) writer.raw(number, [number, 0, 0, 0, 0, 0, 0, 1]);
        writer.closeNest(nest);
      },
    });
    const counted = (number: bigint) => (1n << 56n) + number;
    expect(decoded).toEqual({
      key: '10.244.1.2:8080',
      address: '10.244.1.2',
      port: 8080,
      forwarding: 'masquerade',
      weight: 7,
      upperThreshold: 2000,
      lowerThreshold: 1000,
      activeConnections: 11,
      inactiveConnections: 12,
      persistentConnections: 13,
      counters: {
        connections: counted(1n),
        incomingPackets: counted(2n),
        outgoingPackets: counted(3n),
        incomingBytes: counted(4n),
        outgoingBytes: counted(5n),
        connectionRate: counted(6n),
        incomingPacketRate: counted(7n),
        outgoingPacketRate: counted(8n),
        incomingByteRate: counted(9n),
        outgoingByteRate: counted(10n),
      },
    });
  });

  it.each([
    [0, 'masquerade'],
    [1, 'local'],
    [2, 'tunnel'],
    [3, 'directRouting'],
    [4, 'bypass'],
    [6, 'bypass'],
    [0x100, 'masquerade'],
  ])('reads forwarding %i as %s', (number, method) => {
    const forwarding: Write = (writer) => writer.u32(destinationAttribute.forwarding, number);
    expect(decode({ forwarding }).forwarding).toBe(method);
  });

  it('has a tunnel with the tunnel method only', () => {
    const tunnel: Write = (writer) => {
      writer.u8(destinationAttribute.tunnelType, 1);
      writer.u16Network(destinationAttribute.tunnelPort, 6080);
      writer.u16(destinationAttribute.tunnelFlags, 2);
    };
    const forwarding: Write = (writer) => writer.u32(destinationAttribute.forwarding, 2);
    expect(decode({ tunnel })).not.toHaveProperty('tunnel');
    expect(decode({ tunnel, forwarding }).tunnel).toEqual({ type: 'gue', port: 6080, flags: 2 });
    expect(decode({ forwarding }).tunnel).toEqual({ type: 'ipip', port: 0, flags: 0 });
  });

  it('takes the family of the virtual server when the kernel does not say', () => {
    const none: Write = () => undefined;
    expect(decode({ family: none }).address).toBe('10.244.1.2');
    expect(decode({ family: none }, 'IPv6').address).toBe('af4:102::');
    expect(decode({ family: (writer) => writer.u16(destinationAttribute.addressFamily, 0) }).address).toBe(
      '10.244.1.2',
    );
  });

  it('keeps an IPv4-mapped IPv6 address apart from the IPv4 address', () => {
    const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 96, 0, 1];
    const decoded = decode({
      family: (writer) => writer.u16(destinationAttribute.addressFamily, 10),
      address: (writer) => writer.raw(destinationAttribute.address, mapped),
    });
    expect(decoded.key).toBe('[::ffff:10.96.0.1]:8080');
  });

  it.each(['address', 'port', 'forwarding', 'weight', 'thresholds'])('throws without %s', (name) => {
    expect(() => decode({ [name]: () => undefined })).toThrow(/^IPVS: reply without /);
  });
});

/** Decodes a reply for 10.244.1.2:8080 in which some attributes are written differently. */
function decode(changes: Readonly<Record<string, Write>>, family: IpFamily = 'IPv4') {
  const attributes: Readonly<Record<string, Write>> = {
    address: (writer) => writer.ipv4(destinationAttribute.address, '10.244.1.2', 16),
    port: (writer) => writer.u16Network(destinationAttribute.port, 8080),
    forwarding: (writer) => writer.u32(destinationAttribute.forwarding, 0),
    weight: (writer) => writer.u32(destinationAttribute.weight, 7),
    thresholds: (writer) => {
      writer.u32(destinationAttribute.upperThreshold, 2000);
      writer.u32(destinationAttribute.lowerThreshold, 1000);
    },
    family: (writer) => writer.u16(destinationAttribute.addressFamily, 2),
    ...changes,
  };
  const reader = readerOf(28, (writer) => {
    writer.header4(ipvsCommand.newDestination, 1, 0, 0);
    const nest = writer.openNest(commandAttribute.destination);
    for (const write of Object.values(attributes)) write(writer);
    writer.closeNest(nest);
  });
  return decodeRealServer(reader, family);
}
