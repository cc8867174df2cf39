import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { watchServices, type WatchIo } from '../../../../src/app/ipvs-status/watch-services.ts';
import type { ScreenInput } from '../../../../src/app/ipvs-status/live-screen.ts';
import type { Picture } from '../../../../src/cli/services/run-services.ts';
import { view } from '../../cli/services/services-world.ts';

const enter = '\x1b[?1049h';
const leave = '\x1b[?1049l';

/** A terminal that writes down what becomes of it. */
function terminal({ isTTY = true, term = 'xterm' } = {}) {
  const raw: boolean[] = [];
  const written: string[] = [];
  const input = Object.assign(new EventEmitter(), {
    isTTY,
    setRawMode: (mode: boolean) => raw.push(mode),
    setEncoding: () => undefined,
    resume: () => undefined,
    pause: () => undefined,
  });
  const output = Object.assign(new EventEmitter(), {
    isTTY,
    columns: 100,
    rows: 10,
    write: (text: string) => written.push(text) > 0,
  });
  let end: (exitCode: number) => void = () => undefined;
  const io: WatchIo = {
    input: input as ScreenInput,
    output,
    environment: { TERM: term },
    writeOutput: (text) => void written.push(text),
    writeError: (text) => void written.push(`error: ${text}`),
    writeLast: (text) => void written.push(text),
    onEnd: (listener) => {
      end = listener;
      return () => (end = () => undefined);
    },
    now: () => new Date(2026, 0, 1, 10, 22, 31),
  };
  return { input, output, raw, written, io, end: (code: number) => end(code) };
}

const options = { intervalMs: 5, count: undefined, output: 'table' } as const;
const taken: Picture = { view: view(), node: 'n1', notice: '' };

/** Takes pictures, and does something after the n-th. */
function pictures(then: Record<number, () => void>) {
  let count = 0;
  return {
    take: async () => {
      count += 1;
      setImmediate(() => then[count]?.());
      return taken;
    },
    get count() {
      return count;
    },
  };
}

describe('on a terminal', () => {
  it('draws until q, and leaves the terminal as it was', async () => {
    const { input, raw, written, io } = terminal();
    const shown = pictures({ 3: () => input.emit('data', 'sq') });
    expect(await watchServices(options, shown.take, io)).toBe(0);
    expect(raw).toEqual([true, false]);
    expect(written[0]).toContain(enter);
    expect(written.at(-1)).toBe('\x1b[?7h\x1b[?25h\x1b[?1049l');
    expect(written.filter((text) => text.includes('shop/web')).length).toBeGreaterThan(1);
    expect(written.some((text) => text.includes('by connections'))).toBe(true);
  });

  it.each<[string, (world: ReturnType<typeof terminal>) => void, number]>([
    ['Ctrl-C', ({ input }) => input.emit('data', '\x03'), 0],
    ['a signal', ({ end }) => end(143), 143],
    ['the end of the input', ({ input }) => input.emit('end'), 0],
    ['an output that is gone', ({ output }) => output.emit('error', new Error('EPIPE')), 0],
  ])('is left after %s', async (_, happen, exitCode) => {
    const world = terminal();
    const shown = pictures({ 2: () => happen(world) });
    expect(await watchServices(options, shown.take, world.io)).toBe(exitCode);
    expect(world.raw).toEqual([true, false]);
    expect(world.written.filter((text) => text.includes(leave))).toHaveLength(1);
  });

  it('is not taken when nothing can be shown', async () => {
    const { written, raw, io } = terminal();
    const fail = () => Promise.reject(new Error('no names'));
    await expect(watchServices(options, fail, io)).rejects.toThrow('no names');
    expect([written, raw]).toEqual([[], []]);
  });

  it('shows the last picture, and why there is no newer one', async () => {
    const { input, written, io } = terminal();
    let count = 0;
    const take = async () => {
      count += 1;
      if (count === 3) setImmediate(() => input.emit('data', 'q'));
      if (count > 1) throw new Error('the daemon is away');
      return taken;
    };
    expect(await watchServices(options, take, io)).toBe(0);
    expect(written.some((text) => text.includes('shop/web') && text.includes('the daemon is away'))).toBe(true);
  });

  it('follows its size', async () => {
    const { input, output, written, io } = terminal();
    const shown = pictures({
      2: () => {
        Object.assign(output, { columns: 40, rows: 3 });
        output.emit('resize');
        input.emit('data', 'q');
      },
    });
    await watchServices(options, shown.take, io);
    const last = written.filter((text) => text.startsWith('\x1b[H')).at(-1) ?? '';
    expect(last.split('\r\n')).toHaveLength(3);
  });

  it('stands still while it is paused', async () => {
    const { input, io } = terminal();
    let ticks = 0;
    const shown = pictures({ 1: () => input.emit('data', 'p') });
    const timer = setInterval(() => {
      ticks += 1;
      if (ticks === 20) input.emit('data', 'q');
    }, 5);
    await watchServices(options, shown.take, io);
    clearInterval(timer);
    expect(shown.count).toBe(1);
  });

  it('leaves out frames that the terminal is too slow for', async () => {
    const { input, output, written, io } = terminal();
    let frames = 0;
    Object.assign(output, {
      write: (text: string) => {
        written.push(text);
        if (text.startsWith('\x1b[H')) frames += 1;
        return !text.startsWith('\x1b[H');
      },
    });
    const shown = pictures({ 5: () => input.emit('data', 'q') });
    await watchServices(options, shown.take, io);
    expect(frames).toBe(1);
  });
});

describe('without a terminal', () => {
  it.each([
    ['a pipe', { isTTY: false }],
    ['a dumb one', { term: 'dumb' }],
  ])('%s gets one table after the other', async (_, kind) => {
    const { written, raw, io } = terminal(kind);
    expect(await watchServices({ ...options, count: 2 }, pictures({}).take, io)).toBe(0);
    expect(written).toHaveLength(2);
    expect(written[0]).toMatch(/^10:22:31\n {2}REAL SERVER /);
    expect(written[1]).toMatch(/^\n10:22:31\n/);
    expect(written.join('')).not.toContain(enter);
    expect(raw).toEqual([]);
  });

  it('ends when it is told to', async () => {
    const world = terminal({ isTTY: false });
    const shown = pictures({ 2: () => world.end(130) });
    expect(await watchServices(options, shown.take, world.io)).toBe(130);
  });

  it('tells once why names are missing', async () => {
    const { written, io } = terminal({ isTTY: false });
    const take = async () => ({ ...taken, notice: 'names are missing' });
    await watchServices({ ...options, count: 3 }, take, io);
    expect(written.filter((text) => text.startsWith('error'))).toEqual(['error: ipvs-status: names are missing\n']);
  });
});
