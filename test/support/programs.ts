import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command, CommandResult } from '../../src/kernel/rules/run-command.ts';
import { Shell } from './shell.ts';

/** Runs programs from a small shell, which is much faster in the lab than from the test runner. */
export class Programs {
  readonly #shell = new Shell();
  readonly #directory = mkdtempSync(join(tmpdir(), 'programs-'));
  #last: Promise<unknown> = Promise.resolve();

  run(command: Command): Promise<CommandResult> {
    const result = this.#last.then(() => this.#runNow(command));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Runs a program that has to succeed; returns what it printed. */
  async output(file: string, parameters: readonly string[] = [], input?: string): Promise<string> {
    const result = await this.run({ file, parameters, ...(input !== undefined && { input }) });
    if (result.exitCode !== 0) throw new Error(`${file}: exit ${result.exitCode}: ${result.stderr}`);
    return result.stdout;
  }

  close(): void {
    this.#shell.close();
    rmSync(this.#directory, { recursive: true });
  }

  async #runNow({ file, parameters, input }: Command): Promise<CommandResult> {
    const [stdin, stdout, stderr] = ['in', 'out', 'err'].map((name) => join(this.#directory, name)) as Streams;
    writeFileSync(stdin, input ?? '');
    const libraries = process.env.XTABLES_LIBDIR === undefined ? [] : [`XTABLES_LIBDIR=${process.env.XTABLES_LIBDIR}`];
    const words = ['env', ...libraries, file, ...parameters].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    const status = await this.#shell.run(`${words.join(' ')} <${stdin} >${stdout} 2>${stderr}; echo $?`);
    return {
      exitCode: Number(status),
      stdout: readFileSync(stdout, 'utf8'),
      stderr: readFileSync(stderr, 'utf8'),
    };
  }
}

type Streams = [stdin: string, stdout: string, stderr: string];
