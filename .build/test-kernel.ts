// Runs the tests that need a kernel: Jest in several labs at once, each with a part of the test files.
// usage: test-kernel.ts [--labs N] [-- JEST_ARGUMENT...]
//   With Jest arguments, such as a path, there is one lab. Leaves the totals in .cache/test-results/kernel.json.
import { type ChildProcess, spawn } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { allowedProcessors } from '../test/lab/choose-processor.ts';
import { spreadFiles } from './spread-files.ts';

const resultsDirectory = '.cache/test-results';
const timeoutSeconds = 1800;
/** Memory that a lab with Jest in it may need. */
const labBytes = 1024 ** 3;
const mostLabs = 8;

/** How the tests of one lab ended. */
interface LabOutcome {
  readonly name: string;
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
  /** Why there are no results of it; undefined when there are. */
  readonly death: string | undefined;
}

process.chdir(join(import.meta.dirname, '..'));
const { values, positionals } = parseArgs({ options: { labs: { type: 'string' } }, allowPositionals: true });
mkdirSync(resultsDirectory, { recursive: true });
const processors = allowedProcessors();
const groups = positionals.length > 0 ? [positionals] : spreadFiles(testFiles(), Number(values.labs ?? labCount()));
const running = new Set<ChildProcess>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    for (const lab of running) lab.kill(signal);
  });
}
const outcomes = await Promise.all(groups.map((words, index) => runLab(words, index + 1)));
report(outcomes);

function testFiles(): readonly string[] {
  return globSync('test/{kernel,parity}/**/*.test.ts').sort();
}

/** A lab keeps to one processor, and many tests wait for something: two labs for each. */
function labCount(): number {
  const withMemory = Math.floor(freemem() / labBytes);
  return Math.max(1, Math.min(2 * processors.length, withMemory, mostLabs));
}

async function runLab(words: readonly string[], number: number): Promise<LabOutcome> {
  const name = groups.length === 1 ? 'the lab' : `lab ${number}`;
  const output = join(resultsDirectory, `kernel-${number}.json`);
  rmSync(output, { force: true });
  const startedAt = performance.now();
  // What a failed test left open must not hold up the end until the lab's time is over.
  const jest = ['jest', '--ci', '--runInBand', '--forceExit', '--json', `--outputFile=${output}`, ...words];
  const options = ['--cpu', String(processors[number % processors.length]), '--rw', resultsDirectory];
  const end = await ended(
    ['test/lab/lab.ts', 'run', '--timeout', String(timeoutSeconds), ...options, '--', ...jest],
    groups.length === 1 ? '' : `${name} | `,
  );
  const seconds = (performance.now() - startedAt) / 1000;
  return { name, seconds, ...readOutcome(output, end, words) };
}

/** Runs Node, with its output relayed line by line; how it ended. */
function ended(args: readonly string[], prefix: string): Promise<number | string> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  for (const [stream, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    createInterface({ input: stream }).on('line', (line) => to.write(`${prefix}${line}\n`));
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  }).finally(() => running.delete(child)) as Promise<number | string>;
}

/** A skipped test has not passed, and a file that could not be run is a failure, as is a lab that came to no end. */
function readOutcome(file: string, end: number | string, words: readonly string[]) {
  const lost = { passed: 0, failed: 1, death: `it ended with ${end} and left no results of ${words.join(' ')}` };
  try {
    const counts = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const count = (name: string) => Number(counts[name] ?? 0);
    const failed = count('numFailedTests') + count('numPendingTests') + count('numRuntimeErrorTestSuites');
    const passed = count('numPassedTests');
    if (!Number.isSafeInteger(passed + failed)) return lost;
    return { passed, failed: end === 0 ? failed : Math.max(failed, 1), death: undefined };
  } catch {
    return lost;
  }
}

function report(all: readonly LabOutcome[]): void {
  for (const { name, seconds, passed, failed, death } of all) {
    const counts = death ?? `${passed} passed, ${failed} failed`;
    console.log(`${name}: ${death === undefined ? '' : 'DIED: '}${counts}, ${seconds.toFixed(0)} s`);
  }
  const sum = (count: (outcome: LabOutcome) => number) => all.reduce((total, outcome) => total + count(outcome), 0);
  const totals = { numPassedTests: sum(({ passed }) => passed), numFailedTests: sum(({ failed }) => failed) };
  writeFileSync(join(resultsDirectory, 'kernel.json'), JSON.stringify({ ...totals, numPendingTests: 0 }));
  process.exitCode = totals.numFailedTests === 0 && totals.numPassedTests > 0 ? 0 : 1;
}
