import { describe, expect, it } from '@jest/globals';
import {
  encodeAddress,
  encodeCreateDummy,
  encodeGetLink,
  encodeListAddresses,
} from '../../../../src/kernel/address/encode.ts';
import type { IpAddress } from '../../../../src/model/ip.ts';
import { messageHeaderBytes } from '../../../../src/netlink/constants.ts';
import { MessageReader } from '../../../../src/netlink/message-reader.ts';
import { MessageWriter } from '../../../../src/netlink/message-writer.ts';
import { readRecording, recordedCommand } from '../../../support/captured/read-recording.ts';

const recording = readRecording('address-iproute2-6.1.0.hex');
const ip = (text: string) => text as IpAddress;
const dummyIndex = 2;

describe('messages are those of iproute2 6.1, byte for byte', () => {
  it('create the dummy interface, with a flagged nest and a kind that ends with NUL', () => {
    const recorded = comparable(recordedCommand(recording, 'ip link add kube-ipvs0 txqlen 0 type dummy').sent.at(-1));
    expect(recorded).toContain('1000120009000100');
    const ours = message((writer) => encodeCreateDummy(writer, 'kube-ipvs0'));
    expect(ours).toBe(recorded.replace('1000120009000100', '100012800a000100'));
  });

  it.each<[string, 'bindAddress' | 'unbindAddress', string]>([
    ['ip addr add 10.96.0.1/32 dev kube-ipvs0', 'bindAddress', '10.96.0.1'],
    ['ip -6 addr add fd00:10:96::1/128 dev kube-ipvs0 nodad', 'bindAddress', 'fd00:10:96::1'],
  ])('%s', (command, kind, address) => {
    const encoded = message((writer) => encodeAddress(writer, { kind, address: ip(address) }, dummyIndex));
    expect(encoded).toBe(comparable(recordedCommand(recording, command).sent.at(-1)));
  });

  it.each<[string, string, number]>([
    ['ip addr del 10.96.0.1/32 dev kube-ipvs0', '10.96.0.1', 8],
    ['ip -6 addr del fd00:10:96::1/128 dev kube-ipvs0', 'fd00:10:96::1', 20],
  ])('%s, but without the last attribute: the prefix length is not to be compared', (command, address, cut) => {
    const recorded = Buffer.from(recordedCommand(recording, command).sent.at(-1) as Uint8Array);
    const shorter = recorded.subarray(0, recorded.length - cut);
    shorter.writeUInt32LE(shorter.length, 0);
    const operation = { kind: 'unbindAddress', address: ip(address) } as const;
    expect(message((writer) => encodeAddress(writer, operation, dummyIndex))).toBe(comparable(shorter));
  });
});

describe('questions', () => {
  it('asks for an interface by name', () => {
    const writer = written((to) => encodeGetLink(to, 'kube-ipvs0'));
    const reader = new MessageReader(writer.bytes);
    expect(reader.next()).toBe(true);
    expect([reader.type, reader.flags]).toEqual([18, 0x001]);
    const attributes = reader.attributes(16);
    expect([attributes.next(), attributes.type, attributes.u32()]).toEqual([true, 29, 8]);
    expect([attributes.next(), attributes.type, attributes.string()]).toEqual([true, 3, 'kube-ipvs0']);
    expect(attributes.next()).toBe(false);
  });

  it('asks for all addresses, with a header that filters nothing', () => {
    const bytes = Buffer.from(written(encodeListAddresses).bytes);
    expect([bytes.readUInt16LE(4), bytes.readUInt16LE(6)]).toEqual([22, 0x301]);
    expect(bytes.subarray(messageHeaderBytes).toString('hex')).toBe('0000000000000000');
  });
});

/** One message as hex, without sequence number and port, and without the ACK flag, which the transport decides on. */
function message(encode: (writer: MessageWriter) => void): string {
  return comparable(written(encode).bytes);
}

function written(encode: (writer: MessageWriter) => void): MessageWriter {
  const writer = new MessageWriter();
  writer.reset();
  encode(writer);
  return writer;
}

function comparable(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) throw new Error('not recorded');
  const copy = Buffer.from(bytes);
  copy.fill(0, 8, 16);
  copy[6] = (copy[6] as number) & ~0x04;
  return copy.toString('hex');
}
