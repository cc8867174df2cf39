// The promises of the lab, checked from outside. usage: selftest.ts [--quick] [--output FILE] [--workers N] [-- lab options]
// Prints a line per check; writes the counts as JSON; the exit code is 1 when a check failed.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { allowedProcessors } from '../choose-processor.ts';
import { type Check, commandChecks, kernelChecks } from './checks.ts';
import { endingChecks } from './ending-checks.ts';
import { LabBench } from './lab-run.ts';

const { values, positionals } = parseArgs({
  options: {
    output: { type: 'string' },
    quick: { type: 'boolean', default: false },
    workers: { type: 'string', default: String(Math.min(8, 2 * allowedProcessors().length)) },
  },
  allowPositionals: true,
});
const { exitCode: kernelExitCode, stdout: backend } = await withBench((bench) => bench.run(['--', 'printenv', 'LAB']));
if (kernelExitCode !== 0) {
  console.log('the lab does not run at all: node test/lab/lab.ts doctor');
}
const isOwnKernel = backend.trim() === 'uml';
const queue = [...endingChecks, ...commandChecks, ...kernelChecks].filter(
  (check) => (isOwnKernel || !check.needsOwnKernel) && !(values.quick && check.isSlow),
);
const counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
await Promise.all(Array.from({ length: Number(values.workers) }, runQueue));
if (values.output !== undefined) {
  writeFileSync(values.output, JSON.stringify(counts));
}
console.log(`lab: ${counts.numPassedTests} promises kept, ${counts.numFailedTests} broken`);
process.exitCode = counts.numFailedTests > 0 ? 1 : 0;

async function runQueue(): Promise<void> {
  for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
    await runCheck(check);
  }
}

async function runCheck(check: Check): Promise<void> {
  const startedAt = performance.now();
  try {
    await withBench(async (bench) => {
      await check.run(bench);
      const left = bench.runDirectories();
      if (left.length > 0) {
        throw new Error(`run directories are left: ${left.join(', ')}`);
      }
    });
    counts.numPassedTests += 1;
    console.log(`ok   ${check.name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  } catch (error) {
    counts.numFailedTests += 1;
    console.log(`FAIL ${check.name}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

async function withBench<T>(use: (bench: LabBench) => Promise<T>): Promise<T> {
  const bench = new LabBench(positionals);
  try {
    return await use(bench);
  } finally {
    bench.remove();
  }
}
