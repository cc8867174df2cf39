import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';

const launcher = join(import.meta.dirname, '..', 'lab.ts');

export interface LabRunOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface LabResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
  readonly seconds: number;
}

/** A place of its own for one check: working directory, and a directory in which only its labs keep run directories. */
export class LabBench {
  readonly directory: string;
  readonly #temporary: string;
  readonly #labOptions: readonly string[];

  constructor(labOptions: readonly string[]) {
    this.directory = mkdtempSync(join(tmpdir(), 'labtest-'));
    this.#temporary = join(this.directory, 't');
    this.#labOptions = labOptions;
    mkdirSync(this.#temporary);
  }

  /** Starts `lab run ARGUMENTS`; the options of the self-test come first. */
  start(args: readonly string[], options: LabRunOptions = {}): ChildProcess {
    const child = spawn(process.execPath, [launcher, 'run', ...this.#labOptions, ...args], {
      cwd: options.cwd ?? this.directory,
      env: { ...process.env, ...options.environment, TMPDIR: this.#temporary },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin?.on('error', () => {}); // a launcher that does not read its input is no failure
    child.stdin?.end(options.input ?? '');
    return child;
  }

  async run(args: readonly string[], options: LabRunOptions = {}): Promise<LabResult> {
    const startedAt = performance.now();
    const child = this.start(args, options);
    const closed = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
    const [stdoutBytes, stderr] = await Promise.all([
      child.stdout ? buffer(child.stdout) : Buffer.alloc(0),
      child.stderr ? text(child.stderr) : '',
    ]);
    const exitCode = await closed;
    const seconds = (performance.now() - startedAt) / 1000;
    return { exitCode, stdout: stdoutBytes.toString(), stdoutBytes, stderr, seconds };
  }

  /** Run directories that exist now. */
  runDirectories(): string[] {
    return readdirSync(this.#temporary).filter((name) => name.startsWith('lab-'));
  }

  /** What every process of this bench's labs has in its command line. */
  get marker(): string {
    return `${this.#temporary}/lab-`;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
