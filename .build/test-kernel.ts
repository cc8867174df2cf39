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
import { type LabOutcome, labOutcome } from './lab-outcome.ts';
import { spreadFiles } from './spread-files.ts';

const resultsDirectory = '.cache/test-results';
const timeoutSeconds = 1800;
/** A guest that is silent for so long has hung; one that shares its processor with others may be silent for a while. */
const hangSeconds = 180;
/** Memory that a lab with Jest in it may need. */
const labBytes = 1024 ** 3;
const mostLabs = 8;

/** How the tests of one lab ended. */
interface LabRun extends LabOutcome {
  readonly name: string;
  readonly seconds: number;
}

process.chdir(join(import.meta.dirname, '..'));
const { values, positionals } = parseArgs({ options: { labs: { type: 'string' } }, allowPositionals: true });
mkdirSync(resultsDirectory, { recursive: true });
const processors = allowedProcessors();
const groups =
  positionals.length > 0
    ? [positionals]
    : spreadFiles(testFiles(), Number(values.labs ?? labCount())).map((files) => ['--runTestsByPath', ...files]);
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

async function runLab(words: readonly string[], number: number): Promise<LabRun> {
  const name = groups.length === 1 ? 'the lab' : `lab ${number}`;
  const output = join(resultsDirectory, `kernel-${number}.json`);
  rmSync(output, { force: true });
  const startedAt = performance.now();
  // What a failed test left open must not hold up the end until the lab's time is over.
  const jest = ['jest', '--ci', '--runInBand', '--forceExit', '--json', `--outputFile=${output}`, ...words];
  const options = ['--cpu', String(processors[number % processors.length]), '--rw', resultsDirectory];
  const limits = ['--timeout', String(timeoutSeconds), '--hang', String(hangSeconds)];
  const end = await ended(
    ['test/lab/lab.ts', 'run', ...limits, ...options, '--', ...jest],
    groups.length === 1 ? '' : `${name} | `,
  );
  const seconds = (performance.now() - startedAt) / 1000;
  return { name, seconds, ...labOutcome(readResults(output), end, words, positionals.length > 0) };
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

function readResults(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function report(all: readonly LabRun[]): void {
  for (const { name, seconds, passed, failed, death } of all) {
    const counts = death ?? `${passed} passed, ${failed} failed`;
    console.log(`${name}: ${death === undefined ? '' : 'DIED: '}${counts}, ${seconds.toFixed(0)} s`);
  }
  const sum = (count: (outcome: LabRun) => number) => all.reduce((total, outcome) => total + count(outcome), 0);
  const totals = { numPassedTests: sum(({ passed }) => passed), numFailedTests: sum(({ failed }) => failed) };
  writeFileSync(join(resultsDirectory, 'kernel.json'), JSON.stringify({ ...totals, numPendingTests: 0 }));
  process.exitCode = totals.numFailedTests === 0 && totals.numPassedTests > 0 ? 0 : 1;
}
