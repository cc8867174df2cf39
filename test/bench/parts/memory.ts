import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabOptions } from '../lab-options.ts';
import type { Row } from '../row.ts';
import { atMost } from '../row.ts';
import { percentile } from '../statistics.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** Part 6: resident memory of the daemon as it is shipped, fed by an API server over TLS, once it has come to rest. */
export async function memory({ quick, directory }: LabOptions): Promise<readonly Row[]> {
  // As long as it takes until the garbage of regular comparisons is as much as it gets.
  const restSeconds = quick ? 60 : 90;
  const empty = await residentMemory({ services: 0, endpoints: 0, restSeconds, directory });
  const full = await residentMemory({ services: 10_000, endpoints: 10, restSeconds, directory });
  const row = (what: string, limit: number, { restMb, anonymousMb, peakMb }: Resident): Row => ({
    part: 6,
    what: `daemon at rest, ${what}: RSS`,
    value: restMb,
    unit: 'MB',
    bar: atMost(limit),
    note: `${anonymousMb.toFixed(0)} MB of it its own, the rest files; peak ${peakMb.toFixed(0)} MB; ${restSeconds} s after everything was programmed`,
  });
  return [row('empty cluster', 80, empty), row('10,000 x 10', 150, full)];
}

interface Resident {
  readonly restMb: number;
  readonly anonymousMb: number;
  readonly peakMb: number;
}

interface Cluster {
  readonly services: number;
  readonly endpoints: number;
  readonly restSeconds: number;
  readonly directory: string;
}

async function residentMemory(cluster: Cluster): Promise<Resident> {
  const kubeconfig = join(cluster.directory, `kubeconfig-${cluster.services}`);
  const server = await startServer(cluster, kubeconfig);
  const log = openSync(join(cluster.directory, `daemon-${cluster.services}.log`), 'w');
  const flags = [`--kubeconfig=${kubeconfig}`, '--cluster-cidr=10.128.0.0/9', '--hostname-override=bench-node'];
  const daemon = spawn(join(root, 'dist/ipvs-proxier'), ['--proxy-mode=ipvs', ...flags], {
    stdio: ['ignore', log, log],
  });
  try {
    await programmed(daemon, cluster);
    await sleep(cluster.restSeconds * 1000);
    return await measure(daemon);
  } finally {
    await ended(daemon);
    await ended(server);
    spawnSync('ipvsadm', ['-C']); // the next part looks at tables in other network namespaces, which this one slows down
  }
}

/** The API server with its cluster, when it is ready. */
async function startServer({ services, endpoints }: Cluster, kubeconfig: string): Promise<ChildProcess> {
  const program = join(import.meta.dirname, '..', 'programs', 'api-cluster.ts');
  const args = [program, String(services), String(endpoints), kubeconfig];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  await Promise.race([
    new Promise((resolve) => server.stdout?.once('data', resolve)),
    failWhenEnded(server, 'the API server'),
  ]);
  return server;
}

const longestWaitMs = 240_000;

/** Waits until the kernel has all virtual and real servers. */
async function programmed(daemon: ChildProcess, { services, endpoints }: Cluster): Promise<void> {
  const deadline = Date.now() + longestWaitMs;
  const failure = failWhenEnded(daemon, 'the daemon');
  for (;;) {
    await Promise.race([sleep(2_000), failure]);
    const { virtualServers, realServers } = serversInKernel();
    // one more is the Service of the API server itself, which has no endpoints
    if (virtualServers === services + 1 && realServers === services * endpoints) return;
    if (Date.now() > deadline) throw new Error(`the daemon programmed ${virtualServers} x ${realServers} servers only`);
  }
}

function serversInKernel(): { readonly virtualServers: number; readonly realServers: number } {
  if (!existsSync('/proc/net/ip_vs')) return { virtualServers: 0, realServers: 0 };
  const lines = readFileSync('/proc/net/ip_vs', 'utf8').split('\n').slice(3);
  const realServers = lines.filter((line) => line.startsWith('  ->')).length;
  return { virtualServers: lines.filter((line) => line.startsWith('TCP')).length, realServers };
}

/** The median of some looks; all in MB of 1,000,000 bytes. */
async function measure(daemon: ChildProcess): Promise<Resident> {
  const looks: Resident[] = [];
  for (let look = 0; look < 5; look++) {
    const status = readFileSync(`/proc/${daemon.pid}/status`, 'utf8');
    const megabytes = (field: string) =>
      (Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024) / 1e6;
    looks.push({ restMb: megabytes('VmRSS'), anonymousMb: megabytes('RssAnon'), peakMb: megabytes('VmHWM') });
    await sleep(500);
  }
  const median = (field: keyof Resident) =>
    percentile(
      looks.map((look) => look[field]),
      0.5,
    );
  return { restMb: median('restMb'), anonymousMb: median('anonymousMb'), peakMb: median('peakMb') };
}

async function failWhenEnded(child: ChildProcess, what: string): Promise<never> {
  const code = await new Promise((resolve) => child.once('exit', resolve));
  throw new Error(`${what} ended with ${String(code)}; its log is in test/bench/results`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}
