import { EventEmitter } from 'node:events';
import { expect, it } from '@jest/globals';
import { endOnSignal, type Ending } from '../../../src/app/end-on-signal.ts';
import { Klog } from '../../../src/observe/klog.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function setup() {
  const clock = new ManualClock();
  const written: string[] = [];
  const sink = { write: (text: string) => void written.push(text) };
  const klog = new Klog({
    format: 'text',
    verbosity: 0,
    vmodule: [],
    flushFrequencyMs: 5_000,
    sink,
    clock,
    processId: 1,
  });
  const exits: number[] = [];
  const source = new EventEmitter();
  const ending = Object.assign(source, { exit: (code: number) => void exits.push(code) }) as Ending & EventEmitter;
  const signals = endOnSignal({ klog, clock, ending });
  return { clock, exits, written, klog, send: (signal: string) => source.emit(signal, signal), source, signals };
}

it.each(['SIGTERM', 'SIGINT'])('%s ends a program that starts at once, with what the log holds', (signal) => {
  const { exits, written, klog, send } = setup();
  klog.named('a.ts').info('Last words');
  send(signal);
  expect(exits).toEqual([0]);
  expect(written.join('')).toContain('"Last words"');
});

it('lets a program that works stop first, and says so', async () => {
  const { exits, written, send, signals } = setup();
  let stopped = () => {};
  signals.working({ stop: () => new Promise<void>((resolve) => (stopped = resolve)), reload() {} });
  send('SIGTERM');
  await Promise.resolve();
  expect(exits).toEqual([]);
  stopped();
  await new Promise((resolve) => setImmediate(resolve));
  expect(exits).toEqual([0]);
  expect(written.join('')).toContain('"Stopping; Services stay programmed" signal="SIGTERM"');
});

it.each<[string, (parts: ReturnType<typeof setup>) => Promise<void> | boolean]>([
  ['after five seconds', ({ clock }) => clock.advance(5_000)],
  ['at a second signal', ({ send }) => send('SIGINT')],
])('does not wait for ever: ends %s', async (_name, act) => {
  const parts = setup();
  parts.signals.working({ stop: () => new Promise(() => {}), reload() {} });
  parts.send('SIGTERM');
  await parts.clock.advance(4_999);
  expect(parts.exits).toEqual([]);
  await act(parts);
  expect(parts.exits).toEqual([0]);
});

it('ends also when stopping fails', async () => {
  const { exits, written, send, signals } = setup();
  signals.working({ stop: () => Promise.reject(new Error('stuck')), reload() {} });
  send('SIGTERM');
  await new Promise((resolve) => setImmediate(resolve));
  expect(exits).toEqual([0]);
  expect(written.join('')).toContain('err="stuck"');
});

it('reads the files again at SIGHUP, and ignores it before there is anything to read for', () => {
  const { exits, send, signals } = setup();
  let reloads = 0;
  send('SIGHUP');
  signals.working({ stop: async () => undefined, reload: () => void (reloads += 1) });
  send('SIGHUP');
  expect([reloads, exits]).toEqual([1, []]);
});

it('tells of a fault that nobody has caught, with its stack, and ends with exit code 1', () => {
  const { exits, written, source } = setup();
  source.emit('uncaughtException', new TypeError('x is not a function'));
  expect(exits).toEqual([1]);
  expect(written.join('')).toMatch(/"command failed" err="x is not a function"/);
  expect(written.join('')).toContain('end-on-signal.test.ts');
});
