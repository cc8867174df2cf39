import { writeSync } from 'node:fs';

/** What a shell reports of a program that a signal ended, here SIGPIPE: `ipvs-status -Ln | head`. */
const endedByBrokenPipe = 128 + 13;
const retryMs = 2;

/** Writes all bytes before it returns, also to a pipe that does not block. Ends the process when nobody reads it. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSome(descriptor, bytes.subarray(at));
}

function writeSome(descriptor: number, bytes: Uint8Array): number {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPIPE') process.exit(endedByBrokenPipe);
    if (code !== 'EAGAIN') throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    return 0;
  }
}
