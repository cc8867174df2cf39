import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const program = join(import.meta.dirname, '..', '..', 'dist', 'ipvs-proxier');
const metricsUrl = 'http://127.0.0.1:10249/metrics';

/** The bundled proxier, run as a user would. It may be started again after `stop`. */
export class ProxierProcess {
  readonly #args: readonly string[];
  readonly #logFile: string;
  #child: ChildProcess | undefined;

  constructor(options: { readonly args: readonly string[]; readonly logFile: string }) {
    this.#args = options.args;
    this.#logFile = options.logFile;
  }

  start(): void {
    const log = openSync(this.#logFile, 'w');
    this.#child = spawn(program, [...this.#args, '--v=2'], { stdio: ['ignore', log, log] });
  }

  /** Asks it to end; the exit code, or the signal that ended it. */
  stop(): Promise<number | string> {
    const child = this.#child;
    if (child === undefined) return Promise.resolve('not running');
    this.#child = undefined;
    return new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
      if (child.exitCode !== null || child.signalCode !== null)
        resolve(child.exitCode ?? child.signalCode ?? 'unknown');
      child.kill('SIGTERM');
    });
  }

  /** Whether a round for both families has succeeded since the start. Throws when the process has ended. */
  async hasFinishedRound(): Promise<boolean> {
    if (this.#child?.exitCode !== null) throw new Error('the proxier has ended');
    const metrics = await this.#metrics().catch(() => []);
    const finished = metrics.filter((line) => line.startsWith('kubeproxy_sync_proxy_rules_last_timestamp_seconds{'));
    return finished.length === 2 && finished.every((line) => Number(line.split(' ')[1]) > 0);
  }

  /** How many operations on the kernel it has made since its start, applied or failed, by kind: every kind of write. */
  async operations(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const line of await this.#metrics()) {
      const [whole, kind = '', value] = /^ipvs_proxier_operations_total\{kind="(\w+)",.*\} (\d+)/.exec(line) ?? [];
      if (whole !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + Number(value));
    }
    return counts;
  }

  /** The last lines of what it logged. */
  logTail(): string {
    return readFileSync(this.#logFile, 'utf8').split('\n').slice(-40).join('\n');
  }

  async #metrics(): Promise<readonly string[]> {
    const response = await fetch(metricsUrl);
    if (!response.ok) throw new Error(`${metricsUrl}: ${response.status}`);
    return (await response.text()).split('\n');
  }
}
