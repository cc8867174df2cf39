import { describe, expect, it } from '@jest/globals';
import {
  encodeCreate,
  encodeDestroy,
  encodeEntries,
  encodeHeaderQuery,
  encodeList,
  encodeRename,
  encodeSwap,
  encodeTypeQuery,
  entryBytes,
} from '../../../../src/kernel/ipset/encode.ts';
import type { Cidr, IpAddress, IpFamily } from '../../../../src/model/ip.ts';
import type { IpSet, IpSetEntry, IpSetName, IpSetType } from '../../../../src/model/ip-set.ts';
import {
  addressEntry,
  addressPortAddressEntry,
  addressPortEntry,
  addressPortNetworkEntry,
  portEntry,
} from '../../../../src/model/ip-set.ts';
import { messageFlags } from '../../../../src/netlink/constants.ts';
import { MessageWriter } from '../../../../src/netlink/message-writer.ts';
import { readRecording, recordedCommand } from '../../../support/captured/read-recording.ts';

const recording = readRecording('ipset-ipset-7.17.hex');
const ip = (text: string) => text as IpAddress;
const net = (text: string) => text as Cidr;

describe('messages are those of ipset 7.17, byte for byte', () => {
  it.each<[string, IpSetType, IpFamily | undefined, number, number, number]>([
    ['KUBE-IPVS-IPS', 'hash:ip', 'IPv4', 5, 1024, 65536],
    ['KUBE-CLUSTER-IP', 'hash:ip,port', 'IPv4', 6, 1024, 65536],
    ['KUBE-LOOP-BACK', 'hash:ip,port,ip', 'IPv4', 6, 1024, 65536],
    ['KUBE-LOAD-BALANCER-SOURCE-CIDR', 'hash:ip,port,net', 'IPv4', 8, 1024, 65536],
    ['KUBE-NODE-PORT-TCP', 'bitmap:port', undefined, 3, 0, 65536],
    ['KUBE-6-IPVS-IPS', 'hash:ip', 'IPv6', 5, 1024, 65536],
    ['KUBE-6-CLUSTER-IP', 'hash:ip,port', 'IPv6', 6, 2048, 100000],
    ['KUBE-6-LOOP-BACK', 'hash:ip,port,ip', 'IPv6', 6, 1024, 65536],
    ['KUBE-6-LOAD-BALANCER-SOURCE-CID', 'hash:ip,port,net', 'IPv6', 8, 1024, 65536],
  ])('create %s', (name, type, family, revision, hashSize, maxElements) => {
    const set: IpSet = { name: name as IpSetName, type, maxElements, ...(family && { family }) };
    const recorded = recording.find(({ command }) => command.startsWith(`ipset create ${name} `))?.sent.at(-1);
    expect(message((writer) => encodeCreate(writer, set, { revision, hashSize }))).toBe(comparable(recorded));
  });

  it('create is exclusive only on request', () => {
    const set: IpSet = { name: 'KUBE-NODE-PORT-TCP' as IpSetName, type: 'bitmap:port', maxElements: 65536 };
    const create = (exclusive: boolean) =>
      flagsOf((writer) => encodeCreate(writer, set, { revision: 3, hashSize: 0, exclusive }));
    expect(create(false)).toBe(0x401);
    expect(create(true)).toBe(0x601);
  });

  it.each<[string, string, IpSetEntry[]]>([
    ['hash:ip', 'KUBE-IPVS-IPS', [addressEntry(ip('10.96.0.1')), addressEntry(ip('10.96.0.10'))]],
    [
      'hash:ip,port',
      'KUBE-CLUSTER-IP',
      [
        addressPortEntry(ip('10.96.0.1'), 'TCP', 443),
        addressPortEntry(ip('10.96.0.10'), 'UDP', 53),
        addressPortEntry(ip('10.96.0.10'), 'SCTP', 9999),
      ],
    ],
    [
      'hash:ip,port,ip',
      'KUBE-LOOP-BACK',
      [
        addressPortAddressEntry(ip('10.244.1.7'), 'TCP', 8080, ip('10.244.1.7')),
        addressPortAddressEntry(ip('10.244.1.8'), 'UDP', 53, ip('10.244.1.8')),
      ],
    ],
    ['bitmap:port', 'KUBE-NODE-PORT-TCP', [portEntry(30080), portEntry(31000)]],
    ['inet6 hash:ip', 'KUBE-6-IPVS-IPS', [addressEntry(ip('fd00:10:96::1')), addressEntry(ip('fd00:10:96::a'))]],
    [
      'inet6 hash:ip,port',
      'KUBE-6-CLUSTER-IP',
      [addressPortEntry(ip('fd00:10:96::1'), 'TCP', 443), addressPortEntry(ip('fd00:10:96::a'), 'SCTP', 9)],
    ],
    [
      'inet6 hash:ip,port,ip',
      'KUBE-6-LOOP-BACK',
      [
        addressPortAddressEntry(ip('fd00:10:244::7'), 'TCP', 8080, ip('fd00:10:244::7')),
        addressPortAddressEntry(ip('fd00:10:244::8'), 'UDP', 53, ip('fd00:10:244::8')),
      ],
    ],
  ])('add several to %s', (comment, name, entries) => {
    expect(message((writer) => encodeEntries(writer, 'add', name, entries))).toBe(comparable(recordedRestore(comment)));
  });

  it('delete several', () => {
    const entries = [addressPortEntry(ip('10.96.0.9'), 'UDP', 53), addressPortEntry(ip('10.96.0.8'), 'TCP', 80)];
    const encoded = message((writer) => encodeEntries(writer, 'delete', 'KUBE-CLUSTER-IP', entries));
    expect(encoded).toBe(comparable(recordedRestore('delete')));
  });

  it.each<[string, string, IpSetEntry[]]>([
    [
      'hash:ip,port,net',
      'KUBE-LOAD-BALANCER-SOURCE-CIDR',
      [
        addressPortNetworkEntry(ip('192.0.2.10'), 'TCP', 80, net('198.51.100.0/24')),
        addressPortNetworkEntry(ip('192.0.2.10'), 'TCP', 80, net('203.0.113.5/32')),
      ],
    ],
    [
      'inet6 hash:ip,port,net',
      'KUBE-6-LOAD-BALANCER-SOURCE-CID',
      [
        addressPortNetworkEntry(ip('2001:db8::10'), 'TCP', 80, net('2001:db8:5::/48')),
        addressPortNetworkEntry(ip('2001:db8::10'), 'TCP', 80, net('2001:db8:6::1/128')),
      ],
    ],
  ])('add several to %s: only the prefix length of a host-sized network is not in the tool’s message', (...row) => {
    const [comment, name, entries] = row;
    const cidr2 = '05001500';
    const ours = message((writer) => encodeEntries(writer, 'add', name, entries));
    const recorded = comparable(recordedRestore(comment));
    const [prefix, host] = name.includes('-6-') ? ['30', '80'] : ['18', '20'];
    expect(recorded).toContain(`${cidr2}${prefix}000000`);
    expect(withoutLengths(ours)).toBe(withoutLengths(insertBeforeLastLine(recorded, `${cidr2}${host}000000`)));
  });

  it.each<[string, (writer: MessageWriter) => void]>([
    ['ipset list KUBE-CLUSTER-IP', (writer) => encodeList(writer, 'KUBE-CLUSTER-IP')],
    ['ipset swap first second', (writer) => encodeSwap(writer, 'first', 'second')],
    ['ipset rename first third', (writer) => encodeRename(writer, 'first', 'third')],
  ])('%s', (command, encode) => {
    expect(message(encode)).toBe(comparable(recordedCommand(recording, command).sent.at(-1)));
  });

  it('ipset destroy second, but a set that is not there is no error', () => {
    const recorded = Buffer.from(recordedCommand(recording, 'ipset destroy second').sent.at(-1) as Uint8Array);
    expect(recorded.readUInt16LE(6) & messageFlags.exclusive).not.toBe(0);
    recorded.writeUInt16LE(recorded.readUInt16LE(6) & ~messageFlags.exclusive, 6);
    expect(message((writer) => encodeDestroy(writer, 'second'))).toBe(comparable(recorded));
  });

  it('the question for a type, which the tool asks before it creates', () => {
    const recorded = recording.find(({ command }) => command.startsWith('ipset create KUBE-LOOP-BACK '))?.sent[1];
    const ours = message((writer) => encodeTypeQuery(writer, { type: 'hash:ip,port,ip', family: 'IPv4' }));
    expect(ours).toBe(comparable(recorded));
  });

  it('the question for a header, which the tool asks before it adds', () => {
    const { sent } = recordedCommand(recording, 'ipset restore -exist -file /tmp/entries # hash:ip,port');
    const recorded = sent.map(comparable).find((bytes) => typeOf(bytes) === '0c06');
    expect(message((writer) => encodeHeaderQuery(writer, 'KUBE-CLUSTER-IP'))).toBe(recorded);
  });
});

describe('entryBytes', () => {
  it.each<[string, IpSetEntry]>([
    ['hash:ip', addressEntry(ip('10.96.0.1'))],
    ['hash:ip, IPv6', addressEntry(ip('fd00::1'))],
    ['hash:ip,port', addressPortEntry(ip('10.96.0.1'), 'TCP', 443)],
    ['hash:ip,port, IPv6', addressPortEntry(ip('fd00::1'), 'TCP', 443)],
    ['hash:ip,port,ip', addressPortAddressEntry(ip('10.244.1.7'), 'TCP', 8080, ip('10.244.1.7'))],
    ['hash:ip,port,ip, IPv6', addressPortAddressEntry(ip('fd00::7'), 'TCP', 8080, ip('fd00::7'))],
    ['hash:ip,port,net', addressPortNetworkEntry(ip('192.0.2.1'), 'TCP', 80, net('10.0.0.0/8'))],
    ['hash:ip,port,net, IPv6', addressPortNetworkEntry(ip('fd00::1'), 'TCP', 80, net('fd01::/16'))],
    ['bitmap:port', portEntry(30080)],
  ])('%s takes what it says', (_, entry) => {
    const bytesWith = (count: number) => {
      const writer = new MessageWriter();
      writer.reset();
      encodeEntries(writer, 'add', 'set', Array<IpSetEntry>(count).fill(entry));
      return writer.bytes.length;
    };
    expect(bytesWith(3) - bytesWith(2)).toBe(entryBytes(entry));
  });
});

/** One message as hex, without sequence number and port, and without the ACK flag, which the transport decides on. */
function message(encode: (writer: MessageWriter) => void): string {
  const writer = new MessageWriter();
  writer.reset();
  encode(writer);
  return comparable(writer.bytes);
}

function comparable(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) throw new Error('not recorded');
  const copy = Buffer.from(bytes);
  copy.fill(0, 8, 16);
  copy[6] = (copy[6] as number) & ~0x04;
  return sequentialLines(copy).toString('hex');
}

/**
 * The tool numbers the lines of its input file, from wherever the message begins; we number the entries of the
 * message. Its top-level line number is that of the first entry, ours is 0; the kernel overwrites it.
 */
function sequentialLines(bytes: Buffer): Buffer {
  const header = Buffer.from('08000940', 'hex');
  let line = 0;
  for (let at = bytes.indexOf(header); at >= 0; at = bytes.indexOf(header, at + 8)) {
    bytes.writeUInt32BE(line++, at + 4);
  }
  return bytes;
}

function flagsOf(encode: (writer: MessageWriter) => void): number {
  return Buffer.from(message(encode), 'hex').readUInt16LE(6);
}

function typeOf(hex: string): string {
  return hex.slice(8, 12);
}

function recordedRestore(comment: string): Uint8Array | undefined {
  const { sent } = recordedCommand(recording, `ipset restore -exist -file /tmp/entries # ${comment}`);
  return sent.find((bytes) => bytes[5] === 6 && (bytes[4] === 9 || bytes[4] === 10));
}

/** The hex with the attribute put in front of the last line number. */
function insertBeforeLastLine(hex: string, attribute: string): string {
  const at = hex.lastIndexOf('08000940');
  return hex.slice(0, at) + attribute + hex.slice(at);
}

/** Lengths of message, list and entries blanked. */
function withoutLengths(hex: string): string {
  return hex.slice(8).replace(/[0-9a-f]{4}(?=0[78]80)/g, '....');
}
