import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApiServer } from '../../support/api-server/start-api-server.ts';
import { endpointSlice, service } from '../cluster-json.ts';
import { printResult } from '../print-result.ts';

/** How long `explain` takes from its start to its end, the fastest of some runs. */
export interface MeasuredExplanation {
  readonly services: number;
  readonly seconds: number;
  /** The same for a program that only starts. */
  readonly startSeconds: number;
  /** What shows the same by hand, each of `classicTools` once, one after the other. */
  readonly classicSeconds: number;
}

/** What one looks at without a tool for it. */
const classicTools = [['ipvsadm', '-Ln'], ['iptables-save'], ['ipset', 'list'], ['ip', 'address']];

// Explains one Service of few and of many, beside a running daemon. Run in the lab, after `make build`:
//   node explain-service.ts SERVICES ENDPOINTS ROUNDS

const [services = 10_000, endpoints = 10, rounds = 3] = process.argv.slice(2).map(Number);
const program = 'dist/ipvs-proxier';
const directory = mkdtempSync(join(tmpdir(), 'explain-service-'));
const kubeconfig = join(directory, 'kubeconfig');
const few = 10;

const { objects, kubeconfig: text } = await startApiServer({ serviceCidrs: ['10.64.0.0/10'] });
writeFileSync(kubeconfig, text);
objects.apply({
  kind: 'Node',
  metadata: { name: 'bench' },
  status: { addresses: [{ type: 'InternalIP', address: '192.0.2.2' }] },
});
add(0, few);
const flags = [
  '--proxy-mode=ipvs',
  '--conntrack-max-per-core=0',
  '--hostname-override=bench',
  `--kubeconfig=${kubeconfig}`,
];
const daemon = spawn(program, flags, { stdio: 'ignore' });
const measured: MeasuredExplanation[] = [];
await programmed(few);
measured.push(await measure(few));
add(few, services);
await programmed(services);
measured.push(await measure(services));
daemon.kill();
printResult(measured);
process.exit(0);

function add(from: number, to: number): void {
  for (let index = from; index < to; index++) {
    objects.apply(service(index, 1) as Parameters<typeof objects.apply>[0]);
    objects.apply(endpointSlice(index, 1, endpoints) as Parameters<typeof objects.apply>[0]);
  }
}

async function programmed(count: number): Promise<void> {
  for (;;) {
    await sleep(500);
    const lines = readFileSync('/proc/net/ip_vs', 'utf8').split('\n');
    const real = lines.filter((line) => line.startsWith('  ->')).length - 1;
    if (real >= count * endpoints) return;
    if (daemon.exitCode !== null) throw new Error('the daemon has ended');
  }
}

async function measure(count: number): Promise<MeasuredExplanation> {
  const index = Math.floor(count / 2);
  const words = ['explain', `svc/team-${index % 100}/web-${index}`];
  const starts: number[] = [];
  const explanations: number[] = [];
  const classics: number[] = [];
  for (let round = 0; round < rounds; round++) {
    starts.push(await timed(program, ['help'], [0]));
    explanations.push(await timed(program, words, [0, 1]));
    let classic = 0;
    for (const [tool = '', ...parameters] of classicTools) classic += await timed(tool, parameters, [0]);
    classics.push(classic);
  }
  return {
    services: count,
    seconds: Math.min(...explanations),
    startSeconds: Math.min(...starts),
    classicSeconds: Math.min(...classics),
  };
}

/** Beside this process, which is the API server that it asks. */
function timed(file: string, words: readonly string[], exitCodes: readonly number[]): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(file, words, { stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', reject);
    child.once('close', (code) => {
      if (exitCodes.includes(code ?? -1)) resolve((performance.now() - started) / 1000);
      else reject(new Error(`${file} ${words.join(' ')}: exit ${code}`));
    });
  });
}
