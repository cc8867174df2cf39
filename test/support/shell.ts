import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';

/** How a command line ended. */
interface ShellResult {
  /** What it printed, errors included. */
  readonly output: string;
  readonly exitCode: number;
}

/**
 * A shell that stays open and runs one command line after the other. In the kernel lab starting a program from a
 * process as big as the test runner takes a quarter of a second; from a small shell a few milliseconds.
 */
export class Shell {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<never>;
  #output = '';
  #wake: () => void = () => undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    this.#process = spawn('sh', [], { stdio: 'pipe' });
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    this.#ended = new Promise((_, reject) => {
      this.#process.once('exit', (code, signal) => reject(new Error(`the shell ended: ${code ?? signal}`)));
    });
    this.#ended.catch(() => undefined);
  }

  /** Runs a command line after those before it; returns what it prints, errors included. Throws when it fails. */
  async run(commandLine: string): Promise<string> {
    const { output, exitCode } = await this.attempt(commandLine);
    if (exitCode !== 0) throw new Error(`${commandLine}: exit ${exitCode}: ${output}`);
    return output;
  }

  /** The same for a command line that may fail. */
  attempt(commandLine: string): Promise<ShellResult> {
    const result = this.#last.then(() => this.#runNow(commandLine));
    this.#last = result.catch(() => undefined);
    return result;
  }

  close(): void {
    this.#process.stdin.end();
  }

  async #runNow(commandLine: string): Promise<ShellResult> {
    this.#process.stdin.write(`{ ${commandLine}\n} </dev/null 2>&1; printf '\\001%s\\002' $?\n`);
    return await this.#result();
  }

  async #result(): Promise<ShellResult> {
    for (;;) {
      // oxlint-disable-next-line no-control-regex -- no command prints these two, so they mark where its output ends
      const [whole, output = '', status = ''] = /^([^\x01]*)\x01(\d+)\x02/.exec(this.#output) ?? [''];
      if (whole !== '') {
        this.#output = this.#output.slice(whole.length);
        return { output, exitCode: Number(status) };
      }
      await Promise.race([this.#ended, new Promise<void>((resolve) => (this.#wake = resolve))]);
    }
  }

  #take(text: string): void {
    this.#output += text;
    this.#wake();
  }
}
