import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { attemptReading } from './attempt-reading.ts';

/** The kernel hands out about a page per read, whatever the room. */
const readBytes = 64 * 1024;

/** Text handed out before the event loop may do something else: a few milliseconds of work. */
const sliceBytes = 128 * 1024;

/**
 * Reads a text file of the kernel. Reading waits for no disk, so it is done at once; the event loop gets its turn after
 * every slice. Throws `DriverError`.
 */
export async function* readInSlices(path: string): AsyncGenerator<string> {
  const file = attemptReading(path, () => openSync(path, 'r'));
  try {
    const buffer = Buffer.allocUnsafe(readBytes);
    let untilTurn = sliceBytes;
    for (;;) {
      const length = attemptReading(path, () => readSync(file, buffer));
      if (length === 0) return;
      yield buffer.toString('latin1', 0, length);
      untilTurn -= length;
      if (untilTurn > 0) continue;
      await nextTurn();
      untilTurn = sliceBytes;
    }
  } finally {
    closeSync(file);
  }
}
