import { describe, expect, it } from '@jest/globals';
import type { TrackedFlow } from '../../../../src/kernel/drivers.ts';
import { encodeDeleteFlow, encodeListUdpFlows } from '../../../../src/kernel/conntrack/encode.ts';
import { MessageReader } from '../../../../src/netlink/message-reader.ts';
import { MessageWriter } from '../../../../src/netlink/message-writer.ts';
import { messageFields } from '../../../support/captured/message-fields.ts';
import { readRecording, recordedCommand } from '../../../support/captured/read-recording.ts';
import { ip } from '../../../support/builders.ts';

const recording = readRecording('conntrack-conntrack-1.4.7.hex');
const isNest = (path: string) => ['1', '1.1', '1.2', '2', '2.1', '2.2', '7', '4', '25'].includes(path);

const flow: TrackedFlow = {
  protocol: 'UDP',
  originalSource: ip('10.0.0.5'),
  originalSourcePort: 3333,
  originalDestination: ip('10.96.0.10'),
  originalDestinationPort: 53,
  replySource: ip('10.244.1.3'),
  replySourcePort: 5353,
};
const flow6: TrackedFlow = {
  ...flow,
  originalSource: ip('fd00::5'),
  originalSourcePort: 4444,
  originalDestination: ip('fd00::10'),
  replySource: ip('fd00:10:244::3'),
};

describe('encodeDeleteFlow, against conntrack -D', () => {
  it.each([
    ['IPv4', flow, 'conntrack -D -p udp -s 10.0.0.5 -d 10.96.0.10 --sport 3333 --dport 53'],
    ['IPv6', flow6, 'conntrack -D -f ipv6 -p udp -s fd00::5 -d fd00::10 --sport 4444 --dport 53'],
  ])('%s: the same family and the same original tuple, and nothing else', (_, wanted, command) => {
    const sent = recordedCommand(recording, command).sent[1] ?? new Uint8Array(0);
    const theirs = messageFields(sent, (path) => ['1', '1.1', '1.2'].includes(path));
    const ours = messageFields(
      write((writer) => encodeDeleteFlow(writer, wanted)),
      isNest,
    );
    const tuple = Object.entries(theirs.attributes).filter(([path]) => path.startsWith('1.'));
    expect(tuple).toHaveLength(5);
    expect(ours.header).toBe(theirs.header);
    expect(ours.attributes).toEqual(Object.fromEntries(tuple));
  });

  it('names the flow by its identity too, where that is known', () => {
    const message = write((writer) => encodeDeleteFlow(writer, { ...flow, id: 0x01020304 }));
    expect(messageFields(message, isNest).attributes['12']).toBe('01020304');
  });

  it('is a deletion', () => {
    const reader = new MessageReader(write((writer) => encodeDeleteFlow(writer, flow)));
    reader.next();
    expect([reader.type, reader.flags]).toEqual([0x102, 0x01]);
  });
});

describe('encodeListUdpFlows', () => {
  it('has the kernel filter by protocol', () => {
    const message = write((writer) => encodeListUdpFlows(writer, 'IPv6', {}));
    expect(messageFields(message, isNest)).toEqual({
      header: '0a000000',
      attributes: { '1.2.1': '11', '2.2.1': '11', '25.1': '08000000', '25.2': '08000000' },
    });
  });

  it('has the kernel filter by what the flow is to and who answers it', () => {
    const filter = {
      destination: ip('10.96.0.10'),
      destinationPort: 53,
      replySource: ip('10.244.1.3'),
      replySourcePort: 5353,
    };
    const message = write((writer) => encodeListUdpFlows(writer, 'IPv4', filter));
    expect(messageFields(message, isNest)).toEqual({
      header: '02000000',
      attributes: {
        '1.1.2': '0a60000a',
        '1.2.1': '11',
        '1.2.3': '0035',
        '2.1.1': '0af40103',
        '2.2.1': '11',
        '2.2.2': '14e9',
        '25.1': '2a000000',
        '25.2': '19000000',
      },
    });
  });

  it('asks for all flows without a filter', () => {
    const message = write((writer) => encodeListUdpFlows(writer, 'IPv6', undefined));
    expect(messageFields(message, isNest)).toEqual({ header: '0a000000', attributes: {} });
    const reader = new MessageReader(message);
    reader.next();
    expect([reader.type, reader.flags]).toEqual([0x101, 0x301]);
  });
});

function write(fill: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  writer.reset();
  fill(writer);
  return writer.bytes.slice();
}
