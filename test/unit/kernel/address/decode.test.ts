import { describe, expect, it } from '@jest/globals';
import { decodeAddresses, decodeAddressEvents, decodeLinks } from '../../../../src/kernel/address/decode.ts';
import { MalformedMessageError } from '../../../../src/netlink/message-reader.ts';
import { readRecording, recordedCommand } from '../../../support/captured/read-recording.ts';
import { concatenate, splitMessages } from '../../../support/fake-transport.ts';

const recording = readRecording('address-iproute2-6.1.0.hex');
const received = (command: string) => concatenate(recordedCommand(recording, command).received);

describe('decodeLinks', () => {
  it('reads a dummy interface', () => {
    const links = decodeLinks(received('ip -d link show kube-ipvs0'));
    expect(links[0]).toEqual({ index: 2, name: 'kube-ipvs0', kind: 'dummy', isUp: false });
  });

  it('reads an interface of another kind, and a physical one', () => {
    expect(decodeLinks(received('ip -d link show veth0'))[0]).toEqual({
      index: 4,
      name: 'veth0',
      kind: 'veth',
      isUp: true,
    });
    expect(decodeLinks(received('ip addr show'))[0]).toEqual({ index: 1, name: 'lo', kind: '', isUp: true });
  });

  it('throws for a header that is cut off', () => {
    const message = splitMessages(received('ip -d link show kube-ipvs0')).find((one) => one[4] === 16);
    expect(() => decodeLinks(cutTo(message, 28))).toThrow(MalformedMessageError);
  });
});

describe('decodeAddresses', () => {
  it('reads what ip addr show was sent: its own end of a point-to-point interface', () => {
    const found = decodeAddresses(received('ip addr show'));
    const withoutRandomOnes = found.filter(({ address }) => !address.startsWith('fe80:'));
    expect(withoutRandomOnes).toEqual([
      { interfaceIndex: 1, address: '127.0.0.1' },
      { interfaceIndex: 2, address: '10.96.0.1' },
      { interfaceIndex: 3, address: '10.9.9.1' },
      { interfaceIndex: 4, address: '192.0.2.1' },
      { interfaceIndex: 1, address: '::1' },
      { interfaceIndex: 2, address: 'fd00:10:96::1' },
      { interfaceIndex: 4, address: '2001:db8::1' },
    ]);
    expect(found.filter(({ address }) => address.startsWith('fe80:')).map((one) => one.interfaceIndex)).toEqual([3, 4]);
  });

  it('throws for a header that is cut off', () => {
    const message = splitMessages(received('ip addr show')).find((one) => one[4] === 20);
    expect(() => decodeAddresses(cutTo(message, 20))).toThrow(MalformedMessageError);
  });
});

describe('decodeAddressEvents', () => {
  it('reads what ip monitor was sent', () => {
    const afterFirstListing = recordedCommand(recording, 'timeout 3 ip monitor address link').received.slice(3);
    const events = decodeAddressEvents(concatenate(afterFirstListing));
    const own = events.filter(({ interfaceIndex }) => interfaceIndex === 2);
    expect(own.map(({ kind, family }) => [kind, family])).toEqual([
      ['addressAdded', 'IPv4'],
      ['addressAdded', 'IPv6'],
      ['addressRemoved', 'IPv4'],
      ['addressRemoved', 'IPv6'],
      ['linkRemoved', undefined],
    ]);
  });

  it('reads a changed interface, and skips what is neither address nor interface', () => {
    const events = decodeAddressEvents(received('ip -d link show veth0'));
    expect(events[0]).toEqual({ kind: 'linkChanged', interfaceIndex: 4 });
    const acknowledgement = recordedCommand(recording, 'ip addr del 10.96.0.1/32 dev kube-ipvs0').received.at(-1);
    expect(decodeAddressEvents(acknowledgement as Uint8Array)).toEqual([]);
  });
});

/** The message with its length corrected, ending after so many bytes. */
function cutTo(message: Uint8Array | undefined, length: number): Uint8Array {
  if (message === undefined) throw new Error('not recorded');
  const cut = message.slice(0, length);
  new DataView(cut.buffer).setUint32(0, length, true);
  return cut;
}
