import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { slimClientNode } from '../../.build/slim-client-node.ts';
import { kubeconfigText } from '../support/api-server/kubeconfig.ts';

// Listing and following a cluster over HTTPS, in a process of its own, bundled as the daemon is:
//   node test/bench/list-watch.bench.ts [services] [endpoints per service]
// Prints one table: what the lists cost, then what changing every object twice costs.

const services = Number(process.argv[2] ?? 10_000);
const endpointsPerService = Number(process.argv[3] ?? 10);
const eventCount = services * 2 * 2;

interface Stage {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssMb: number;
  readonly blockedMs: number;
}

/** The next message of a child. The benchmark's own two programs are its only senders. */
async function messageOf<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${child.spawnfile} ended early with ${String(code)}`);
  });
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [T];
  return message;
}

async function bundleClient(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, 'list-watch/client.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    define: { 'import.meta.url': '__bundleUrl' },
    banner: { js: 'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    plugins: [slimClientNode],
    logLevel: 'error',
  });
}

async function run(directory: string): Promise<void> {
  const bundle = join(directory, 'client.cjs');
  const kubeconfig = join(directory, 'kubeconfig');
  await bundleClient(bundle);
  const sizes = [String(services), String(endpointsPerService)];
  const server = fork(join(import.meta.dirname, 'list-watch/server.ts'), sizes);
  const { port, ca, listBytes } = await messageOf<{ port: number; ca: string; listBytes: number }>(server);
  await writeFile(kubeconfig, kubeconfigText({ server: `https://127.0.0.1:${port}`, ca, token: 'bench' }));
  const client = fork(bundle, [kubeconfig, String(eventCount)], {
    execArgv: ['--max-semi-space-size=2', '--expose-gc'],
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
  });
  const { list } = await messageOf<{ list: Stage }>(client);
  server.send('burst');
  const end = await messageOf<{ burst: Stage; heapMb: number; rssMb: number; services: number }>(client);
  server.kill();
  client.kill();
  if (end.services !== services) throw new Error(`the client has ${end.services} Services instead of ${services}`);
  print(list, end, listBytes);
}

function print(list: Stage, end: { burst: Stage; heapMb: number; rssMb: number }, listBytes: number): void {
  const row = {
    'services x endpoints': `${services} x ${endpointsPerService}`,
    'list MB': (listBytes / 1e6).toFixed(1),
    'list s': list.seconds.toFixed(2),
    'list CPU s': list.cpuSeconds.toFixed(2),
    'list peak RSS MB': list.peakRssMb.toFixed(0),
    'list blocked ms': list.blockedMs.toFixed(0),
    'burst events': String(eventCount),
    'burst CPU s': end.burst.cpuSeconds.toFixed(2),
    'burst blocked ms': end.burst.blockedMs.toFixed(0),
    'peak RSS MB': end.burst.peakRssMb.toFixed(0),
    'RSS after MB': end.rssMb.toFixed(0),
    'heap after MB': end.heapMb.toFixed(0),
  };
  console.log(`| ${Object.keys(row).join(' | ')} |`);
  console.log(`|${' --- |'.repeat(Object.keys(row).length)}`);
  console.log(`| ${Object.values(row).join(' | ')} |`);
}

const directory = await mkdtemp(join(tmpdir(), 'list-watch-'));
try {
  await run(directory);
} finally {
  await rm(directory, { recursive: true });
}
