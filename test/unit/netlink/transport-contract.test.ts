import { afterEach, describe, expect, it } from '@jest/globals';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { openAddonTransport } from '../../../src/netlink/connection.ts';
import { messageFlags, netlinkProtocol } from '../../../src/netlink/constants.ts';
import { MessageReader } from '../../../src/netlink/message-reader.ts';
import { MessageWriter } from '../../../src/netlink/message-writer.ts';
import { loadPackageTransport } from '../../../src/netlink/package-transport.ts';
import type { Transport } from '../../../src/netlink/transport.ts';
import { absentInterface, getLink, linkIndexes, noOperation, noReply } from '../../support/route-messages.ts';

const timeoutMs = 300;
const opened: Transport[] = [];

const openers: [string, () => Promise<Transport>][] = [
  ['addon', async () => openAddonTransport({ addon: loadNetlinkAddon(), protocol: netlinkProtocol.route, timeoutMs })],
  ['package', async () => (await loadPackageTransport(timeoutMs))(netlinkProtocol.route)],
];

afterEach(() => {
  for (const transport of opened.splice(0)) transport.close();
});

/** What both transports promise. Needs no rights: it reads links of the host's own network. */
describe.each(openers)('transport over the %s', (_name, openTransport) => {
  const open = async () => {
    const transport = await openTransport();
    opened.push(transport);
    return transport;
  };

  it('dumps links, without the closing message', async () => {
    const writer = new MessageWriter();
    getLink(writer, messageFlags.dump);
    const reply = await (await open()).request(writer);
    expect(linkIndexes(reply)).toContain(1);
    const reader = new MessageReader(reply);
    while (reader.next()) expect(reader.type).toBe(16);
  });

  it('answers requests for single messages, several in one batch, each with its sequence', async () => {
    const writer = new MessageWriter();
    for (let count = 0; count < 3; count++) getLink(writer, 0, 1);
    const reader = new MessageReader(await (await open()).request(writer));
    const sequences: number[] = [];
    while (reader.next()) sequences.push(reader.sequence - writer.firstSequence);
    expect(sequences).toEqual([0, 1, 2]);
  });

  it('runs many dumps one after the other', async () => {
    const writer = new MessageWriter();
    for (let count = 0; count < 50; count++) getLink(writer, messageFlags.dump);
    const indexes = linkIndexes(await (await open()).request(writer));
    expect(indexes.filter((index) => index === 1)).toHaveLength(50);
  });

  it('throws what the kernel refuses', async () => {
    const writer = new MessageWriter();
    getLink(writer, 0, 1);
    getLink(writer, 0, absentInterface);
    const transport = await open();
    await expect(transport.request(writer)).rejects.toMatchObject({
      code: 'NETLINK_FAILED',
      errnoName: 'ENODEV',
      operation: 'netlink route request',
    });
    writer.reset();
    getLink(writer, 0, 1);
    expect(linkIndexes(await transport.request(writer))).toEqual([1]);
  });

  it('accepts a batch without refusals', async () => {
    const writer = new MessageWriter();
    for (let count = 0; count < 1000; count++) noOperation(writer);
    expect(await (await open()).exchange(writer)).toEqual([]);
  });

  it('names the refused ones of 1,000 messages by index, in order, and does the others', async () => {
    const writer = new MessageWriter();
    const transport = await open();
    for (let round = 0; round < 3; round++) {
      writer.reset();
      for (let index = 0; index < 1000; index++) {
        if (index % 7 === 3) getLink(writer, 0, absentInterface);
        else noOperation(writer);
      }
      const failures = await transport.exchange(writer);
      const expected = Array.from({ length: 1000 }, (_, index) => index).filter((index) => index % 7 === 3);
      expect(failures.map((failure) => failure.index)).toEqual(expected);
      expect(new Set(failures.map((failure) => failure.errno))).toEqual(new Set([19]));
    }
  });

  it('survives a batch of which every message is refused', async () => {
    const writer = new MessageWriter();
    for (let index = 0; index < 5000; index++) getLink(writer, 0, absentInterface);
    expect(await (await open()).exchange(writer)).toHaveLength(5000);
  });

  it('gives the whole error message with a refusal', async () => {
    const writer = new MessageWriter();
    getLink(writer, 0, absentInterface);
    const [failure] = await (await open()).exchange(writer);
    const reader = new MessageReader(failure?.reply ?? new Uint8Array(0));
    expect(reader.next()).toBe(true);
    expect(reader).toMatchObject({ type: 2, sequence: writer.firstSequence });
    expect(reader.view.getInt32(reader.payloadStart, true)).toBe(-19);
  });

  it('answers an empty batch with nothing', async () => {
    const transport = await open();
    expect(await transport.exchange(new MessageWriter())).toEqual([]);
    expect(await transport.request(new MessageWriter())).toHaveLength(0);
  });

  it('ends with ETIMEDOUT when no reply comes, and works again afterwards', async () => {
    const writer = new MessageWriter();
    noReply(writer);
    const transport = await open();
    await expect(transport.request(writer)).rejects.toMatchObject({ errnoName: 'ETIMEDOUT' });
    writer.reset();
    getLink(writer, 0, 1);
    expect(linkIndexes(await transport.request(writer))).toEqual([1]);
    expect(await transport.exchange(writer)).toEqual([]);
  });

  it('settles a call under way when it is closed, and refuses later ones', async () => {
    const writer = new MessageWriter();
    noReply(writer);
    const transport = await open();
    const underWay = transport.request(writer);
    await new Promise((resolve) => setImmediate(resolve));
    transport.close();
    await expect(underWay).rejects.toMatchObject({ errnoName: 'EBADF' });
    await expect(transport.exchange(writer)).rejects.toMatchObject({ errnoName: 'EBADF' });
  });
});
