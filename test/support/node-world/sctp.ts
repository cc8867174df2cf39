import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Shell } from '../shell.ts';
import type { Addresses } from './network.ts';

/** Servers and clients that speak SCTP, in network namespaces. Needs the kernel's module `sctp` and a C compiler. */
export class SctpPeers {
  readonly #shell: Shell;
  readonly #directory = mkdtempSync(join(tmpdir(), 'sctp-'));
  readonly #program = join(this.#directory, 'sctp');
  readonly #servers: ChildProcess[] = [];

  private constructor(shell: Shell) {
    this.#shell = shell;
  }

  static async open(shell: Shell): Promise<SctpPeers> {
    await shell.run('[ -e /proc/net/sctp ] || modprobe sctp');
    const peers = new SctpPeers(shell);
    const source = join(import.meta.dirname, 'sctp.c');
    const options = ['-Wall', '-Wextra', '-std=gnu11', '-o', peers.#program, source];
    execFileSync('gcc', options, { stdio: ['ignore', 2, 2] });
    return peers;
  }

  /** Answers on this port of the pod's addresses. Resolves when it listens. */
  async serve(namespace: string, name: string, addresses: Addresses, port: number): Promise<void> {
    await Promise.all(Object.values(addresses).map((host) => this.#serveOn(namespace, name, host, port)));
  }

  /** Asks `count` times, each time over a new association: `name source` of who answered, or why nobody did. */
  async ask(namespace: string, host: string, port: number, count: number): Promise<readonly string[]> {
    const answers = await this.#shell.run(`ip netns exec ${namespace} ${this.#program} ask ${host} ${port} ${count}`);
    return answers.trim().split('\n');
  }

  close(): void {
    for (const server of this.#servers) server.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true });
  }

  async #serveOn(namespace: string, name: string, host: string, port: number): Promise<void> {
    const words = ['netns', 'exec', namespace, this.#program, 'serve', name, host, String(port)];
    const child = spawn('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#servers.push(child);
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error(`the SCTP server of ${name} on ${host} ended`))),
    ]);
  }
}
