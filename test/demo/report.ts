import { writeFileSync } from 'node:fs';

interface Check {
  readonly what: string;
  readonly ok: boolean;
  readonly seen: string;
}

/** Colours only where the launcher saw a terminal: in the lab standard output is a pipe. */
const isColoured = process.env.DEMO_COLOUR === '1';
const bold = paint(1);
const red = paint(31);
const green = paint(32);
const yellow = paint(33);
const dim = paint(2);

/** Prints the tour as it goes: chapters, what was run, what came back, what was checked; and remembers the checks. */
export class Report {
  readonly #checks: Check[] = [];
  readonly #startMs = performance.now();
  #chapters = 0;

  get failures(): number {
    return this.#checks.filter(({ ok }) => !ok).length;
  }

  chapter(title: string): void {
    this.#chapters += 1;
    console.log(`\n${bold(`${this.#chapters}. ${title}`)}`);
  }

  /** One or two sentences on what comes. */
  say(text: string): void {
    console.log(`   ${text}`);
  }

  command(commandLine: string): void {
    console.log(`   ${dim('$')} ${yellow(commandLine)}`);
  }

  output(text: string): void {
    console.log(text.trimEnd().replaceAll(/ +$/gm, '').replaceAll(/^/gm, '   '));
  }

  check(what: string, ok: boolean, seen: string): void {
    this.#checks.push({ what, ok, seen });
    console.log(`   ${mark(ok)} ${what}${ok ? '' : red(` (${seen})`)}`);
  }

  table(): void {
    console.log(`\n${bold('What was checked')}\n`);
    const width = Math.max(...this.#checks.map(({ what }) => what.length));
    for (const { what, ok, seen } of this.#checks) console.log(`   ${mark(ok)} ${what.padEnd(width)}  ${dim(seen)}`);
    const all = this.#checks.length;
    const seconds = Math.round((performance.now() - this.#startMs) / 1000);
    const summary = `${all - this.failures} of ${all} as expected, in ${seconds} s`;
    console.log(`\n${this.failures === 0 ? green(summary) : red(summary)}`);
  }

  /** Leaves the counts where Jest would leave them. */
  writeCounts(file: string): void {
    const counts = { numPassedTests: this.#checks.length - this.failures, numFailedTests: this.failures };
    writeFileSync(file, `${JSON.stringify({ ...counts, numPendingTests: 0, checks: this.#checks }, undefined, 2)}\n`);
  }
}

function mark(ok: boolean): string {
  return ok ? green('ok    ') : red('FAILED');
}

function paint(code: number): (text: string) => string {
  return (text) => (isColoured ? `\x1b[${code}m${text}\x1b[0m` : text);
}
