import { writeSync } from 'node:fs';

/** Where finished log text goes. */
export interface LogSink {
  write(text: string): void;
}

/** Writes to a file descriptor; injected so that tests can make it fail. Returns the number of bytes taken. */
export type WriteBytes = (descriptor: number, bytes: Uint8Array) => number;

const stallLimitMs = 250;
const pauseMs = 2;

/**
 * Writes synchronously to standard output (1) or standard error (2). A full pipe is retried for 250 ms; after that
 * the text is dropped, and the next text that gets through is preceded by a line that says how much is missing: a
 * reader that has stopped must not stop the node's Services. A closed pipe drops silently.
 */
export class DescriptorSink implements LogSink {
  readonly #descriptor: number;
  readonly #writeBytes: WriteBytes;
  #droppedBytes = 0;

  constructor(descriptor: 1 | 2, writeBytes: WriteBytes = (to, bytes) => writeSync(to, bytes)) {
    this.#descriptor = descriptor;
    this.#writeBytes = writeBytes;
  }

  write(text: string): void {
    const missing = this.#droppedBytes > 0 ? `log output dropped: ${this.#droppedBytes} bytes\n` : '';
    const bytes = Buffer.from(missing + text, 'utf8');
    const left = this.#writeAll(bytes);
    if (left === 0) this.#droppedBytes = 0;
    else this.#droppedBytes += Math.min(left, Buffer.byteLength(text));
  }

  /** Returns how many bytes could not be written. */
  #writeAll(bytes: Uint8Array): number {
    let done = 0;
    let waitedMs = 0;
    while (done < bytes.length) {
      try {
        done += this.#writeBytes(this.#descriptor, bytes.subarray(done));
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code === 'EINTR') continue;
        if (code !== 'EAGAIN' || waitedMs >= stallLimitMs) break;
        pause();
        waitedMs += pauseMs;
      }
    }
    return bytes.length - done;
  }
}

/** Blocks the thread, without using the processor. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
}
