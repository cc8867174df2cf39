import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import type { LabOptions } from '../lab-options.ts';
import type { Row } from '../row.ts';
import { atMost } from '../row.ts';
import { median } from '../statistics.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const bare = ['-e', '0'];

/** How long Node itself takes to start and end on this machine, outside the lab: ms, the median of some starts. */
export function bareNodeMs(quick: boolean): number {
  return median(Array.from({ length: quick ? 5 : 11 }, bareStart));
}

function bareStart(): number {
  const startMs = performance.now();
  const { status } = spawnSync(process.execPath, bare);
  if (status !== 0) throw new Error(`node ended with ${status}`);
  return performance.now() - startMs;
}

/**
 * Part 8: from starting the shipped daemon, on a node that it has served before, to the answer of /healthz. Times in
 * the lab are not those of a machine: what is compared with the bar is how many times as long as Node itself it takes
 * there, times what Node takes outside.
 */
export async function start({ quick, directory, bareNodeMs: outsideMs }: LabOptions): Promise<readonly Row[]> {
  const objects = join(directory, 'start-objects.json');
  writeFileSync(objects, '{"apiVersion":"v1","kind":"List","items":[]}');
  await servedAfterMs(objects);
  const times: number[] = [];
  for (let run = 0; run < (quick ? 3 : 7); run++) times.push(await servedAfterMs(objects));
  const inLabMs = median(times);
  const bareInLabMs = median(Array.from({ length: quick ? 3 : 7 }, bareStart));
  const ratio = inLabMs / bareInLabMs;
  const note = `in the lab ${inLabMs.toFixed(0)} ms, ${ratio.toFixed(1)} times as long as Node alone (${bareInLabMs.toFixed(0)} ms); Node alone outside ${outsideMs.toFixed(0)} ms`;
  return [{ part: 8, what: 'start to serving /healthz', value: ratio * outsideMs, unit: 'ms', bar: atMost(400), note }];
}

/** Starts the daemon, waits for the answer, and ends it. */
async function servedAfterMs(objects: string): Promise<number> {
  const flags = ['--proxy-mode=ipvs', '--hostname-override=bench-node', `--manifests=${objects}`];
  const startMs = performance.now();
  const daemon = spawn(join(root, 'dist/ipvs-proxier'), flags, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(daemon, 'exit');
  let log = '';
  const listening = new Promise<void>((resolve) => {
    daemon.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('"Listening" server="health server"')) resolve();
    });
  });
  await Promise.race([listening, ended.then(() => Promise.reject(new Error(`the daemon ended:\n${log}`)))]);
  await answer('http://127.0.0.1:10256/healthz');
  const servedMs = performance.now() - startMs;
  daemon.kill('SIGTERM');
  await ended;
  return servedMs;
}

function answer(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      response.resume();
      response.once('end', resolve);
    }).once('error', reject);
  });
}
