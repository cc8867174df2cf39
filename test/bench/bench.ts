import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LabOptions } from './lab-options.ts';
import { burst } from './parts/burst.ts';
import { coldStartAlone } from './parts/cold-start-alone.ts';
import { explainOutside } from './parts/explain-outside.ts';
import { listWatch } from './parts/list-watch.ts';
import { planning } from './parts/planning.ts';
import { bareNodeMs } from './parts/start.ts';
import type { Row } from './row.ts';
import { passes, tableOf } from './row.ts';

// The benchmark: measures all parts, prints one table, exits with 1 when a bar is missed.
//   node test/bench/bench.ts [--quick] [PART...]

const labParts = ['program-servers', 'cold-start', 'steady-state', 'memory', 'listing', 'start', 'explain'];
const hostParts: ReadonlyMap<string, (quick: boolean) => Promise<readonly Row[]>> = new Map([
  ['planning', planning],
  ['burst', burst],
  ['list-watch', listWatch],
  ['explain-outside', explainOutside],
]);
const allParts = [...hostParts.keys(), ...labParts];

const directory = join(import.meta.dirname, 'results');
const repository = join(import.meta.dirname, '..', '..');

async function measure(chosen: readonly string[], quick: boolean): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [name, part] of hostParts) {
    if (!chosen.includes(name)) continue;
    console.error(`==> ${name}`);
    const measured = await part(quick);
    console.error(tableOf(measured));
    rows.push(...measured);
  }
  const parts = chosen.filter((name) => labParts.includes(name));
  if (parts.length > 0) {
    const coldStartAloneMs = parts.includes('cold-start') ? await coldStartAlone(quick) : 0;
    const nodeMs = parts.includes('start') ? bareNodeMs(quick) : 0;
    const options = { parts, quick, directory, replay: compileFloor(), coldStartAloneMs, bareNodeMs: nodeMs };
    rows.push(...measureInLab(options));
  }
  return rows.sort((a, b) => a.part - b.part);
}

/** The floor in C, compiled for this machine. */
function compileFloor(): string {
  const output = join(directory, 'replay');
  const source = join(import.meta.dirname, 'floor/replay.c');
  run('gcc', ['-O2', '-Wall', '-Wextra', '-o', output, source]);
  return output;
}

function measureInLab(options: LabOptions): readonly Row[] {
  const rows = join(directory, 'lab-rows.json');
  rmSync(rows, { force: true });
  const lab = [join(repository, 'test/lab/lab.ts'), 'run', '--mem', '4G', '--timeout', '1200', '--rw', directory, '--'];
  const program = [process.execPath, join(import.meta.dirname, 'lab-parts.ts'), JSON.stringify(options)];
  run(process.execPath, [...lab, ...program]);
  return JSON.parse(readFileSync(rows, 'utf8')) as readonly Row[]; // written by lab-parts.ts
}

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2], cwd: repository });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
}

const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true });
const unknown = positionals.filter((name) => !allParts.includes(name));
if (unknown.length > 0) throw new Error(`no part ${unknown.join(', ')}; there are ${allParts.join(', ')}`);
mkdirSync(directory, { recursive: true });
const quick = values.quick ?? false;
const started = Date.now();
const rows = await measure(positionals.length === 0 ? allParts : positionals, quick);
const seconds = Math.round((Date.now() - started) / 1000);
writeFileSync(
  join(directory, 'bench.json'),
  `${JSON.stringify({ date: new Date(started).toISOString(), quick, seconds, node: process.version, rows }, undefined, 2)}\n`,
);
console.log(tableOf(rows));
const withBar = rows.filter((row) => row.bar !== undefined);
const missed = withBar.filter((row) => !passes(row));
console.log(`\n${withBar.length - missed.length} of ${withBar.length} bars are kept; ${seconds} s`);
process.exitCode = missed.length > 0 ? 1 : 0;
