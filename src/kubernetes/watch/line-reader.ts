import type { TimeSlice } from './time-slice.ts';
import { ConnectionError, ProtocolError } from './errors.ts';

/** Far above the largest object that etcd accepts. */
const maxLineBytes = 32 * 1024 * 1024;
const newline = 10;

export interface LineReaderOptions {
  /** Named in errors. */
  readonly request: string;
  readonly body: AsyncIterable<Buffer>;
  readonly slice: TimeSlice;
  /** Called once per line that is not empty. What it throws ends the reading. */
  readonly onLine: (line: string) => void;
}

/**
 * Splits a stream into lines until it ends, letting the event loop run in between. Rejects with `ConnectionError` when
 * the stream ends within a line, with `ProtocolError` for a line that is too long, and with what the stream or `onLine`
 * throws.
 */
export async function readLines(options: LineReaderOptions): Promise<void> {
  const { request, slice, onLine } = options;
  let parts: Buffer[] = [];
  let partBytes = 0;
  for await (const chunk of options.body) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const line = partBytes === 0 ? chunk.toString('utf8', start, end) : joinLine(parts, chunk.subarray(start, end));
      parts = [];
      partBytes = 0;
      start = end + 1;
      if (line !== '') onLine(line);
      if (slice.isOver()) await slice.rest();
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      partBytes += chunk.length - start;
    }
    if (partBytes > maxLineBytes) throw new ProtocolError(request, `a line is longer than ${maxLineBytes} bytes`);
  }
  if (partBytes > 0) throw new ConnectionError(request, 'the stream ended within a line');
}

function joinLine(parts: readonly Buffer[], last: Buffer): string {
  return Buffer.concat([...parts, last]).toString('utf8');
}
