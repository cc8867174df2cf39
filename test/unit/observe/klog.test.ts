import { describe, expect, it } from '@jest/globals';
import { Klog, type KlogOptions } from '../../../src/observe/klog.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function setup(options: Partial<KlogOptions> = {}) {
  const clock = new ManualClock();
  const writes: string[] = [];
  const klog = new Klog({
    format: 'json',
    verbosity: 0,
    vmodule: [],
    flushFrequencyMs: 5000,
    sink: { write: (text) => writes.push(text) },
    clock,
    processId: 42,
    ...options,
  });
  const messages = (): string[] =>
    writes
      .join('')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
  return { clock, writes, klog, log: klog.named('reconcile/run-loop.ts'), messages };
}

describe('buffering', () => {
  it('writes what was collected after 100 ms', async () => {
    const { clock, writes, log } = setup();
    log.info('one');
    log.warning('two');
    expect(writes).toHaveLength(0);
    await clock.advance(99);
    expect(writes).toHaveLength(0);
    await clock.advance(1);
    expect(writes).toHaveLength(1);
  });

  it('waits no longer than the flush frequency', async () => {
    const { clock, writes, log } = setup({ flushFrequencyMs: 10 });
    log.info('one');
    await clock.advance(10);
    expect(writes).toHaveLength(1);
  });

  it('writes at once when a line is an error, with what came before', () => {
    const { writes, log, messages } = setup();
    log.info('one');
    log.error('two', new Error('why'));
    expect(writes).toHaveLength(1);
    expect(messages()).toEqual(['one', 'two']);
  });

  it('writes at once when 16 KB have come together', () => {
    const { writes, log } = setup();
    log.info('x'.repeat(16 * 1024));
    expect(writes).toHaveLength(1);
  });

  it('writes nothing twice', async () => {
    const { clock, writes, klog, log } = setup();
    log.info('one');
    klog.flush();
    klog.flush();
    await clock.advance(1000);
    expect(writes).toHaveLength(1);
  });
});

describe('verbosity', () => {
  it('shows lines up to the one that is set, also when it changes', () => {
    const { klog, log, messages } = setup({ verbosity: 1 });
    log.debug(1, 'one');
    log.debug(2, 'hidden');
    klog.setVerbosity(2);
    log.debug(2, 'two');
    klog.flush();
    expect(messages()).toEqual(['one', 'two']);
    expect([log.isVerbose(2), log.isVerbose(3), klog.verbosity]).toEqual([true, false, 2]);
  });

  it('can be set by file in the text format', () => {
    const vmodule = [
      { filePattern: 'run-*', verbosity: 4 },
      { filePattern: 'run-loop', verbosity: 9 },
    ];
    const { klog, log } = setup({ format: 'text', vmodule });
    expect([log.isVerbose(4), log.isVerbose(5), klog.named('a.ts').isVerbose(1)]).toEqual([true, false, false]);
  });
});

describe('repeated messages', () => {
  it('are held back after 20 in 10 seconds, then counted', async () => {
    const { clock, klog, log, messages } = setup();
    for (let count = 0; count < 30; count += 1) log.info('again', { count });
    log.info('other');
    klog.named('a.ts').info('again');
    await clock.advance(10_000);
    klog.flush();
    expect(messages()).toEqual([...Array(20).fill('again'), 'other', 'again', 'Message repeated']);
  });

  it('say how many were held back', async () => {
    const { clock, klog, log, writes } = setup();
    for (let count = 0; count < 25; count += 1) log.error('again', new Error('why'));
    await clock.advance(10_000);
    klog.flush();
    const last = JSON.parse(writes.join('').trimEnd().split('\n').at(-1) as string) as Record<string, unknown>;
    expect(last).toMatchObject({ repeated: 'again', times: 5, caller: 'reconcile/run-loop.ts:0' });
  });

  it('are counted when the process ends before the 10 seconds are over', () => {
    const { klog, log, messages } = setup();
    for (let count = 0; count < 21; count += 1) log.info('again');
    klog.flush();
    klog.flush();
    expect(messages().filter((message) => message === 'Message repeated')).toHaveLength(1);
  });

  it('are written again in the next window', async () => {
    const { clock, klog, log, messages } = setup();
    for (let count = 0; count < 20; count += 1) log.info('again');
    await clock.advance(10_000);
    log.info('again');
    klog.flush();
    expect(messages()).toHaveLength(21);
  });

  it('are not held back when a verbosity was asked for', () => {
    const { klog, log, messages } = setup({ verbosity: 4 });
    for (let count = 0; count < 100; count += 1) log.debug(4, 'again');
    klog.flush();
    expect(messages()).toHaveLength(100);
  });
});

it('sends information elsewhere when asked to', () => {
  const info: string[] = [];
  const { klog, log, messages } = setup({ infoSink: { write: (text) => info.push(text) } });
  log.info('one');
  log.warning('two');
  klog.flush();
  expect([info.join('').includes('one'), messages()]).toEqual([true, ['two']]);
});
