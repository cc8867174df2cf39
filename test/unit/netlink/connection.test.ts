import { describe, expect, it } from '@jest/globals';
import type { NativeResult, NativeSocketOptions, NetlinkAddon } from '../../../src/native/addon.ts';
import { openAddonTransport } from '../../../src/netlink/connection.ts';
import { errno } from '../../../src/netlink/errors.ts';
import { MessageWriter } from '../../../src/netlink/message-writer.ts';

const good: NativeResult = { errno: 0, refused: false, flags: 0, bytes: new Uint8Array(0) };
const interrupted: NativeResult = { ...good, flags: 0x10, bytes: new Uint8Array([1]) };

/** An addon that gives these results one after the other, and remembers its sockets. */
class ScriptedAddon implements NetlinkAddon {
  readonly opened: NativeSocketOptions[] = [];
  readonly closed: number[] = [];
  readonly used: number[] = [];
  #results: NativeResult[];

  constructor(...results: NativeResult[]) {
    this.#results = results;
  }

  open(options: NativeSocketOptions): number {
    return this.opened.push(options);
  }

  close(socket: number): void {
    this.closed.push(socket);
  }

  exchange(socket: number): Promise<NativeResult> {
    this.used.push(socket);
    return Promise.resolve(this.#results.shift() ?? good);
  }

  dumpMany(socket: number): Promise<NativeResult> {
    return this.exchange(socket);
  }

  exchangeSync = unexpected;
  dumpManySync = unexpected;
  monitor = unexpected;
  closeMonitor = unexpected;
}

function unexpected(): never {
  throw new Error('not expected');
}

function oneMessage(): MessageWriter {
  const writer = new MessageWriter();
  writer.begin(16, 0);
  writer.end();
  return writer;
}

describe('openAddonTransport', () => {
  it('opens one socket at once and uses it for every call', async () => {
    const addon = new ScriptedAddon();
    const transport = openAddonTransport({ addon, protocol: 16 });
    expect(addon.opened).toHaveLength(1);
    await transport.exchange(oneMessage());
    await transport.request(oneMessage());
    expect(addon.used).toEqual([1, 1]);
  });

  it('hands the options to the socket', () => {
    const addon = new ScriptedAddon();
    openAddonTransport({ addon, protocol: 0, dumps: 'small', datagramBytes: 4096, strictCheck: true });
    expect(addon.opened[0]).toMatchObject({ protocol: 0, readBytes: 4096, datagramBytes: 4096, strictCheck: true });
    openAddonTransport({ addon, protocol: 12, background: true });
    expect(addon.opened[1]).toMatchObject({ protocol: 12, background: true });
  });

  it('does not bother the kernel with an empty batch', async () => {
    const addon = new ScriptedAddon();
    const transport = openAddonTransport({ addon, protocol: 16 });
    expect(await transport.exchange(new MessageWriter())).toEqual([]);
    expect(await transport.request(new MessageWriter())).toHaveLength(0);
    expect(addon.used).toEqual([]);
  });

  it.each([['ETIMEDOUT'], ['ENOBUFS'], ['EBADF']] as const)('goes on with a fresh socket after %s', async (name) => {
    const addon = new ScriptedAddon({ ...good, errno: errno[name] }, { ...good, errno: errno[name] });
    const transport = openAddonTransport({ addon, protocol: 16 });
    await expect(transport.exchange(oneMessage())).rejects.toMatchObject({
      errnoName: name,
      operation: 'netlink generic batch',
      message: expect.stringContaining('outcome is unknown'),
    });
    await expect(transport.request(oneMessage())).rejects.toMatchObject({ errnoName: name });
    expect(await transport.exchange(oneMessage())).toEqual([]);
    expect(addon.used).toEqual([1, 2, 3]);
    expect(addon.closed).toEqual([1, 2]);
  });

  it('keeps its socket when the kernel refuses', async () => {
    const bytes = new Uint8Array(Buffer.from('14000000030002020100000000000000edffffff', 'hex'));
    const addon = new ScriptedAddon({ ...good, errno: errno.ENODEV, refused: true, bytes });
    const transport = openAddonTransport({ addon, protocol: 0 });
    await expect(transport.request(oneMessage())).rejects.toMatchObject({
      errnoName: 'ENODEV',
      operation: 'netlink route request',
    });
    expect(addon.closed).toEqual([]);
  });

  it('repeats an interrupted dump and returns the first good one', async () => {
    const bytes = new Uint8Array([9]);
    const addon = new ScriptedAddon(interrupted, interrupted, interrupted, interrupted, { ...good, bytes });
    expect(await openAddonTransport({ addon, protocol: 0 }).request(oneMessage())).toBe(bytes);
  });

  it('gives up on a dump that was interrupted five times', async () => {
    const addon = new ScriptedAddon(interrupted, interrupted, interrupted, interrupted, interrupted);
    const asked = openAddonTransport({ addon, protocol: 0 }).request(oneMessage());
    await expect(asked).rejects.toMatchObject({ code: 'NETLINK_DUMP_INTERRUPTED', operation: 'netlink route request' });
    expect(addon.used).toHaveLength(5);
  });

  it('refuses calls after close', async () => {
    const addon = new ScriptedAddon();
    const transport = openAddonTransport({ addon, protocol: 12 });
    transport.close();
    transport.close();
    expect(addon.closed).toEqual([1]);
    await expect(transport.exchange(oneMessage())).rejects.toMatchObject({ errnoName: 'EBADF' });
    await expect(transport.request(oneMessage())).rejects.toThrow('closed');
  });

  it('turns the refusal to open a socket into a NetlinkError', () => {
    const addon = new ScriptedAddon();
    addon.open = () => {
      throw Object.assign(new Error('netlink socket of protocol 12: Protocol not supported'), { errno: 93 });
    };
    expect(() => openAddonTransport({ addon, protocol: 12 })).toThrow(
      expect.objectContaining({ code: 'NETLINK_FAILED', errno: 93, operation: 'open netlink netfilter' }),
    );
  });
});
