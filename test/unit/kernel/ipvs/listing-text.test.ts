import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readListedConnections } from '../../../../src/kernel/ipvs/connection-text.ts';
import { readListingText } from '../../../../src/kernel/ipvs/listing-text.ts';
import type { VirtualServerIdentity } from '../../../../src/model/virtual-server.ts';
import { markedVirtualServer, virtualServer } from '../../../support/ipvs-builders.ts';

const directory = mkdtempSync(join(tmpdir(), 'listing-text-'));
const path = join(directory, 'text');
afterAll(() => rmSync(directory, { recursive: true }));

describe('real servers of the table', () => {
  const heading = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
`;
  const text = `${heading}TCP  0A600001:0050 rr  persistent 1080000 FFFFFFFF
  -> 0AF4010A:1F90      Masq    1      12         3         
  -> C0A80A0B:FFFF      Route   2147483647 1234567890 0         
UDP  0A60000A:0035 wlc ops 
FWM  00000007 rr 
  -> 0AF4010B:1F90      Tunnel  100    0          0         
SCTP [fd00:0000:0000:0000:0000:0000:0000:0001]:0E88 sh 
  -> [fd00:0244:0000:0000:0000:0000:0000:0009]:0E88      Local   7      0          0         
  -> [0000:0000:0000:0000:0000:ffff:0A00:0001]:0E88      Tunnel  0      0          0         
`;
  const none = { activeConnections: 0, inactiveConnections: 0 };

  it('are all there, or some virtual server is not', () => {
    writeFileSync(path, text);
    const table = readListingText(path);
    const present = [virtualServer('TCP', '10.96.0.1:80'), virtualServer('SCTP', '[fd00::1]:3720')];
    expect(table.hasAll([...present, markedVirtualServer(8, 'IPv4')])).toBe(true);
    expect(table.hasAll([...present, virtualServer('TCP', '10.96.0.1:81')])).toBe(false);
    expect(table.hasAll([virtualServer('SCTP', '[fd00::2]:3720')])).toBe(false);
  });

  it('are read in their order', () => {
    writeFileSync(path, text);
    const table = readListingText(path);
    const realServersOf = (identity: VirtualServerIdentity) => table.realServersOf(identity);
    expect(realServersOf(virtualServer('TCP', '10.96.0.1:80').identity)).toEqual([
      {
        address: '10.244.1.10',
        port: 8080,
        forwarding: 'masquerade',
        weight: 1,
        activeConnections: 12,
        inactiveConnections: 3,
      },
      {
        address: '192.168.10.11',
        port: 65535,
        forwarding: 'directRouting',
        weight: 2147483647,
        activeConnections: 1234567890,
        inactiveConnections: 0,
      },
    ]);
    expect(realServersOf(virtualServer('UDP', '10.96.0.10:53').identity)).toEqual([]);
    expect(realServersOf(virtualServer('SCTP', '[fd00::1]:3720').identity)).toEqual([
      { address: 'fd00:244::9', port: 3720, forwarding: 'local', weight: 7, ...none },
      { address: '::ffff:10.0.0.1', port: 3720, forwarding: 'tunnel', weight: 0, ...none },
    ]);
    expect(realServersOf(virtualServer('TCP', '10.96.0.99:80').identity)).toEqual([]);
  });

  it('as they lie in the text', () => {
    writeFileSync(path, text);
    const table = readListingText(path);
    const found = (identity: VirtualServerIdentity) => {
      const { start, end } = table.rangeOf(identity);
      const indices = Array.from({ length: end - start }, (_, offset) => start + offset);
      const columns = indices.map((index) => Buffer.from(table.columnsAt(index)).toString('latin1'));
      return { endpoints: indices.map((index) => table.endpointAt(index)), columns };
    };
    expect(found(virtualServer('TCP', '10.96.0.1:80').identity)).toEqual({
      endpoints: [0x0af4010a * 65_536 + 8080, 0xc0a80a0b * 65_536 + 65_535],
      columns: ['Masq    1      12         3         \n', 'Route   2147483647 1234567890 0         \n'],
    });
    expect(found(virtualServer('UDP', '10.96.0.10:53').identity).endpoints).toEqual([]);
    expect(found(virtualServer('SCTP', '[fd00::1]:3720').identity)).toEqual({
      endpoints: [-1, -2],
      columns: ['Local   7      0          0         \n', 'Tunnel  0      0          0         \n'],
    });
    expect(found(virtualServer('TCP', '10.96.0.99:80').identity).endpoints).toEqual([]);
  });

  it('of a large table', () => {
    const hexadecimal = (index: number) => `0A60${index.toString(16).padStart(4, '0').toUpperCase()}`;
    const blocks = Array.from(
      { length: 6000 },
      (_, index) =>
        `TCP  ${hexadecimal(index)}:0050 rr  \n${`  -> ${hexadecimal(index)}:1F90      Masq    ${index}      0          0         \n`.repeat(index % 4)}`,
    );
    writeFileSync(path, heading + blocks.join(''));
    const table = readListingText(path);
    for (let index = 0; index < blocks.length; index++) {
      const endpoint = `10.96.${index >> 8}.${index & 255}`;
      const expected = { address: endpoint, port: 8080, forwarding: 'masquerade', weight: index, ...none };
      expect(table.realServersOf(virtualServer('TCP', `${endpoint}:80`).identity)).toEqual(
        Array.from({ length: index % 4 }, () => expected),
      );
    }
  });

  it('of a text that was cut off', () => {
    for (let length = 0; length < text.length; length += 7) {
      writeFileSync(path, text.slice(0, length));
      const table = readListingText(path);
      expect(table.realServersOf(virtualServer('TCP', '10.96.0.1:80').identity).length).toBeLessThan(3);
    }
  });

  it('of a table that is not there', () => {
    expect(() => readListingText(join(directory, 'nothing'))).toThrow(/read .*nothing: ENOENT/);
  });
});

it('connections', async () => {
  const six = 'fd00:0000:0000:0000:0000:0000:0000:0001';
  writeFileSync(
    path,
    `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP 0A000002 A99C 0A000003 0051 0A000005 0052 ESTABLISHED     893
UDP 0A000002 0000 0A000002 13C4 0A010102 13C4 NONE             53 sip abcdef0123@10.0.0.2
IP  0A000002 0000 00000003 0000 0A000005 0000 NONE             53
TCP ${six} 0000 ${six} 0051 ${six} 0052 ASSURED          53
`,
  );
  const found = [];
  for await (const connection of readListedConnections(path)) found.push(connection);
  expect(found).toEqual([
    {
      protocol: 'TCP',
      source: { address: '10.0.0.2', port: 43420 },
      virtual: { address: '10.0.0.3', port: 81 },
      destination: { address: '10.0.0.5', port: 82 },
      state: 'ESTABLISHED',
      expiresSeconds: 893,
    },
    expect.objectContaining({ protocol: 'UDP', persistenceEngine: 'sip', persistenceData: 'abcdef0123@10.0.0.2' }),
    expect.objectContaining({ protocol: 'IP', virtual: { address: '0.0.0.3', port: 0 }, expiresSeconds: 53 }),
    expect.objectContaining({ destination: { address: 'fd00::1', port: 82 }, state: 'ASSURED' }),
  ]);
});
