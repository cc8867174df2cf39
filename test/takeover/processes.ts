import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPrograms, type StartedProgram } from './programs.ts';

const noteProgram = join(import.meta.dirname, 'note-programs.cjs');
const proxierProgram = join(import.meta.dirname, '../../dist/ipvs-proxier');
const pollMs = 50;
/** The lab is one slow processor; this is for a program that will never get there. */
const patienceMs = 240_000;

/** Starts the stand-in for kube-proxy; resolves when it listens. */
export async function startKubeProxy(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'kube-proxy.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

/** Ends a process; resolves when it has gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

/** The bundled program, run as a user would, with its files in one directory. */
export class Proxier {
  readonly #directory: string;
  readonly #logFile: string;
  readonly #programsFile: string;
  /** Where the log of the process that runs now begins. */
  #logStart = 0;
  #child: ChildProcess | undefined;

  /** Writes the objects, which do not change. */
  constructor(directory: string, objects: readonly object[]) {
    this.#directory = directory;
    this.#logFile = join(directory, 'log');
    this.#programsFile = join(directory, 'programs');
    mkdirSync(join(directory, 'manifests'), { recursive: true });
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    writeFileSync(join(directory, 'manifests', 'objects.json'), JSON.stringify(list));
    writeFileSync(this.#logFile, '');
    writeFileSync(this.#programsFile, '');
  }

  start(operation: 'active' | 'takeover'): ChildProcess {
    const settings = join(this.#directory, `${operation}.yaml`);
    writeFileSync(
      settings,
      `apiVersion: ipvs-proxier.io/v1alpha1\nkind: ProxierConfiguration\noperation: ${operation}\n`,
    );
    this.#logStart = this.log().length;
    const log = openSync(this.#logFile, 'a');
    const flags = [
      '--proxy-mode=ipvs',
      '--hostname-override=node-1',
      '--cluster-cidr=10.244.0.0/16,fd00:10:244::/48',
      // Not the gateways of the pods, which are addresses of the node too.
      '--nodeport-addresses=192.168.7.0/24,fd00:7::/64',
      `--manifests=${join(this.#directory, 'manifests')}`,
      `--proxier-config=${settings}`,
      '--v=2',
    ];
    const env = { ...process.env, NODE_OPTIONS: `--require=${noteProgram}`, PROGRAMS_FILE: this.#programsFile };
    this.#child = spawn(proxierProgram, flags, { stdio: ['ignore', log, log], env });
    return this.#child;
  }

  /** Ends it; resolves when it has gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child !== undefined) await end(this.#child, signal);
    this.#child = undefined;
  }

  /** Resolves when the process that runs now has logged this. */
  async says(words: string): Promise<void> {
    const deadlineMs = performance.now() + patienceMs;
    while (!this.log().slice(this.#logStart).includes(words)) {
      const ended = this.#child?.exitCode !== null;
      if (ended || performance.now() > deadlineMs) throw new Error(`not logged: ${words}\n${this.log().slice(-4_000)}`);
      await sleep(pollMs);
    }
  }

  /** Programs that it has started since then, milliseconds since 1970, and that have ended. */
  programsSince(timeMs: number): readonly StartedProgram[] {
    return readPrograms(this.#programsFile).filter(({ startMs }) => startMs >= timeMs);
  }

  log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** Ends it at once, without waiting. */
  abandon(): void {
    this.#child?.kill('SIGKILL');
  }

  /** The values of a metric, by the text of their labels. */
  async metric(port: number, name: string): Promise<ReadonlyMap<string, number>> {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    const rows = (await response.text()).matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (.*)$`, 'gm'));
    return new Map([...rows].map(([, labels = '', value]) => [labels, Number(value)]));
  }
}
