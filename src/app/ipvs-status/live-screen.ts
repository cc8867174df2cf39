import { writeSync } from 'node:fs';
import { keysOf } from '../../cli/services/watch-state.ts';

/** The part of a terminal's input that is used. */
export interface ScreenInput {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  setEncoding(encoding: 'latin1'): unknown;
  on(event: 'data', listener: (text: string) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** The part of a terminal's output that is used. */
export interface ScreenOutput {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): boolean;
  on(event: 'resize', listener: () => void): unknown;
  on(event: 'drain', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

export interface LiveScreenOptions {
  readonly input: ScreenInput;
  readonly output: ScreenOutput;
  readonly onKey: (key: string) => void;
  readonly onResize: () => void;
  /** Nobody can see the screen any more. */
  readonly onGone: () => void;
  /** Writes the last words at once, whatever state the output is in; by default to descriptor 1. */
  readonly writeLast?: (text: string) => void;
}

/** The other screen, without a cursor and without lines that wrap; and back. Source: xterm's control sequences. */
const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l';

/** A terminal as a screen. Whatever is on it when it is opened is there again when it is closed. */
export class LiveScreen {
  readonly #options: LiveScreenOptions;
  #isOpen = false;
  /** The terminal has not taken the last frame yet; the next ones would only be late. */
  #isBusy = false;

  constructor(options: LiveScreenOptions) {
    this.#options = options;
  }

  get columns(): number {
    return this.#options.output.columns || 80;
  }

  get rows(): number {
    return this.#options.output.rows || 24;
  }

  open(): void {
    const { input, output, onKey, onResize, onGone } = this.#options;
    this.#isOpen = true;
    output.on('error', onGone);
    output.on('resize', onResize);
    output.on('drain', () => (this.#isBusy = false));
    if (input.isTTY === true) {
      input.setRawMode?.(true);
      input.setEncoding('latin1');
      input.on('data', (text) => {
        for (const key of keysOf(text)) onKey(key);
      });
      input.on('end', onGone);
      input.resume();
    }
    output.write(enter);
  }

  /** Draws lines over what there was, without clearing it first, so that nothing flickers. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen || this.#isBusy) return;
    const text = lines.map((line) => `${line}\x1b[K`).join('\r\n');
    this.#isBusy = !this.#options.output.write(`\x1b[H${text}\x1b[J`);
  }

  /** May be called at any time, any number of times. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { input, writeLast = writeAtOnce } = this.#options;
    writeLast(leave);
    if (input.isTTY !== true) return;
    input.setRawMode?.(false);
    input.pause();
  }
}

function writeAtOnce(text: string): void {
  try {
    writeSync(1, text);
  } catch {
    // there is no terminal any more
  }
}
