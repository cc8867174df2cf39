import { describe, expect, it } from '@jest/globals';
import { MessageWriter } from '../../../src/netlink/message-writer.ts';
import { splitBatch } from '../../../src/netlink/split-batch.ts';

/** A batch of messages of these sizes in bytes, header included. */
function batchOf(...sizes: number[]): Uint8Array {
  const writer = new MessageWriter();
  for (const size of sizes) {
    writer.begin(16, 0);
    for (let words = 4; words < size / 4; words++) writer.headerWord(0);
    writer.end();
  }
  return writer.bytes;
}

describe('splitBatch', () => {
  it.each<[string, number[], number, number, number[][]]>([
    ['nothing', [], 10, 100, []],
    ['a batch that fits', [20, 24], 10, 44, [[0, 44, 20, 2]]],
    [
      'at the most messages',
      [16, 16, 16, 16, 16],
      2,
      1000,
      [
        [0, 32, 16, 2],
        [32, 64, 48, 4],
        [64, 80, 64, 5],
      ],
    ],
    [
      'at the most bytes',
      [20, 24, 20],
      10,
      43,
      [
        [0, 20, 0, 1],
        [20, 44, 20, 2],
        [44, 64, 44, 3],
      ],
    ],
    [
      'never inside a message',
      [16, 400, 16],
      10,
      100,
      [
        [0, 16, 0, 1],
        [16, 416, 16, 2],
        [416, 432, 416, 3],
      ],
    ],
    [
      'one by one',
      [16, 20],
      1,
      100,
      [
        [0, 16, 0, 1],
        [16, 36, 16, 2],
      ],
    ],
  ])('cuts %s', (_name, sizes, mostMessages, mostBytes, expected) => {
    const ranges = splitBatch(batchOf(...sizes), mostMessages, mostBytes);
    expect(ranges.map((range) => [range.start, range.end, range.lastStart, range.lastSequence])).toEqual(expected);
  });
});
