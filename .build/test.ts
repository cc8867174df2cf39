// Runs all that a change must pass, prints a table, and leaves the totals in .cache/test-results/totals.
// A step that fails without having counted a failure, or without any count, is one failure.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const resultsDirectory = '.cache/test-results';

interface Step {
  readonly name: string;
  readonly target: string;
  /** JSON files in the results directory that the target writes, each with Jest's counts. */
  readonly results: readonly string[];
}

interface Outcome {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
}

const steps: readonly Step[] = [
  { name: 'lint', target: 'lint', results: [] },
  { name: 'unit', target: 'test-unit', results: ['unit.json'] },
  { name: 'kernel', target: 'test-kernel', results: ['lab.json', 'kernel-1.json', 'kernel-2.json', 'kernel-3.json'] },
  { name: 'demo', target: 'test-demo', results: ['demo.json'] },
];

process.chdir(join(import.meta.dirname, '..'));
rmSync(resultsDirectory, { recursive: true, force: true });
mkdirSync(resultsDirectory, { recursive: true });
const outcomes = steps.map(run);
report(outcomes);

function run({ name, target, results }: Step): Outcome {
  console.log(`==> ${name}`);
  const startedAt = performance.now();
  const { status } = spawnSync('make', ['--no-print-directory', target], { stdio: ['ignore', 'inherit', 'inherit'] });
  const seconds = (performance.now() - startedAt) / 1000;
  const counted = results.map(readCounts);
  const passed = sum(counted.map((counts) => counts.passed));
  const failed = sum(counted.map((counts) => counts.failed));
  return { name, passed, failed: status === 0 ? failed : Math.max(failed, 1), seconds };
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
  const passed = sum(all.map((outcome) => outcome.passed));
  const failed = sum(all.map((outcome) => outcome.failed)) + (passed === 0 ? 1 : 0);
  writeFileSync(join(resultsDirectory, 'totals'), `${passed} passed, ${failed} failed\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
