import { describe, expect, it } from '@jest/globals';
import {
  encodeFlush,
  encodeGetTimeouts,
  encodeListRealServers,
  encodeListVirtualServers,
  encodeOperation,
  encodeSetTimeouts,
  encodeZero,
} from '../../../../src/kernel/ipvs/encode.ts';
import type { IpvsOperation } from '../../../../src/model/operation.ts';
import { MessageReader } from '../../../../src/netlink/message-reader.ts';
import { MessageWriter } from '../../../../src/netlink/message-writer.ts';
import {
  deleteOperations,
  realServerOperations,
  virtualServerOperations,
} from '../../../support/captured/ipvs-operations.ts';
import { hex, messageFields } from '../../../support/captured/message-fields.ts';
import { readRecording, recordedCommand } from '../../../support/captured/read-recording.ts';
import { markedVirtualServer, realServer, virtualServer } from '../../../support/ipvs-builders.ts';

const family = 0x1c;
const recording = readRecording('ipvs-ipvsadm-1.31.hex');
const isNest = (path: string) => path === '1' || path === '2';

describe('operations on virtual servers, against ipvsadm', () => {
  it.each(virtualServerOperations)('%s: the same bytes', (command, operation) => {
    expect(payloadOf(encode(operation))).toBe(payloadOf(sentBy(command)));
  });
});

describe('operations on real servers, against ipvsadm', () => {
  it.each(realServerOperations)('%s: the same real server, and the key of the virtual server', (command, operation) => {
    const ours = messageFields(encode(operation), isNest);
    const theirs = messageFields(sentBy(command), isNest);
    expect(ours.header).toBe(theirs.header);
    expect(theirs.attributes).toMatchObject(ours.attributes);
    const left = Object.entries(theirs.attributes).filter(([path]) => !(path in ours.attributes));
    // What is left out: settings of the virtual server, and a tunnel of type IPIP without port or flags.
    expect(left.filter(([path]) => !['1.6', '1.7', '1.8', '1.9'].includes(path) && !isPlainTunnel(path, left))).toEqual(
      [],
    );
  });

  it('writes a tunnelled real server byte for byte as ipvsadm does', () => {
    const [command, operation] = realServerOperations[4] ?? fail();
    expect(hex(encode(operation)).slice(-0x60 * 2)).toBe(hex(sentBy(command)).slice(-0x60 * 2));
  });

  it('sends no tunnel with another forwarding method', () => {
    const masquerading = realServer('10.244.1.2:80', { tunnel: { type: 'gue', port: 6080, flags: 0 } });
    const operation = {
      kind: 'addRealServer',
      virtualServer: virtualServer('TCP', '10.96.0.1:80'),
      realServer: masquerading,
    } as const;
    expect(Object.keys(messageFields(encode(operation), isNest).attributes)).not.toContain('2.13');
  });
});

describe('deletions, against ipvsadm', () => {
  it.each(deleteOperations)('%s: the keys, and nothing else', (command, operation) => {
    const ours = messageFields(encode(operation), isNest);
    const theirs = messageFields(sentBy(command), isNest);
    expect(ours.header).toBe(theirs.header);
    expect(theirs.attributes).toMatchObject(ours.attributes);
    const keys = ['1.1', '1.2', '1.3', '1.4', '1.5', '2.1', '2.2', '2.11'];
    expect(Object.keys(ours.attributes).sort()).toEqual(
      Object.keys(theirs.attributes)
        .filter((path) => keys.includes(path))
        .sort(),
    );
  });
});

describe('requests, against ipvsadm', () => {
  const list = recordedCommand(recording, 'ipvsadm -Ln');

  it('lists virtual servers with the same bytes', () => {
    expect(payloadOf(write((writer) => encodeListVirtualServers(writer, family)))).toBe(
      payloadOf(list.sent[0] ?? fail()),
    );
  });

  it.each([
    ['an IPv4 virtual server', virtualServer('TCP', '10.96.0.1:80')],
    ['an IPv6 virtual server', virtualServer('TCP', '[fd00::1]:443')],
    ['an SCTP virtual server', virtualServer('SCTP', '10.96.0.1:3868')],
    ['a firewall mark', markedVirtualServer(7, 'IPv4')],
    ['an IPv6 firewall mark', markedVirtualServer(8, 'IPv6')],
  ])('lists real servers of %s with the same bytes', (_, { identity }) => {
    const ours = payloadOf(write((writer) => encodeListRealServers(writer, family, identity)));
    expect(list.sent.slice(1).map(payloadOf)).toContain(ours);
  });

  it('asks for dumps, and for no acknowledgement', () => {
    const reader = new MessageReader(write((writer) => encodeListVirtualServers(writer, family)));
    reader.next();
    expect(reader.flags).toBe(0x301);
    expect(reader.type).toBe(family);
  });

  it.each([
    ['ipvsadm -Ln --timeout', (writer: MessageWriter) => encodeGetTimeouts(writer, family)],
    [
      'ipvsadm --set 100 20 30',
      (writer: MessageWriter) =>
        encodeSetTimeouts(writer, family, { tcpSeconds: 100, tcpFinSeconds: 20, udpSeconds: 30 }),
    ],
    ['ipvsadm -Z', (writer: MessageWriter) => encodeZero(writer, family)],
    ['ipvsadm -C', (writer: MessageWriter) => encodeFlush(writer, family)],
  ])('%s: the same bytes', (command, fill) => {
    expect(payloadOf(write(fill))).toBe(payloadOf(sentBy(command)));
  });

  it('resets one virtual server by its key', () => {
    const ours = write((writer) => encodeZero(writer, family, virtualServer('TCP', '10.96.0.1:80').identity));
    const theirs = messageFields(sentBy('ipvsadm -Z -t 10.96.0.1:80'), isNest);
    expect(theirs).toMatchObject({ ...messageFields(ours, isNest) });
  });
});

describe('the persistence netmask', () => {
  it.each([
    ['IPv4 /32', virtualServer('TCP', '10.96.0.1:80'), 'ffffffff'],
    ['IPv4 /1', virtualServer('TCP', '10.96.0.1:80', { persistencePrefixLength: 1 }), '80000000'],
    ['IPv4 /0', virtualServer('TCP', '10.96.0.1:80', { persistencePrefixLength: 0 }), '00000000'],
    ['IPv6 /128', virtualServer('TCP', '[fd00::1]:80'), '80000000'],
    ['IPv6 /1', virtualServer('TCP', '[fd00::1]:80', { persistencePrefixLength: 1 }), '01000000'],
  ])('%s', (_, server, expected) => {
    const message = encode({ kind: 'addVirtualServer', virtualServer: server });
    expect(messageFields(message, isNest).attributes['1.9']).toBe(expected);
  });
});

it('writes the operations of a batch one after the other, with consecutive sequence numbers', () => {
  const writer = new MessageWriter(16);
  writer.reset();
  const operations = [...virtualServerOperations, ...realServerOperations].map(([, operation]) => operation);
  for (const operation of operations) encodeOperation(writer, family, operation);
  const reader = new MessageReader(writer.bytes);
  const sequences: number[] = [];
  while (reader.next()) sequences.push(reader.sequence - writer.firstSequence);
  expect(sequences).toEqual(operations.map((_, index) => index));
});

function encode(operation: IpvsOperation): Uint8Array {
  return write((writer) => encodeOperation(writer, family, operation));
}

function write(fill: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  writer.reset();
  fill(writer);
  return writer.bytes.slice();
}

function sentBy(command: string): Uint8Array {
  return recordedCommand(recording, command).sent[0] ?? fail();
}

/** All after the netlink header: flags, sequence and port are the sender's own business. */
function payloadOf(message: Uint8Array): string {
  return hex(message.subarray(16));
}

function isPlainTunnel(path: string, left: readonly (readonly [string, string])[]): boolean {
  const values = left.filter(([other]) => ['2.13', '2.14', '2.15'].includes(other)).map(([, value]) => value);
  return ['2.13', '2.14', '2.15'].includes(path) && values.every((value) => /^0*$/.test(value));
}

function fail(): never {
  throw new Error('not recorded');
}
