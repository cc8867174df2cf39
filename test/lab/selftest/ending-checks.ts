import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Check } from './checks.ts';
import type { LabBench } from './lab-run.ts';

const timeoutSeconds = 12;
const bootDeadlineMs = 120_000;
const pollMs = 100;
const cleanUpMs = 60_000;

/** How a lab ends when it does not end by itself. */
export const endingChecks: readonly Check[] = [
  {
    name: '--timeout ends the command: 124, in about the time given',
    async run(bench) {
      const args = ['--timeout', String(timeoutSeconds), '--', 'sleep', '300'];
      const { exitCode, stderr, seconds } = await bench.run(args);
      equal(exitCode, 124);
      match(stderr, new RegExp(`timeout after ${timeoutSeconds} s`));
      ok(seconds < timeoutSeconds + 60, `it took ${seconds} s`);
    },
  },
  {
    name: '--timeout ends a command that ignores SIGTERM: 124',
    isSlow: true,
    async run(bench) {
      const script = 'trap "" TERM; while :; do sleep 1; done';
      const { exitCode } = await bench.run(['--timeout', String(timeoutSeconds), '--', 'bash', '-c', script]);
      equal(exitCode, 124);
    },
  },
  {
    name: 'SIGINT of the launcher reaches the command, whose exit code counts',
    async run(bench) {
      // Not a shell: one that is about to wait when the signal comes may keep its trap for later, and wait all the same.
      const script =
        'process.on("SIGINT", () => { console.log("got"); process.exit(3); }); console.log("up"); setInterval(() => {}, 1e9)';
      const child = bench.start(['--', process.execPath, '-e', script]);
      let stdout = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
      });
      await until(bootDeadlineMs, 'the command runs', () => stdout.includes('up'));
      child.kill('SIGINT');
      const [exitCode] = await once(child, 'close');
      deepEqual([exitCode, stdout], [3, 'up\ngot\n']);
    },
  },
  {
    name: 'a kernel panic: 125, and the panic is named',
    needsOwnKernel: true,
    async run(bench) {
      const { exitCode, stderr } = await bench.run(['--', 'bash', '-c', 'echo c >/proc/sysrq-trigger']);
      equal(exitCode, 125);
      match(stderr, /kernel panic: sysrq triggered crash/);
    },
  },
  {
    name: 'a guest that shows no sign of life: 125',
    isSlow: true,
    needsOwnKernel: true,
    async run(bench) {
      const child = bench.start(['--hang', '10', '--', 'bash', '-c', 'echo up; sleep 300']);
      let stderr = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      const stdout = child.stdout;
      ok(stdout);
      await once(stdout, 'data');
      process.kill(mainProcessOf(bench), 'SIGSTOP');
      const [exitCode] = await once(child, 'close');
      equal(exitCode, 125);
      match(stderr, /no sign of life for 10 s/);
    },
  },
  { name: 'the launcher killed early in the boot leaves nothing behind', run: (bench) => killLauncher(bench, 100) },
  {
    name: 'the launcher killed late in the boot leaves nothing behind',
    isSlow: true,
    run: (bench) => killLauncher(bench, 2_000),
  },
  {
    name: 'the launcher killed while the command runs leaves nothing behind',
    isSlow: true,
    run: (bench) => killLauncher(bench, 10_000),
  },
];

/** Kills the launcher the given time after its first process was seen. */
async function killLauncher(bench: LabBench, afterMs: number): Promise<void> {
  const child = bench.start(['--', 'sleep', '300']);
  await until(bootDeadlineMs, 'the guest starts', () => processesOf(bench).length > 0);
  await sleep(afterMs);
  child.kill('SIGKILL');
  await once(child, 'close');
  await until(cleanUpMs, 'all is gone', () => processesOf(bench).length === 0 && bench.runDirectories().length === 0);
}

/** Lines "PID COMMAND" of processes that belong to a lab of this bench. */
function processesOf(bench: LabBench): string[] {
  const all = execFileSync('ps', ['-ww', '-A', '-o', 'pid=,args='], { encoding: 'utf8' });
  return all.split('\n').filter((line) => line.includes(bench.marker));
}

/** The user-mode kernel: the oldest process that names a run directory and is no shell. */
function mainProcessOf(bench: LabBench): number {
  const line = processesOf(bench).find((candidate) => candidate.includes('LABDIR='));
  ok(line, 'the guest is not running');
  return Number.parseInt(line, 10);
}

async function until(limitMs: number, what: string, isDone: () => boolean): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!isDone()) {
    ok(performance.now() < deadline, `waited ${limitMs} ms in vain until ${what}`);
    await sleep(pollMs);
  }
}
