import { describe, expect, it } from '@jest/globals';
import {
  conntrackMessage,
  flowAttribute,
  ipAttribute,
  protocolAttribute,
  tupleAttribute,
} from '../../../../src/kernel/conntrack/attributes.ts';
import { decodeUdpFlow } from '../../../../src/kernel/conntrack/decode.ts';
import type { MessageWriter } from '../../../../src/netlink/message-writer.ts';
import { readerOf } from '../../../support/written-message.ts';

interface Parts {
  readonly type?: number;
  readonly zone?: number;
  readonly id?: number;
  readonly protocol?: number;
  readonly withoutReply?: boolean;
  readonly withoutPorts?: boolean;
  readonly withoutAddresses?: boolean;
}

describe('decodeUdpFlow', () => {
  it('reads a flow, in zone 0 too', () => {
    expect(decode({ zone: 0 })).toMatchObject({ originalDestination: '10.96.0.10', replySourcePort: 53 });
  });

  it.each([
    ['another protocol', { protocol: 6 }, 'otherProtocol'],
    ['a protocol without ports', { protocol: 1, withoutPorts: true }, 'otherProtocol'],
    ['another zone', { zone: 7 }, 'otherZone'],
  ])('leaves out a flow of %s', (_, parts, reason) => {
    expect(decode(parts)).toBe(reason);
  });

  it('reads what the kernel calls the flow', () => {
    expect(decode({ id: 4_000_000_000 })).toMatchObject({ id: 4_000_000_000 });
    expect(decode({})).not.toHaveProperty('id');
  });

  it.each([
    ['without a reply tuple', { withoutReply: true }],
    ['without ports', { withoutPorts: true }],
    ['without addresses', { withoutAddresses: true }],
    ['of another type', { type: conntrackMessage.delete }],
  ])('throws for a message %s', (_, parts) => {
    expect(() => decode(parts)).toThrow(expect.objectContaining({ code: 'NETLINK_MALFORMED' }));
  });
});

function decode(parts: Parts) {
  const reader = readerOf(parts.type ?? conntrackMessage.new, (writer) => {
    writer.header4(2, 0, 0, 0);
    writeTuple(writer, flowAttribute.originalTuple, parts, ['10.0.0.5', '10.96.0.10']);
    if (!parts.withoutReply) writeTuple(writer, flowAttribute.replyTuple, parts, ['10.244.1.3', '10.0.0.5']);
    if (parts.id !== undefined) writer.u32Network(flowAttribute.id, parts.id);
    if (parts.zone !== undefined) writer.u16Network(flowAttribute.zone, parts.zone);
  });
  return decodeUdpFlow(reader);
}

function writeTuple(
  writer: MessageWriter,
  attribute: number,
  parts: Parts,
  [source, destination]: readonly [string, string],
): void {
  const tuple = writer.openNest(attribute);
  const ip = writer.openNest(tupleAttribute.ip);
  if (!parts.withoutAddresses) {
    writer.ipv4(ipAttribute.source.IPv4, source, 4);
    writer.ipv4(ipAttribute.destination.IPv4, destination, 4);
  }
  writer.closeNest(ip);
  const protocol = writer.openNest(tupleAttribute.protocol);
  writer.u8(protocolAttribute.number, parts.protocol ?? 17);
  if (!parts.withoutPorts) {
    writer.u16Network(protocolAttribute.sourcePort, 53);
    writer.u16Network(protocolAttribute.destinationPort, 53);
  }
  writer.closeNest(protocol);
  writer.closeNest(tuple);
}
