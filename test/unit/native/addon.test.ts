import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AddonLoadError, loadNetlinkAddon, type NativeSocketOptions } from '../../../src/native/addon.ts';
import { messageFlags, netlinkProtocol } from '../../../src/netlink/constants.ts';
import { errno } from '../../../src/netlink/errors.ts';
import { MessageWriter } from '../../../src/netlink/message-writer.ts';
import { readRefusals } from '../../../src/netlink/refusal.ts';
import { absentInterface, getLink, linkIndexes, noOperation, noReply } from '../../support/route-messages.ts';

const addon = loadNetlinkAddon();
const sockets: number[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) addon.close(socket);
});

function open(options: Partial<NativeSocketOptions> = {}): number {
  const socket = addon.open({ protocol: netlinkProtocol.route, receiveBufferBytes: 4 * 1024 * 1024, ...options });
  sockets.push(socket);
  return socket;
}

/** A batch that `fill` writes; sequence numbers of different batches of a test differ. */
const shared = new MessageWriter();
function batch(fill: (writer: MessageWriter) => void): Uint8Array {
  shared.reset();
  fill(shared);
  return shared.bytes.slice();
}

function sequenceOf(bytes: Uint8Array): number {
  return new Uint32Array(bytes.slice(0, 16).buffer)[2] ?? -1;
}

const links = () => batch((writer) => getLink(writer, messageFlags.dump));
const failing = (count: number) =>
  batch((writer) => {
    for (let index = 0; index < count; index++) getLink(writer, 0, absentInterface);
  });
const unanswered = () => batch(noReply);

describe('netlink addon: conversations', () => {
  it('dumps, at once and in its thread, with the same answer', async () => {
    const socket = open();
    const atOnce = addon.dumpManySync(socket, links(), 1000);
    const later = await addon.dumpMany(socket, links(), 1000);
    expect(atOnce).toMatchObject({ errno: 0, refused: false });
    expect(linkIndexes(atOnce.bytes)).toContain(1);
    expect(linkIndexes(later.bytes)).toEqual(linkIndexes(atOnce.bytes));
  });

  it('does not let other calls wait for one on a background socket', async () => {
    const background = open({ background: true });
    const stuck = addon.dumpMany(background, unanswered(), 3_600_000);
    const queued = addon.dumpMany(background, links(), 1000);
    expect(linkIndexes((await addon.dumpMany(open(), links(), 10_000)).bytes)).toContain(1);
    addon.close(background);
    expect((await Promise.all([stuck, queued])).map((result) => result.errno)).toEqual([errno.EBADF, errno.EBADF]);
  });

  it('grows the answer over many requests', async () => {
    const count = 2000;
    const requests = batch((writer) => {
      for (let index = 0; index < count; index++) getLink(writer, 0, 1);
    });
    const { errno: number, bytes } = await addon.dumpMany(open(), requests, 1000);
    expect(number).toBe(0);
    expect(bytes.length).toBeGreaterThan(1_000_000);
    expect(linkIndexes(bytes)).toEqual(Array.from({ length: count }, () => 1));
  });

  it('ends at the first refusal with the message that says so', () => {
    const requests = batch((writer) => {
      getLink(writer, messageFlags.dump);
      getLink(writer, 0, absentInterface);
      getLink(writer, 0, 1);
    });
    const result = addon.dumpManySync(open(), requests, 1000);
    expect(result).toMatchObject({ errno: errno.ENODEV, refused: true });
    expect(readRefusals(result.bytes, sequenceOf(requests))).toMatchObject([{ index: 1, errno: errno.ENODEV }]);
  });

  it('reports a refusal at the end of a dump', () => {
    // With strict checks an unknown interface in the filter of an address dump is refused by DONE.
    const request = batch((writer) => {
      writer.begin(22, messageFlags.dump);
      writer.header4(2, 0, 0, 0);
      writer.headerWord(absentInterface);
      writer.end();
    });
    const result = addon.dumpManySync(open({ strictCheck: true }), request, 1000);
    expect(result).toMatchObject({ errno: errno.ENODEV, refused: true });
    expect(new Uint16Array(result.bytes.slice(4, 6).buffer)[0]).toBe(3);
  });

  it('returns only the refusals of a batch, in several datagrams', async () => {
    const requests = batch((writer) => {
      for (let index = 0; index < 10_000; index++) {
        if (index % 10 === 9) getLink(writer, 0, absentInterface);
        else noOperation(writer);
      }
    });
    expect(requests.length).toBeGreaterThan(2 * 65536);
    const result = await addon.exchange(open(), requests, 1000);
    expect(result.errno).toBe(0);
    const indexes = readRefusals(result.bytes, sequenceOf(requests)).map((failure) => failure.index);
    expect(indexes).toEqual(Array.from({ length: 1000 }, (_, index) => index * 10 + 9));
  });

  it('sends a message that is longer than a datagram should be', async () => {
    const request = batch((writer) => {
      writer.begin(18, 0);
      for (let words = 0; words < 4; words++) writer.headerWord(words === 1 ? absentInterface : 0);
      for (let count = 0; count < 3; count++) writer.raw(0x3ff0, new Uint8Array(60_000));
      writer.end();
    });
    const result = await addon.exchange(open({ sendBufferBytes: 1024 * 1024 }), request, 1000);
    expect(result.errno).toBe(0);
    expect(readRefusals(result.bytes, sequenceOf(request))).toMatchObject([{ index: 0, errno: errno.ENODEV }]);
  });

  it('does not change the batch, and lets it be overwritten during the call', async () => {
    const requests = failing(500);
    const before = requests.slice();
    const exchanged = addon.exchange(open(), requests, 1000);
    expect(requests).toEqual(before);
    requests.fill(0xff);
    expect((await exchanged).bytes.length).toBe(500 * 36);
  });

  it('runs calls in the order in which they were made', async () => {
    const order: number[] = [];
    const [first, second] = [open(), open()];
    await Promise.all(
      [first, second, first, second, first].map((socket, index) =>
        addon.exchange(socket, failing(10 * (5 - index)), 1000).then(() => order.push(index)),
      ),
    );
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  it('tells that replies were lost, and can go on with the socket', () => {
    const socket = open({ receiveBufferBytes: 4096 });
    for (let round = 0; round < 3; round++) {
      expect(addon.exchangeSync(socket, failing(1000), 1000).errno).toBe(errno.ENOBUFS);
      expect(addon.exchangeSync(socket, batch(noOperation), 1000)).toMatchObject({ errno: 0, refused: false });
      expect(linkIndexes(addon.dumpManySync(socket, links(), 1000).bytes)).toContain(1);
    }
  });

  it('does not take what is left of an earlier answer for its own', () => {
    const socket = open();
    for (let round = 0; round < 3; round++) {
      // The acknowledgement of the second message comes before the end of the dump that the first one started.
      const mixed = batch((writer) => {
        getLink(writer, messageFlags.dump);
        noOperation(writer);
      });
      expect(addon.exchangeSync(socket, mixed, 1000).errno).toBe(0);
      const single = batch((writer) => getLink(writer, 0, 1));
      expect(linkIndexes(addon.dumpManySync(socket, single, 1000).bytes)).toEqual([1]);
    }
  });

  it('says nothing of lost replies when asked not to, and then misses the last one', () => {
    const socket = open({ receiveBufferBytes: 4096, noEnobufs: true });
    expect(addon.exchangeSync(socket, failing(1000), 50).errno).toBe(errno.ETIMEDOUT);
  });

  it('ends with ETIMEDOUT when no reply comes', async () => {
    const started = Date.now();
    expect(addon.dumpManySync(open(), unanswered(), 60).errno).toBe(errno.ETIMEDOUT);
    expect((await addon.dumpMany(open(), unanswered(), 60)).errno).toBe(errno.ETIMEDOUT);
    expect(Date.now() - started).toBeGreaterThanOrEqual(120);
  });

  it('settles waiting and queued calls with EBADF when their socket is closed, and others as usual', async () => {
    const [waiting, other] = [open(), open()];
    const calls = [
      addon.dumpMany(waiting, unanswered(), 60_000),
      addon.exchange(waiting, failing(5), 60_000),
      addon.exchange(other, failing(5), 1000),
    ];
    await new Promise((resolve) => setTimeout(resolve, 20));
    addon.close(waiting);
    addon.close(waiting);
    expect((await Promise.all(calls)).map((result) => result.errno)).toEqual([errno.EBADF, errno.EBADF, 0]);
    expect(() => addon.exchangeSync(waiting, failing(1), 1000)).toThrow('Bad file descriptor');
  });

  it('refuses a call at once on a socket that its thread is using', async () => {
    const socket = open();
    const queued = addon.exchange(socket, failing(5), 1000);
    expect(() => addon.exchangeSync(socket, failing(1), 1000)).toThrow(expect.objectContaining({ errno: errno.EBUSY }));
    await queued;
    expect(addon.exchangeSync(socket, failing(1), 1000).errno).toBe(0);
  });

  it('leaves no descriptor behind', async () => {
    const descriptors = () => readdirSync('/proc/self/fd').length;
    await addon.exchange(open(), failing(1), 1000);
    const before = descriptors();
    const many = Array.from({ length: 100 }, () => open());
    await Promise.all(many.map((socket) => addon.exchange(socket, failing(2), 1000)));
    const monitors = Array.from({ length: 10 }, () => addon.monitor({ protocol: 0, groups: [1] }, () => undefined));
    expect(descriptors()).toBeGreaterThan(before);
    for (const socket of many) addon.close(socket);
    for (const monitor of monitors) addon.closeMonitor(monitor);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(descriptors()).toBe(before);
  });
});

describe('netlink addon: arguments', () => {
  // What callers without types could pass; each must be refused, not taken for something else.
  const call = addon as unknown as Record<string, (...values: unknown[]) => unknown>;
  const good = failing(2);
  const listener = () => undefined;
  const withoutEnd = good.slice(0, good.length - 4);
  const gap = new Uint8Array(good);
  new Uint32Array(gap.buffer)[10] = 77;

  it.each<[string, string, unknown[], string]>([
    ['no options', 'open', [], 'options'],
    ['null', 'open', [null], 'options'],
    ['no protocol', 'open', [{}], 'protocol is missing'],
    ['a protocol of text', 'open', [{ protocol: '0' }], 'protocol must be a whole number from 0 to 31'],
    ['an unknown protocol', 'open', [{ protocol: 32 }], 'protocol'],
    ['half a byte', 'open', [{ protocol: 0, receiveBufferBytes: 0.5 }], 'receiveBufferBytes'],
    ['a negative size', 'open', [{ protocol: 0, sendBufferBytes: -1 }], 'sendBufferBytes'],
    ['no number', 'open', [{ protocol: 0, readBytes: Number.NaN }], 'readBytes'],
    ['an endless datagram', 'open', [{ protocol: 0, datagramBytes: Number.POSITIVE_INFINITY }], 'datagramBytes'],
    ['a flag of text', 'open', [{ protocol: 0, strictCheck: 'yes' }], 'strictCheck'],
    ['groups that are no array', 'open', [{ protocol: 0, groups: 1 }], 'groups'],
    ['a group of text', 'open', [{ protocol: 0, groups: ['1'] }], 'group'],
    ['group 0', 'open', [{ protocol: 0, groups: [0] }], 'group'],
    ['half a filter instruction', 'open', [{ protocol: 0, filter: new Uint8Array(7) }], 'filter'],
    ['a filter that is no bytes', 'open', [{ protocol: 0, filter: [0] }], 'filter'],
    ['no socket', 'close', [], 'socket'],
    ['a socket of text', 'close', ['1'], 'socket'],
    ['no arguments', 'exchange', [], 'socket'],
    ['no batch', 'exchange', [1], 'batch must be a Uint8Array'],
    ['a batch of words', 'exchange', [1, new Uint32Array(8), 1000], 'batch must be a Uint8Array'],
    ['a batch without a view', 'exchange', [1, good.buffer, 1000], 'batch must be a Uint8Array'],
    ['no time-out', 'exchange', [1, good], 'timeout'],
    ['a time-out of 0', 'exchange', [1, good, 0], 'timeout'],
    ['an endless time-out', 'dumpMany', [1, good, Number.POSITIVE_INFINITY], 'timeout'],
    ['no arguments', 'dumpManySync', [], 'socket'],
    ['no listener', 'monitor', [{ protocol: 0 }], 'function'],
    ['a listener that is no function', 'monitor', [{ protocol: 0 }, {}], 'function'],
    ['no monitor', 'closeMonitor', [undefined], 'monitor'],
    ['no set', 'limitCapabilities', [], 'capabilities'],
    ['a set with a negative number', 'limitCapabilities', [-1], 'capabilities'],
    ['a set as text', 'limitCapabilities', ['0'], 'capabilities'],
  ])('refuses %s for %s', (_name, method, values, words) => {
    const thrown = thrownBy(() => call[method]?.(...values));
    expect(thrown).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    expect(thrown?.message).toContain(words);
    expect(thrown?.message).toMatch(new RegExp(`^${method}: `));
  });

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'empty'],
    ['part of a header', good.slice(0, 15), 'header'],
    ['part of a message', withoutEnd, 'ends inside a message'],
    ['a length below the header', new Uint8Array(32), 'shorter than its header'],
    ['a gap in the sequence numbers', gap, 'sequence numbers'],
  ])('refuses a batch with %s', (_name, bytes, words) => {
    const socket = open();
    for (const method of ['exchange', 'exchangeSync', 'dumpMany', 'dumpManySync']) {
      expect(thrownBy(() => call[method]?.(socket, bytes, 1000))).toMatchObject({
        name: 'TypeError',
        message: expect.stringContaining(words),
      });
    }
  });

  it('takes part of a larger buffer at any offset', () => {
    const around = new Uint8Array(good.length + 3);
    around.set(good, 3);
    expect(addon.exchangeSync(open(), around.subarray(3), 1000).bytes).toHaveLength(2 * 36);
    expect(addon.exchangeSync(open(), Buffer.from(good), 1000).bytes).toHaveLength(2 * 36);
  });

  it('passes on what a getter in the options throws', () => {
    const options = {
      protocol: 0,
      get readBytes(): number {
        throw new RangeError('mine');
      },
    };
    expect(() => addon.open(options)).toThrow('mine');
  });

  it('reports what the system refuses with its errno', () => {
    const acceptAll = new Uint8Array([6, 0, 0, 0, 255, 255, 255, 255]);
    expect(thrownBy(() => addon.open({ protocol: 31 }))).toMatchObject({
      errno: 93,
      message: 'netlink socket of protocol 31: Protocol not supported',
    });
    expect(thrownBy(() => addon.open({ protocol: 0, groups: [2 ** 31 - 1] }))).toMatchObject({ errno: errno.EINVAL });
    expect(thrownBy(() => open({ filter: new Uint8Array(8) }))).toMatchObject({ errno: errno.EINVAL });
    expect(thrownBy(() => addon.monitor({ protocol: 0, filter: new Uint8Array(8) }, listener))).toMatchObject({
      errno: errno.EINVAL,
    });
    expect(open({ filter: acceptAll })).toBeGreaterThan(0);
  });
});

describe('loadNetlinkAddon', () => {
  it('names the files it tried and what to do', () => {
    const failure = thrownBy(() => loadNetlinkAddon('file:///nowhere/src/native/addon.ts', 'mips'));
    expect(failure).toBeInstanceOf(AddonLoadError);
    expect(failure).toMatchObject({
      code: 'ADDON_NOT_LOADED',
      paths: [
        '/nowhere/src/native/prebuilds/linux-mips/netlink.node',
        '/nowhere/native-bindings/prebuilds/linux-mips/netlink.node',
      ],
      message: expect.stringContaining('make native'),
    });
  });

  it('says why a file that is there does not load', () => {
    withBundleDirectory('x64', (addonPath, bundleUrl) => {
      writeFileSync(addonPath, 'no library');
      const failure = thrownBy(() => loadNetlinkAddon(bundleUrl, 'x64'));
      expect(failure?.message).toMatch(/linux-x64\/netlink\.node: .*(too short|invalid ELF header)/);
    });
  });

  it('finds the addon beside a bundle', () => {
    withBundleDirectory(process.arch, (addonPath, bundleUrl) => {
      copyFileSync(join('native-bindings', 'prebuilds', `linux-${process.arch}`, 'netlink.node'), addonPath);
      expect(Object.keys(loadNetlinkAddon(bundleUrl)).sort()).toEqual(Object.keys(addon).sort());
    });
  });

  it('exports what the interface names', () => {
    const conversations = ['close', 'dumpMany', 'dumpManySync', 'exchange', 'exchangeSync', 'open'];
    const others = ['closeMonitor', 'limitCapabilities', 'monitor'];
    expect(Object.keys(addon).sort()).toEqual([...conversations, ...others].sort());
  });
});

/** A directory as a bundle is shipped in, three levels deep, so that no source tree seems to be around it. */
function withBundleDirectory(architecture: string, test: (addonPath: string, bundleUrl: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'addon-'));
  const directory = join(root, 'product', 'dist');
  const prebuilds = join(directory, 'prebuilds', `linux-${architecture}`);
  try {
    mkdirSync(prebuilds, { recursive: true });
    test(join(prebuilds, 'netlink.node'), pathToFileURL(join(directory, 'bundle.cjs')).href);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function thrownBy(action: () => unknown): Error | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error as Error; // errors of the addon are of another realm than those of the test
  }
}
