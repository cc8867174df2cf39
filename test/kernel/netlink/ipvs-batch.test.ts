import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  encodeFlush,
  encodeListRealServers,
  encodeListVirtualServers,
  encodeOperation,
} from '../../../src/kernel/ipvs/encode.ts';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { openAddonTransport } from '../../../src/netlink/connection.ts';
import { netlinkProtocol } from '../../../src/netlink/constants.ts';
import { resolveGenericFamily } from '../../../src/netlink/generic-family.ts';
import { MessageReader } from '../../../src/netlink/message-reader.ts';
import { MessageWriter } from '../../../src/netlink/message-writer.ts';
import { loadPackageTransport } from '../../../src/netlink/package-transport.ts';
import type { Transport } from '../../../src/netlink/transport.ts';
import { realServer, virtualServer } from '../../support/ipvs-builders.ts';

const generic = netlinkProtocol.generic;
const addonTransport = (dumps: 'large' | 'small') =>
  openAddonTransport({ addon: loadNetlinkAddon(), protocol: generic, dumps });

/** The virtual server with this number. */
function server(number: number) {
  return virtualServer('TCP', `10.96.${number >> 8}.${number & 0xff}:80`);
}

function countMessages(replies: Uint8Array): number {
  const reader = new MessageReader(replies);
  let count = 0;
  while (reader.next()) count++;
  return count;
}

describe.each<[string, () => Promise<Transport>]>([
  ['addon', async () => addonTransport('large')],
  ['addon, small dumps', async () => addonTransport('small')],
  ['package', async () => (await loadPackageTransport())(generic)],
])('batches to IPVS over the %s', (_name, openTransport) => {
  const writer = new MessageWriter();
  let transport: Transport;
  let family: number;

  const exchange = (fill: () => void) => {
    writer.reset();
    fill();
    return transport.exchange(writer);
  };
  const add = (number: number) =>
    encodeOperation(writer, family, { kind: 'addVirtualServer', virtualServer: server(number) });
  const countServers = async () => {
    writer.reset();
    encodeListVirtualServers(writer, family);
    return countMessages(await transport.request(writer));
  };

  beforeEach(async () => {
    transport = await openTransport();
    family = await resolveGenericFamily(transport, 'IPVS');
    await exchange(() => encodeFlush(writer, family));
  });

  afterEach(async () => {
    await exchange(() => encodeFlush(writer, family));
    transport.close();
  });

  it('applies 2,000 messages in several datagrams', async () => {
    const failures = await exchange(() => {
      for (let number = 0; number < 2000; number++) add(number);
    });
    expect(failures).toEqual([]);
    expect(await countServers()).toBe(2000);
  });

  it('names the refused messages by index and applies the others', async () => {
    const failures = await exchange(() => {
      for (let number = 0; number < 1000; number++) add(number % 10 === 9 ? number - 1 : number);
    });
    expect(failures.map(({ index, errno }) => [index, errno])).toEqual(
      Array.from({ length: 100 }, (_, tenth) => [tenth * 10 + 9, 17]),
    );
    expect(await countServers()).toBe(900);
  });

  it('brings back a refusal of every message', async () => {
    await exchange(() => add(1));
    const failures = await exchange(() => {
      for (let count = 0; count < 3000; count++) add(1);
    });
    expect(failures).toHaveLength(3000);
  });

  it('applies the messages of a batch in order', async () => {
    const [first] = [server(1)];
    const failures = await exchange(() => {
      add(1);
      encodeOperation(writer, family, {
        kind: 'addRealServer',
        virtualServer: first,
        realServer: realServer('10.244.0.1:8080'),
      });
      encodeOperation(writer, family, { kind: 'deleteVirtualServer', virtualServer: first });
      add(1);
    });
    expect(failures).toEqual([]);
    writer.reset();
    encodeListRealServers(writer, family, first.identity);
    expect(countMessages(await transport.request(writer))).toBe(0);
  });

  it('runs hundreds of dumps, empty ones too, and tells their answers apart', async () => {
    await exchange(() => {
      for (let number = 0; number < 300; number++) {
        add(number);
        for (let backend = 0; backend < number % 4; backend++) {
          encodeOperation(writer, family, {
            kind: 'addRealServer',
            virtualServer: server(number),
            realServer: realServer(`10.244.0.${backend + 1}:8080`),
          });
        }
      }
    });
    writer.reset();
    for (let number = 0; number < 300; number++) encodeListRealServers(writer, family, server(number).identity);
    const found = Array.from({ length: 300 }, () => 0);
    const reader = new MessageReader(await transport.request(writer));
    while (reader.next()) {
      const index = reader.sequence - writer.firstSequence;
      found[index] = (found[index] ?? Number.NaN) + 1;
    }
    expect(found).toEqual(found.map((_, number) => number % 4));
  });

  it('throws when a dump is refused, and goes on', async () => {
    writer.reset();
    encodeListVirtualServers(writer, family);
    encodeListVirtualServers(writer, family + 1000);
    await expect(transport.request(writer)).rejects.toMatchObject({ errnoName: 'ENOENT' });
    expect(await countServers()).toBe(0);
  });
});
