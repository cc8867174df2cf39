import { MessageReader } from './message-reader.ts';

/** Part of a batch that goes to the kernel at once. Offsets in bytes. */
export interface DatagramRange {
  readonly start: number;
  readonly end: number;
  /** Where the last message starts, and its sequence number. */
  readonly lastStart: number;
  readonly lastSequence: number;
}

/** Cuts a batch at message boundaries: at most so many messages and bytes each, but always a whole message. */
export function splitBatch(batch: Uint8Array, mostMessages: number, mostBytes: number): DatagramRange[] {
  const ranges: DatagramRange[] = [];
  const reader = new MessageReader(batch);
  let start = 0;
  let count = 0;
  let last: DatagramRange | undefined;
  while (reader.next()) {
    const end = Math.min((reader.payloadEnd + 3) & ~3, batch.length);
    if (last !== undefined && (count === mostMessages || end - start > mostBytes)) {
      ranges.push(last);
      start = last.end;
      count = 0;
    }
    count++;
    last = { start, end, lastStart: last?.end ?? 0, lastSequence: reader.sequence };
  }
  if (last !== undefined) ranges.push(last);
  return ranges;
}
