import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { writeFileSync } from 'node:fs';
import { KernelLog } from './kernel-log.ts';
import { labExitCodes, say } from './lab-error.ts';
import type { LabOptions } from './options.ts';
import type { Guest } from './start-guest.ts';

type SignalName = 'INT' | 'TERM' | 'HUP' | 'PIPE';
type EndReason =
  | { readonly kind: 'timeout' }
  | { readonly kind: 'signal'; readonly signal: SignalName }
  | { readonly kind: 'hang' };

const killAfterMs = 5_000;
const destroyAfterMs = 8_000;
const hangCheckMs = 1_000;

/** Watches a guest until it ends: its control channel, its output, its time, and the launcher's signals. */
export class GuestSession {
  readonly #guest: Guest;
  readonly #options: LabOptions;
  readonly #log = new KernelLog();
  readonly #startedAt = performance.now();
  #lastSignOfLife = performance.now();
  #isBooted = false;
  #commandExitCode: number | undefined;
  #endReason: EndReason | undefined;

  constructor(options: { readonly guest: Guest; readonly options: LabOptions }) {
    this.#guest = options.guest;
    this.#options = options.options;
  }

  /** Resolves to the exit code of the launcher when nothing of the guest is left. */
  async watch(): Promise<number> {
    this.#readControlChannel();
    for (const stream of this.#guest.logs) {
      stream.on('data', (chunk: Buffer) => this.#keepLog(chunk));
    }
    this.#relay(this.#guest.stdout, process.stdout);
    this.#relay(this.#guest.stderr, process.stderr);
    this.#watchTime();
    for (const signal of ['INT', 'TERM', 'HUP'] as const) {
      process.on(`SIG${signal}`, () => this.#end({ kind: 'signal', signal }, signal));
    }
    const ending = await this.#ended();
    this.#guest.group.release();
    return this.#conclude(ending);
  }

  #ended(): Promise<string> {
    const child = this.#guest.group.process;
    return new Promise((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('exit', () => this.#guest.group.kill()); // helpers survive the main process and hold our pipes
      child.on('close', (code, signal) => resolve(`exit ${code ?? signal}`));
    });
  }

  #readControlChannel(): void {
    let rest = '';
    this.#guest.control.setEncoding('utf8');
    this.#guest.control.on('error', () => {}); // the guest is gone; its process tells
    this.#guest.control.on('data', (text: string) => {
      this.#lastSignOfLife = performance.now();
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        this.#handleControlLine(line);
      }
    });
  }

  #handleControlLine(line: string): void {
    if (line.startsWith('BOOT')) {
      this.#isBooted = true;
      this.#tell(`booted after ${this.#elapsedSeconds()} s`);
    } else if (line.startsWith('EXIT')) {
      this.#commandExitCode = Number(line.slice('EXIT '.length));
      this.#guest.group.kill(); // output has drained, writable directories are synced
    }
  }

  #keepLog(chunk: Buffer): void {
    this.#log.append(chunk);
    if (this.#options.verbose) {
      process.stderr.write(chunk);
    }
  }

  #relay(from: Readable | undefined, to: Writable): void {
    from?.on('error', () => {});
    from?.pipe(to, { end: false });
    to.on('error', () => {
      from?.resume(); // nobody reads us any more: let the command know, and drop the rest
      this.#end({ kind: 'signal', signal: 'PIPE' }, 'PIPE');
    });
  }

  #watchTime(): void {
    const { timeoutSeconds, hangSeconds, verb, timeTravel } = this.#options;
    if (timeoutSeconds > 0) {
      setTimeout(() => this.#end({ kind: 'timeout' }, 'TERM'), timeoutSeconds * 1000).unref();
    }
    if (hangSeconds > 0 && verb === 'run' && !timeTravel) {
      setInterval(() => this.#checkHang(hangSeconds), hangCheckMs).unref();
    }
  }

  #checkHang(hangSeconds: number): void {
    if (performance.now() - this.#lastSignOfLife > hangSeconds * 1000) {
      this.#endReason ??= { kind: 'hang' };
      this.#guest.group.kill();
    }
  }

  /** Politely at first; at once when asked again, or when there is no world yet to ask. */
  #end(reason: EndReason, signal: SignalName): void {
    const isRepeated = this.#endReason !== undefined;
    this.#endReason ??= reason;
    if (!this.#isBooted || isRepeated || this.#guest.control.destroyed) {
      this.#guest.group.kill();
      return;
    }
    this.#guest.control.write(`${signal}\n`);
    setTimeout(() => this.#guest.control.write('KILL\n'), killAfterMs).unref();
    setTimeout(() => this.#guest.group.kill(), destroyAfterMs).unref();
  }

  #conclude(ending: string): number {
    if (this.#options.kernelLogFile !== undefined) {
      writeFileSync(this.#options.kernelLogFile, this.#log.text);
    }
    const exitCode = this.#exitCode(ending);
    const complaint = this.#log.complaint();
    if (complaint !== undefined) {
      say(`kernel warning: ${complaint}`);
    }
    this.#tell(`exit code ${exitCode} after ${this.#elapsedSeconds()} s`);
    return exitCode;
  }

  #exitCode(ending: string): number {
    const code = this.#commandExitCode;
    const reason = this.#endReason;
    if (reason?.kind === 'timeout') {
      say(`timeout after ${this.#options.timeoutSeconds} s${code === undefined ? ' (the guest did not react)' : ''}`);
      return labExitCodes.timeout;
    }
    if (code !== undefined) {
      return code;
    }
    if (reason?.kind === 'signal') {
      return 128 + constants.signals[`SIG${reason.signal}`];
    }
    const hang = reason && `no sign of life for ${this.#options.hangSeconds} s`;
    say(`the guest ended without a result: ${this.#log.cause() ?? hang ?? ending}\n${this.#log.lastLines()}`);
    return labExitCodes.labFailed;
  }

  #tell(message: string): void {
    if (this.#options.verbose) {
      say(message);
    }
  }

  #elapsedSeconds(): string {
    return ((performance.now() - this.#startedAt) / 1000).toFixed(2);
  }
}
