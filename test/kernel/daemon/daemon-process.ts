import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What ships: the launcher with the bundle beside it. */
export const program = join(import.meta.dirname, '..', '..', '..', 'dist', 'ipvs-proxier');

/** Flags of every start: the settings that the first network namespace alone may change are left alone. */
const usualFlags = ['--proxy-mode=ipvs', '--conntrack-max-per-core=0', '--hostname-override=lab', '--v=2'];

export interface DaemonOptions {
  readonly args: readonly string[];
  /** A program with arguments that starts the daemon, e.g. `setpriv`. */
  readonly wrapper?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
}

const advice = /"Configuration may be incomplete or incorrect" err="nodePortAddresses is not set/;

/** How a daemon ended, and what it said. */
export interface DaemonEnd {
  /** Exit code, or the signal that ended it. */
  readonly exit: number | string;
  /** Lines of the log of level error, but for the advice on node ports that every start with these flags gives. */
  readonly errors: readonly string[];
  readonly output: string;
}

/** Every daemon that was started and has not ended. */
const running = new Set<DaemonProcess>();

/** The shipped daemon, started as a user starts it, with its output. */
export class DaemonProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number | string>;
  readonly #listeners = new Set<() => void>();
  #output = '';

  /** Starts it with the usual flags and those given. */
  constructor({ args, wrapper = [], environment = {}, directory = '/' }: DaemonOptions) {
    const [file = '', ...rest] = [...wrapper, program, ...usualFlags, ...args];
    this.#child = spawn(file, rest, { cwd: directory, env: { ...process.env, ...environment }, stdio: 'pipe' });
    running.add(this);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    }
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
    });
    void this.#ended.then(() => running.delete(this)).then(() => this.#take(''));
  }

  /** Kills what a failed test left running. */
  static async killAll(): Promise<void> {
    const left = [...running];
    for (const daemon of left) daemon.#child.kill('SIGKILL');
    await Promise.all(left.map((daemon) => daemon.#ended));
  }

  /** Number of the process that was started: that of the daemon, where the wrapper becomes it. */
  get processId(): number {
    return this.#child.pid ?? 0;
  }

  get output(): string {
    return this.#output;
  }

  /** The first line that fits, from now or before. Throws with all output when the daemon ends without one, or in two minutes. */
  async line(pattern: RegExp, fromOffset = 0): Promise<string> {
    const deadlineMs = performance.now() + 120_000;
    for (;;) {
      const found = this.#output
        .slice(fromOffset)
        .split('\n')
        .find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (!running.has(this)) throw new Error(`it ended without a line like ${pattern}:\n${this.#output}`);
      if (performance.now() > deadlineMs) throw new Error(`no line like ${pattern}:\n${this.#output}`);
      await this.#nextOutput();
    }
  }

  /** Resolves when it has ended by itself, or after `stop`. */
  async end(): Promise<DaemonEnd> {
    const exit = await this.#ended;
    const errors = this.#output.split('\n').filter((line) => /^E\d{4} /.test(line) && !advice.test(line));
    return { exit, errors, output: this.#output };
  }

  /** SIGKILL, which it cannot see coming; how it ended. */
  async kill(): Promise<number | string> {
    this.#child.kill('SIGKILL');
    return await this.#ended;
  }

  /** SIGTERM, and its end. */
  stop(): Promise<DaemonEnd> {
    this.#child.kill('SIGTERM');
    return this.end();
  }

  #nextOutput(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#listeners.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, 1_000);
      this.#listeners.add(wake);
    });
  }

  #take(text: string): void {
    this.#output += text;
    for (const wake of this.#listeners) wake();
  }
}

/** Runs it to its end, which comes by itself. */
export function runDaemon(options: DaemonOptions): Promise<DaemonEnd> {
  return new DaemonProcess(options).end();
}
