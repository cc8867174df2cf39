import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atMost, type Row } from '../row.ts';
import { median, percentile } from '../statistics.ts';
import { bareNodeMs } from './start.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const size = ['10000', '10'];
const asked = 'svc/team-0/web-5000';

/**
 * Part 10, outside the lab: `explain` as it ships, from its start to its end, with an API server that has 10,000 x 10. Of
 * the node's kernel there is only what the machine has; the rest is measured in the lab.
 */
export async function explainOutside(quick: boolean): Promise<readonly Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'explain-outside-'));
  const kubeconfig = join(directory, 'kubeconfig');
  const program = join(root, 'test/bench/programs/api-cluster.ts');
  const server = spawn(process.execPath, [program, ...size, kubeconfig], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    await Promise.race([once(server.stdout, 'data'), once(server, 'exit').then(failed)]);
    explainedMs(kubeconfig);
    const times = Array.from({ length: quick ? 7 : 15 }, () => explainedMs(kubeconfig));
    const note = `fastest ${percentile(times, 0).toFixed(0)} ms; Node alone ${bareNodeMs(quick).toFixed(0)} ms; a kernel without IPVS`;
    const what = 'explain of one Service of 10,000 x 10, outside the lab';
    return [{ part: 10, what, value: median(times), unit: 'ms', bar: atMost(300), note }];
  } finally {
    server.kill();
    rmSync(directory, { recursive: true });
  }
}

function failed(): never {
  throw new Error('the API server has ended');
}

function explainedMs(kubeconfig: string): number {
  const startMs = performance.now();
  const words = ['explain', asked, `--kubeconfig=${kubeconfig}`, '--hostname-override=node-1'];
  const { status, stdout } = spawnSync(join(root, 'dist/ipvs-proxier'), words, { encoding: 'utf8' });
  const tookMs = performance.now() - startMs;
  // whether a link is broken depends on the kernel of this machine
  if (status === null || !stdout.includes('10 of 10 used')) throw new Error(`explain ended with ${status}:\n${stdout}`);
  return tookMs;
}
