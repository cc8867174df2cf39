import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeUdpFlow } from '../../../../src/kernel/conntrack/decode.ts';
import { MalformedMessageError, MessageReader } from '../../../../src/netlink/message-reader.ts';
import { decodesOrRefuses } from '../../../support/captured/damage.ts';
import { readRecording, recordedCommand } from '../../../support/captured/read-recording.ts';
import { splitMessages } from '../../../support/fake-transport.ts';

const recording = readRecording('conntrack-conntrack-1.4.7.hex');
const flows = ['conntrack -L', 'conntrack -L -f ipv6']
  .flatMap((command) => recordedCommand(recording, command).received)
  .flatMap(splitMessages)
  .filter((message) => message.length > 20);
const udpFlows = flows.filter((message) => typeof decodeUdpFlow(readerAt(message)) === 'object');

describe('damaged flows', () => {
  it('are decoded or throw, whatever bytes are changed', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(...flows), changes, (flow, changed) => {
        const damaged = flow.slice();
        for (const [at, value] of changed) damaged[16 + (at % (flow.length - 16))] = value;
        return decodesOrRefuses(() => decodeUdpFlow(readerAt(damaged)));
      }),
      { numRuns: 1000 },
    );
  });

  it('throw when cut off within the tuples, with the length put right', () => {
    const tuples = fc.integer({ min: 0, max: 20 + 2 * 52 - 1 });
    fc.assert(
      fc.property(fc.constantFrom(...udpFlows), tuples, (flow, at) => {
        const cut = flow.slice(0, Math.max(16, at));
        new DataView(cut.buffer).setUint32(0, cut.length, true);
        expect(() => decodeUdpFlow(readerAt(cut))).toThrow(MalformedMessageError);
      }),
    );
  });
});

function readerAt(message: Uint8Array): MessageReader {
  const reader = new MessageReader(message);
  reader.next();
  return reader;
}
