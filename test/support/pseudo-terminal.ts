import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

/** What a program has drawn on the whole screen of a terminal, without colours. */
export type Screen = readonly string[];

const longestWaitMs = 45_000;

/** A command line in a terminal of its own, which `script` of util-linux makes; keys go in, what is drawn comes out. */
export class PseudoTerminal {
  /** All that was written to it, control sequences included. */
  output = '';
  readonly #process: ChildProcessWithoutNullStreams;
  #wake: () => void = () => {};
  #isOver = false;

  constructor(commandLine: string) {
    this.#process = spawn('script', ['-q', '-c', commandLine, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm', SHELL: '/bin/sh' },
    });
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      this.#wake();
    });
    this.#process.once('close', () => {
      this.#isOver = true;
      this.#wake();
    });
  }

  type(keys: string): void {
    this.#process.stdin.write(keys);
  }

  /** The last whole frame that was drawn since a place in the output. */
  screen(since = 0): Screen {
    const frames = [...this.output.slice(since).matchAll(framePattern)];
    const lines = frames.at(-1)?.[1]?.split(/\r+\n/) ?? []; // the terminal makes \r\n of \n
    return lines.map((line) => line.replace('\x1b[K', '').replace(everyColour, ''));
  }

  /** Waits until the look finds something other than undefined and false; returns that. */
  async until<T>(look: () => T | undefined | false): Promise<T> {
    const deadline = Date.now() + longestWaitMs;
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      if (this.#isOver || Date.now() > deadline) {
        throw new Error(`what was waited for has not come: ${JSON.stringify(this.output.slice(-2000))}`);
      }
      await this.#change();
    }
  }

  /** Takes the terminal away, which ends what still runs in it. */
  close(): void {
    if (this.#isOver) return;
    this.#process.kill('SIGKILL');
    for (const stream of this.#process.stdio) stream?.destroy();
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 1_000);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

// oxlint-disable-next-line no-control-regex -- frames lie between the sequences that go home and that clear the rest
const framePattern = /\x1b\[H((?:(?!\x1b\[H)[\s\S])*?)\x1b\[J/g;
// oxlint-disable-next-line no-control-regex -- colours are control sequences
const everyColour = /\x1b\[\d*m/g;

/** Whether there are colours in what was written. */
export function hasColours(written: string): boolean {
  return written.replace(everyColour, '') !== written;
}
