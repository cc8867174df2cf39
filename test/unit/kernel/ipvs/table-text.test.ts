import { describe, expect, it } from '@jest/globals';
import { TableText } from '../../../../src/kernel/ipvs/table-text.ts';

const text = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A600001:0050 rr  persistent 1080000 FFFFFFFF
  -> 0AF4010A:1F90      Masq    1      12         3         
  -> C0A80A0B:FFFF      Route   0      0          0         
UDP  0A60000A:0035 wlc ops 
FWM  00000007 rr 
  -> 0AF4010B:1F90      Tunnel  100    0          0         
SCTP [fd00:0000:0000:0000:0000:0000:0000:0001]:0E88 sh 
  -> [fd00:0244:0000:0000:0000:0000:0000:0009]:0E88      Local   7      0          0         
`;

function read(pieces: readonly string[]) {
  const found: unknown[] = [];
  const reader = new TableText((key, realServers) => found.push([key, realServers.read()]));
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return found;
}

/** Digests of the virtual servers of the text. */
function digests(...pieces: readonly string[]): number[] {
  const found: number[] = [];
  const reader = new TableText((_, { digest }) => found.push(digest));
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return found;
}

const none = { activeConnections: 0, inactiveConnections: 0 };
const expected = [
  [
    'TCP/10.96.0.1:80',
    [
      { key: '10.244.1.10:8080', forwarding: 'masquerade', weight: 1, activeConnections: 12, inactiveConnections: 3 },
      { key: '192.168.10.11:65535', forwarding: 'directRouting', weight: 0, ...none },
    ],
  ],
  ['UDP/10.96.0.10:53', []],
  ['SCTP/[fd00::1]:3720', [{ key: '[fd00:244::9]:3720', forwarding: 'local', weight: 7, ...none }]],
];

describe('TableText', () => {
  it('reads virtual servers with their real servers and leaves out firewall marks', () => {
    expect(read([text])).toEqual(expected);
  });

  it('reads the same however the text is cut', () => {
    for (const size of [1, 7, 64]) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
        text.slice(index * size, (index + 1) * size),
      );
      expect(read(pieces)).toEqual(expected);
    }
  });

  it.each<[string, string, string, boolean]>([
    ['a number of connections', '12         3  ', '4294967295 123', true],
    ['the weight', 'Masq    1     ', 'Masq    2     ', false],
    ['the weight, to none', 'Masq    1     ', 'Masq    0     ', false],
    ['the forwarding method', 'Masq   ', 'Tunnel ', false],
    ['an address', '0AF4010A', '0AF4010C', false],
    ['a port', '1F90      Masq', '1F91      Masq', false],
    ['a real server less', '  -> C0A80A0B:FFFF      Route   0      0          0         \n', '', false],
    ['columns of another width', '12         3         ', '12 3', false],
    ['more columns', '12         3         ', '12         3          0', false],
  ])('has another digest when anything but the connections changes: %s', (_, before, after, isSame) => {
    expect(text).toContain(before);
    const changed = digests(text.replace(before, after));
    expect(changed[0] === digests(text)[0]).toBe(isSame);
    expect(changed.slice(1)).toEqual(digests(text).slice(1));
  });

  it('has the digest that it had, however the text is cut', () => {
    const wanted = digests(text);
    expect(new Set(wanted).size).toBe(3);
    expect(digests(...(text.match(/[^]{1,7}/g) ?? []))).toEqual(wanted);
  });

  it('has no two digests alike among many tables', () => {
    const seen = new Set<number>();
    for (let address = 0; address < 5_000; address++) {
      const hexadecimal = address.toString(16).padStart(4, '0').toUpperCase();
      for (const digest of digests(text.replace('0AF4010A', `0AF4${hexadecimal}`)).slice(0, 1)) seen.add(digest);
    }
    expect(seen.size).toBe(5_000);
  });

  it('finds nothing in an empty table', () => {
    expect(read([text.split('\n').slice(0, 3).join('\n'), '\n'])).toEqual([]);
  });
});
