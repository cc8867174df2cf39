import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { slimClientNode } from '../../.build/slim-client-node.ts';
import { kubeconfigText } from '../support/api-server/kubeconfig.ts';
import type { ClusterSize } from './cluster-json.ts';

/** What `programs/list-watch-server.ts` is to send after the lists: every object changed twice, or every slice twice. */
export type Burst = 'allObjects' | 'endpoints';

export interface ApiRun {
  readonly client: 'list-watch' | 'burst';
  readonly size: ClusterSize;
  readonly burst: Burst;
  /** Number of events of the burst. */
  readonly events: number;
}

/**
 * Runs a client, bundled and started as the daemon is, against a server that streams a synthetic cluster over TLS.
 * Returns the client's two messages: after the lists, and after the burst.
 */
export async function runAgainstApi<List, End>(run: ApiRun): Promise<{ list: List; end: End; listMb: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'ipvs-proxier-bench-'));
  const children: ChildProcess[] = [];
  try {
    const bundle = join(directory, 'client.cjs');
    const kubeconfig = join(directory, 'kubeconfig');
    await bundleProgram(run.client, bundle);
    const sizes = [String(run.size.services), String(run.size.endpointsPerService)];
    const server = fork(join(import.meta.dirname, 'programs/list-watch-server.ts'), sizes);
    children.push(server);
    const { port, ca, listBytes } = await messageOf<{ port: number; ca: string; listBytes: number }>(server);
    await writeFile(kubeconfig, kubeconfigText({ server: `https://127.0.0.1:${port}`, ca, token: 'bench' }));
    const env = { ...process.env, MALLOC_ARENA_MAX: '1' };
    const client = fork(bundle, [kubeconfig, String(run.events)], { execArgv: ['--max-semi-space-size=2'], env });
    children.push(client);
    const list = await messageOf<List>(client);
    server.send(run.burst);
    return { list, end: await messageOf<End>(client), listMb: listBytes / 1e6 };
  } finally {
    for (const child of children) child.kill();
    await rm(directory, { recursive: true });
  }
}

/** The next message of a child. The benchmark's own programs are its only senders. */
async function messageOf<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${child.spawnargs.join(' ')} ended early with ${String(code)}`);
  });
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [T];
  return message;
}

/** Bundles as `.build/bundle.ts` does. */
async function bundleProgram(name: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, 'programs', `${name}.ts`)],
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
