import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../../../../src/model/clock.ts';
import { readLines } from '../../../../src/kubernetes/watch/line-reader.ts';
import { TimeSlice } from '../../../../src/kubernetes/watch/time-slice.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

async function* bodyOf(chunks: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

async function linesOf(chunks: readonly (string | Buffer)[]): Promise<string[]> {
  const lines: string[] = [];
  const slice = new TimeSlice(new ManualClock());
  await readLines({ request: 'test', body: bodyOf(chunks), slice, onLine: (line) => lines.push(line) });
  return lines;
}

describe('readLines', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['nothing', [], []],
    ['several lines in a chunk', ['a\nb\n'], ['a', 'b']],
    ['a line in several chunks', ['a', 'b', 'c\nd\n'], ['abc', 'd']],
    ['the end of a line in its own chunk', ['ab', '\n'], ['ab']],
    ['empty lines', ['\n\na\n\n'], ['a']],
  ])('splits %s', async (_name, chunks, expected) => {
    expect(await linesOf(chunks)).toEqual(expected);
  });

  it('keeps characters whole that chunks cut through', async () => {
    const bytes = Buffer.from('{"name":"äöü€"}\n');
    expect(await linesOf([...bytes].map((byte) => Buffer.from([byte])))).toEqual(['{"name":"äöü€"}']);
  });

  it('rejects when the stream ends within a line', async () => {
    await expect(linesOf(['a\nb'])).rejects.toMatchObject({ code: 'API_CONNECTION' });
  });

  it('rejects a line without end', async () => {
    const chunk = Buffer.alloc(8 * 1024 * 1024, 'x');
    await expect(linesOf([chunk, chunk, chunk, chunk, chunk])).rejects.toMatchObject({ code: 'API_PROTOCOL' });
  });

  it('lets others run every 10 ms, however much there is to read', async () => {
    let nowMs = 0;
    const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, schedule: () => () => {} };
    const runs: number[] = [];
    const onLine = () => {
      nowMs += 1; // each line takes a millisecond
    };
    const chunk = 'x\n'.repeat(100);
    const reading = readLines({ request: 'test', body: bodyOf([chunk, chunk]), slice: new TimeSlice(clock), onLine });
    let done = false;
    void reading.then(() => {
      done = true;
    });
    while (!done) {
      await nextTurn();
      runs.push(nowMs);
    }
    const gaps = runs.map((time, index) => time - (runs[index - 1] ?? 0));
    expect(nowMs).toBe(200);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(20);
  });
});
