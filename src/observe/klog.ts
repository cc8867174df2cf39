import type { Clock } from '../model/clock.ts';
import { fileVerbosity, type FilePattern } from './file-verbosity.ts';
import type { Log, LogFields } from './log.ts';
import { type FormatLine, jsonFormat, type LogLine, type Severity, textFormat } from './log-format.ts';
import type { LogSink } from './log-sink.ts';
import { RepeatLimit, repeatWindowMs } from './repeat-limit.ts';

/** What a `Klog` needs. */
export interface KlogOptions {
  readonly format: 'text' | 'json';
  /** Lines up to this verbosity are written; can be changed while running. */
  readonly verbosity: number;
  /** Verbosity by source file; text format only. Earlier entries win. */
  readonly vmodule: readonly FilePattern[];
  /** Longest time that a line waits in the buffer, in milliseconds. Lines never wait longer than 100 ms. */
  readonly flushFrequencyMs: number;
  /** Takes warnings and errors, and everything else too unless `infoSink` is given. */
  readonly sink: LogSink;
  readonly infoSink?: LogSink;
  readonly clock: Clock;
  readonly processId: number;
}

const bufferLimit = 16 * 1024;
const longestWaitMs = 100;

/**
 * The program's log, in the two formats of Kubernetes components. Lines are collected and written 16 KB at a time,
 * after 100 ms at the latest, at once for errors, and by `flush`, which must be called before the process ends.
 * A message that repeats is held back after 20 lines in 10 seconds and then counted in a line of its own; lines that
 * need a verbosity above 0 are never held back.
 */
export class Klog {
  readonly #options: KlogOptions;
  readonly #format: FormatLine;
  readonly #limit = new RepeatLimit();
  readonly #info: LineBuffer;
  readonly #errors: LineBuffer;
  #verbosity: number;
  #sweepIsSet = false;

  constructor(options: KlogOptions) {
    this.#options = options;
    this.#format = options.format === 'json' ? jsonFormat : textFormat(options.processId);
    this.#verbosity = options.verbosity;
    const waitMs = Math.min(longestWaitMs, options.flushFrequencyMs);
    this.#errors = new LineBuffer(options.sink, options.clock, waitMs);
    this.#info =
      options.infoSink === undefined ? this.#errors : new LineBuffer(options.infoSink, options.clock, waitMs);
  }

  /** The log of one source file, named as in `reconcile/run-loop.ts`; that name appears in its lines. */
  named(caller: string): Log {
    const ofFile = this.#options.format === 'text' ? fileVerbosity(caller, this.#options.vmodule) : undefined;
    const isVerbose = (verbosity: number): boolean => verbosity <= (ofFile ?? this.#verbosity);
    return {
      info: (message, fields) => this.#submit(caller, 'info', message, undefined, fields),
      warning: (message, fields) => this.#submit(caller, 'warning', message, undefined, fields),
      error: (message, error, fields) => this.#submit(caller, 'error', message, error ?? null, fields),
      debug: (verbosity, message, fields) => {
        if (isVerbose(verbosity)) this.#write(caller, 'info', verbosity, message, undefined, fields ?? {});
      },
      isVerbose,
    };
  }

  get verbosity(): number {
    return this.#verbosity;
  }

  /** Changes the general verbosity from now on; files with a verbosity of their own keep it. */
  setVerbosity(verbosity: number): void {
    this.#verbosity = verbosity;
  }

  /** Writes everything that waits, also the numbers of lines that were held back. */
  flush(): void {
    this.#reportHeld(true);
    this.#info.flush();
    this.#errors.flush();
  }

  #submit(caller: string, severity: Severity, message: string, error: unknown, fields: LogFields = {}): void {
    const verdict = this.#limit.judge(`${severity} ${caller} ${message}`, this.#options.clock.monotonicMs());
    if (verdict.kind === 'hold') return this.#armSweep();
    if (verdict.kind === 'writeAfterHeld') this.#writeHeld(`${severity} ${caller} ${message}`, verdict.held);
    this.#write(caller, severity, 0, message, error, fields);
  }

  #write(caller: string, severity: Severity, verbosity: number, message: string, error: unknown, fields: LogFields) {
    const line: LogLine = { severity, timeMs: this.#options.clock.nowMs(), caller, verbosity, message, error, fields };
    const buffer = severity === 'info' ? this.#info : this.#errors;
    buffer.add(this.#format(line));
    if (severity === 'error') buffer.flush();
  }

  #armSweep(): void {
    if (this.#sweepIsSet) return;
    this.#sweepIsSet = true;
    this.#options.clock.schedule(repeatWindowMs, () => {
      this.#sweepIsSet = false;
      this.#reportHeld(false);
    });
  }

  #reportHeld(evenIfOpen: boolean): void {
    for (const { key, held } of this.#limit.takeHeld(this.#options.clock.monotonicMs(), { evenIfOpen })) {
      this.#writeHeld(key, held);
    }
  }

  /** One line in place of those that were held back. */
  #writeHeld(key: string, held: number): void {
    const [severity, caller] = key.split(' ', 2) as [Severity, string];
    const message = key.slice(severity.length + caller.length + 2);
    const fields = { repeated: message, times: held };
    this.#write(caller, severity === 'error' ? 'warning' : severity, 0, 'Message repeated', undefined, fields);
  }
}

class LineBuffer {
  readonly #sink: LogSink;
  readonly #clock: Clock;
  readonly #waitMs: number;
  #text = '';
  #cancelTimer: (() => void) | undefined;

  constructor(sink: LogSink, clock: Clock, waitMs: number) {
    this.#sink = sink;
    this.#clock = clock;
    this.#waitMs = waitMs;
  }

  add(line: string): void {
    this.#text += line;
    if (this.#text.length >= bufferLimit) this.flush();
    else this.#cancelTimer ??= this.#clock.schedule(this.#waitMs, () => this.flush());
  }

  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#text === '') return;
    const text = this.#text;
    this.#text = '';
    this.#sink.write(text);
  }
}
