import { describe, expect, it } from '@jest/globals';
import {
  decodeHeaders,
  decodeRefusedLine,
  decodeSets,
  decodeTypeRevision,
} from '../../../../src/kernel/ipset/decode.ts';
import { MalformedMessageError } from '../../../../src/netlink/message-reader.ts';
import { readRecording, recordedCommand } from '../../../support/captured/read-recording.ts';
import { concatenate, splitMessages } from '../../../support/fake-transport.ts';

const recording = readRecording('ipset-ipset-7.17.hex');
const received = (command: string) => concatenate(recordedCommand(recording, command).received);

describe('decodeSets reads what ipset 7.17 was sent, and gives the entries the text it printed', () => {
  it.each<[string, string, string | undefined, number, string[]]>([
    ['KUBE-IPVS-IPS', 'hash:ip', 'IPv4', 65536, ['10.96.0.1', '10.96.0.10']],
    [
      'KUBE-CLUSTER-IP',
      'hash:ip,port',
      'IPv4',
      65536,
      ['10.96.0.1,tcp:443', '10.96.0.10,sctp:9999', '10.96.0.10,udp:53'],
    ],
    [
      'KUBE-LOOP-BACK',
      'hash:ip,port,ip',
      'IPv4',
      65536,
      ['10.244.1.7,tcp:8080,10.244.1.7', '10.244.1.8,udp:53,10.244.1.8'],
    ],
    [
      'KUBE-LOAD-BALANCER-SOURCE-CIDR',
      'hash:ip,port,net',
      'IPv4',
      65536,
      [
        '192.0.2.10,tcp:80,198.51.100.0/24',
        '192.0.2.10,tcp:80,198.51.100.64/26 nomatch',
        '192.0.2.10,tcp:80,203.0.113.5',
      ],
    ],
    ['KUBE-NODE-PORT-TCP', 'bitmap:port', undefined, 65536, ['30080', '31000']],
    ['KUBE-6-IPVS-IPS', 'hash:ip', 'IPv6', 65536, ['::ffff:192.0.2.1', 'fd00:10:96::1', 'fd00:10:96::a']],
    ['KUBE-6-CLUSTER-IP', 'hash:ip,port', 'IPv6', 100000, ['fd00:10:96::1,tcp:443', 'fd00:10:96::a,sctp:9']],
    [
      'KUBE-6-LOOP-BACK',
      'hash:ip,port,ip',
      'IPv6',
      65536,
      ['fd00:10:244::7,tcp:8080,fd00:10:244::7', 'fd00:10:244::8,udp:53,fd00:10:244::8'],
    ],
    [
      'KUBE-6-LOAD-BALANCER-SOURCE-CID',
      'hash:ip,port,net',
      'IPv6',
      65536,
      ['2001:db8::10,tcp:80,2001:db8:5::/48', '2001:db8::10,tcp:80,2001:db8:6::1'],
    ],
  ])('%s', (name, type, family, maxElements, texts) => {
    const [set, ...others] = decodeSets(received(`ipset list ${name}`));
    expect(others).toEqual([]);
    expect(set).toMatchObject({ name, type, maxElements });
    expect(set?.family).toBe(family);
    expect(set?.entries.map((entry) => entry.text).sort()).toEqual(texts);
  });

  it('the parts of an entry are there too', () => {
    const [set] = decodeSets(received('ipset list KUBE-LOAD-BALANCER-SOURCE-CIDR'));
    expect(set?.entries.find((entry) => entry.text.endsWith('203.0.113.5'))).toEqual({
      type: 'hash:ip,port,net',
      text: '192.0.2.10,tcp:80,203.0.113.5',
      address: '192.0.2.10',
      protocol: 'TCP',
      port: 80,
      network: '203.0.113.5/32',
    });
  });

  it('a set of a type that is not used here has no entries', () => {
    const [set] = decodeSets(received('ipset list other'));
    expect(set).toEqual({ name: 'other', type: 'hash:mac', family: undefined, maxElements: 65536, entries: [] });
  });

  it('a bitmap over some of the ports says how many', () => {
    expect(decodeSets(received('ipset list narrow'))[0]?.maxElements).toBe(2768);
  });
});

describe('decodeSets', () => {
  it('goes on with a set that continues in another message', () => {
    const first = received('ipset list KUBE-CLUSTER-IP');
    const again = splitMessages(first).filter((message) => message[4] === 7);
    const [set, ...others] = decodeSets(concatenate([...again, ...again.map(withoutDescription)]));
    expect(others).toEqual([]);
    expect(set?.entries).toHaveLength(6);
  });

  it('refuses entries of a set that was never described', () => {
    const messages = splitMessages(received('ipset list KUBE-CLUSTER-IP')).filter((message) => message[4] === 7);
    expect(() => decodeSets(concatenate(messages.map(withoutDescription)))).toThrow(MalformedMessageError);
  });
});

describe('decodeHeaders', () => {
  it('reads name, type and family', () => {
    const [header] = decodeHeaders(received('ipset restore -exist -file /tmp/entries # inet6 hash:ip,port'));
    expect(header).toMatchObject({ name: 'KUBE-6-CLUSTER-IP', type: 'hash:ip,port', family: 'IPv6' });
  });
});

describe('decodeTypeRevision', () => {
  it('reads the highest revision', () => {
    const { command, received: replies } = recording.find((recorded) => recorded.command.includes('LOOP-BACK')) ?? {};
    expect(command).toContain('hash:ip,port,ip');
    expect(decodeTypeRevision(concatenate(replies ?? []))).toBe(6);
  });

  it('throws when there is none', () => {
    expect(() => decodeTypeRevision(new Uint8Array(0))).toThrow(MalformedMessageError);
  });
});

describe('decodeRefusedLine', () => {
  it('reads which entry did not fit', () => {
    const { received: replies } = recordedCommand(recording, 'ipset restore -exist -file /tmp/entries # full');
    expect(decodeRefusedLine(replies.at(-1) as Uint8Array)).toBe(3);
  });

  it('is 0 when the refusal is about no entry', () => {
    const { received: replies } = recordedCommand(recording, 'ipset destroy nosuch');
    expect(decodeRefusedLine(replies.at(-1) as Uint8Array)).toBe(0);
    expect(decodeRefusedLine(new Uint8Array(0))).toBe(0);
  });
});

/** The message as the kernel continues a set: protocol, name and entries only. */
function withoutDescription(message: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [message.slice(0, 20)];
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  for (let at = 20; at < message.length; at += (view.getUint16(at, true) + 3) & ~3) {
    const type = view.getUint16(at + 2, true) & 0x3fff;
    if (type === 1 || type === 2 || type === 8) kept.push(message.slice(at, at + view.getUint16(at, true)));
  }
  const whole = concatenate(kept);
  new DataView(whole.buffer).setUint32(0, whole.length, true);
  return whole;
}
