import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Flags that the launcher gives to Node, so that programs of the benchmark run as the daemon does. */
const nodeFlags = ['--max-semi-space-size=2'];
const nodeEnvironment = { MALLOC_ARENA_MAX: '1' };

/**
 * Runs a command in a network namespace of its own, which is empty and has never held anything: a table that was
 * flushed is slow for two minutes, for the kernel looks for old real servers among the deleted ones. Returns what it
 * prints, after the kernel has cleared the namespace away.
 */
export async function inFreshNamespace(command: readonly string[]): Promise<string> {
  const withLoopback = ['--net', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh', ...command];
  const { stdout } = await run('unshare', withLoopback, { env: { ...process.env, ...nodeEnvironment } });
  await machineIdle();
  return stdout;
}

/** Runs one of `programs/` there; its result. */
export async function programResult<T>(program: string, ...args: readonly string[]): Promise<T> {
  const path = `${import.meta.dirname}/programs/${program}.ts`;
  const output = await inFreshNamespace([process.execPath, ...nodeFlags, path, ...args]);
  return lastLine<T>(output);
}

/** Runs one of `programs/` as it is, outside the lab; its result. */
export async function hostProgramResult<T>(program: string, ...args: readonly string[]): Promise<T> {
  const path = `${import.meta.dirname}/programs/${program}.ts`;
  const env = { ...process.env, ...nodeEnvironment };
  return lastLine<T>((await run(process.execPath, [...nodeFlags, path, ...args], { env })).stdout);
}

/** Runs `programs/steady-state.ts` with 10 endpoints per Service; its result. */
export async function steadyStateResult<T>(services: number, changes: number): Promise<T> {
  const path = `${import.meta.dirname}/programs/steady-state.ts`;
  const flags = [...nodeFlags, '--expose-gc'];
  return lastLine<T>(
    await inFreshNamespace([process.execPath, ...flags, path, String(services), '10', String(changes)]),
  );
}

/** Sends a recording from C; the result of `floor/replay.c`. */
export async function floorResult(replay: string, recording: string): Promise<FloorResult> {
  const result = lastLine<FloorResult>(await inFreshNamespace([replay, recording]));
  if (result.refusals > 0) throw new Error(`the kernel refused ${result.refusals} messages of the floor`);
  return result;
}

export interface FloorResult {
  readonly ms: number;
  readonly datagrams: number;
  readonly messages: number;
  readonly refusals: number;
}

function lastLine<T>(output: string): T {
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as T; // printed by our own programs
}

const idleLookMs = 200;
const longestWaitMs = 30_000;

/** Waits until the processor has nothing to do: namespaces are cleared away in the background. */
async function machineIdle(): Promise<void> {
  const deadline = Date.now() + longestWaitMs;
  for (let before = processorTime(); Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, idleLookMs));
    const now = processorTime();
    if (now.idle - before.idle > 0.8 * (now.total - before.total)) return;
    before = now;
  }
}

function processorTime(): { readonly idle: number; readonly total: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  const ticks = line.trim().split(/\s+/).slice(1).map(Number);
  return { idle: (ticks[3] ?? 0) + (ticks[4] ?? 0), total: ticks.reduce((sum, value) => sum + value, 0) };
}
