// Runs all that a change must pass, prints a table with the failed tests below it, and leaves the totals in .cache/test-results/totals.
// A step that fails without having counted a failure, or without any count, is one failure.
import { spawn } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { failedTests } from './failed-tests.ts';

const resultsDirectory = '.cache/test-results';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** A JSON file in the results directory that the command writes, with Jest's counts. */
  readonly results?: string;
}

interface Outcome {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
}

const node = process.execPath;

/** Stages, one after the other; the steps of one run at the same time. */
const stages: readonly (readonly Step[])[] = [
  [{ name: 'lint', command: ['make', 'lint'] }],
  [{ name: 'unit', command: ['make', 'test-unit'], results: 'unit.json' }],
  [{ name: 'build', command: ['make', 'image-root'] }],
  [
    {
      name: 'lab',
      command: [node, 'test/lab/selftest/selftest.ts', '--quick', '--output', resultFile('lab.json')],
      results: 'lab.json',
    },
  ],
  [
    { name: 'kernel', command: [node, '.build/test-kernel.ts'], results: 'kernel.json' },
    { name: 'demo', command: [node, 'test/demo/demo.ts', '--output', resultFile('demo.json')], results: 'demo.json' },
  ],
];

process.chdir(join(import.meta.dirname, '..'));
rmSync(resultsDirectory, { recursive: true, force: true });
mkdirSync(resultsDirectory, { recursive: true });
const outcomes: Outcome[] = [];
for (const steps of stages) outcomes.push(...(await Promise.all(steps.map(run))));
report(outcomes);

function resultFile(name: string): string {
  return join(resultsDirectory, name);
}

/** The output of the first step of a stage is shown as it comes, that of the others when they have ended. */
async function run({ name, command, results }: Step, place: number): Promise<Outcome> {
  const isShown = place === 0;
  if (isShown) console.log(`==> ${name}`);
  const startedAt = performance.now();
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: ['ignore', isShown ? 'inherit' : 'pipe', isShown ? 'inherit' : 'pipe'] });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null)).once('close', (code) => resolve(code));
  });
  const output = await Promise.all([child.stdout, child.stderr].map((stream) => (stream === null ? '' : text(stream))));
  const isGood = (await ended) === 0;
  const seconds = (performance.now() - startedAt) / 1000;
  if (!isShown) console.log(`==> ${name}\n${output.join('')}`);
  const { passed, failed } = results === undefined ? { passed: 0, failed: 0 } : readCounts(results);
  return { name, passed, failed: isGood ? failed : Math.max(failed, 1), seconds };
}

/** A skipped or pending test has not passed; a missing file means that the suite died. */
function readCounts(file: string): { passed: number; failed: number } {
  try {
    const counts = JSON.parse(readFileSync(join(resultsDirectory, file), 'utf8'));
    const suitesThatDidNotRun = Number(counts.numRuntimeErrorTestSuites ?? 0);
    return {
      passed: Number(counts.numPassedTests),
      failed: Number(counts.numFailedTests) + Number(counts.numPendingTests) + suitesThatDidNotRun,
    };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

function report(all: readonly Outcome[]): void {
  console.log(`\n${'suite'.padEnd(10)}${'passed'.padStart(8)}${'failed'.padStart(8)}${'seconds'.padStart(10)}`);
  for (const { name, passed, failed, seconds } of all) {
    const cells = [String(passed).padStart(8), String(failed).padStart(8), seconds.toFixed(1).padStart(10)];
    console.log(name.padEnd(10) + cells.join(''));
  }
  for (const { name, message } of globSync(resultFile('*.json')).sort().flatMap(failedIn)) {
    console.log(`\nfailed: ${name}\n${message.replace(/^/gm, '    ')}`);
  }
  const passed = sum(all.map((outcome) => outcome.passed));
  const failed = sum(all.map((outcome) => outcome.failed)) + (passed === 0 ? 1 : 0);
  writeFileSync(join(resultsDirectory, 'totals'), `${passed} passed, ${failed} failed\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}

function failedIn(file: string): ReturnType<typeof failedTests> {
  return failedTests(readFileSync(file, 'utf8'), process.cwd());
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
