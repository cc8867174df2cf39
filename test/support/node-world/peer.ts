import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { PeerAnswer, PeerCommand, PeerRequest, Question } from './peer-request.ts';

/** Longest wait for an answer that has to come, in milliseconds. */
const answerTimeoutMs = 60_000;

/** The program of a peer without its types, which Node would take longer to remove than to start, for each peer anew. */
const program = join(mkdtempSync(join(tmpdir(), 'peer-')), 'peer-program.mjs');
writeFileSync(program, stripTypeScriptTypes(readFileSync(join(import.meta.dirname, 'peer-program.ts'), 'utf8')));

/** An open TCP connection, or a UDP client that keeps its port. */
export interface Dialogue {
  /** `name source` of who answered, or why nobody did. */
  readonly greeting: string;
  /** Sends a line; what comes back: the same line (TCP), `name source` (UDP), or why nothing did. */
  say(text: string, timeoutMs?: number): Promise<string>;
  close(): Promise<void>;
}

/** A program in a network namespace, which listens and asks as it is told. */
export class Peer {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (lines: readonly string[]) => void>();
  #lastId = 0;

  /** Without a namespace the peer is where the test is. */
  constructor(name: string, namespace?: string) {
    this.name = name;
    const command = [process.execPath, program, name];
    const inside = namespace === undefined ? command : ['ip', 'netns', 'exec', namespace, ...command];
    this.#process = spawn(inside[0] as string, inside.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const { id, lines } = JSON.parse(line) as PeerAnswer;
      this.#waiting.get(id)?.(lines);
      this.#waiting.delete(id);
    });
  }

  /** Resolves when the ports are open, all on every address of both families. */
  async listen(ports: { readonly tcp?: readonly number[]; readonly udp?: readonly number[] }): Promise<void> {
    await this.#tell({ kind: 'listen', tcp: ports.tcp ?? [], udp: ports.udp ?? [] }).lines;
  }

  /** Asks `count` times, each time over a new connection; the answers in order. */
  async ask(host: string, port: number, options: AskOptions = {}): Promise<readonly string[]> {
    const { count = 1, protocol = 'TCP', timeoutMs = answerTimeoutMs } = options;
    const question: Question = { protocol, host, port, timeoutMs };
    return await this.#tell({ kind: 'ask', questions: Array.from({ length: count }, () => question) }).lines;
  }

  async open(host: string, port: number, options: Omit<AskOptions, 'count'> = {}): Promise<Dialogue> {
    const { protocol = 'TCP', timeoutMs = answerTimeoutMs } = options;
    const { id, lines } = this.#tell({ kind: 'open', question: { protocol, host, port, timeoutMs } });
    const [greeting = ''] = await lines;
    return {
      greeting,
      say: async (text, answerMs = timeoutMs) =>
        (await this.#tell({ kind: 'say', dialogue: id, text, timeoutMs: answerMs }).lines)[0] ?? '',
      close: async () => void (await this.#tell({ kind: 'close', dialogue: id }).lines),
    };
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }

  #tell(command: PeerCommand): { readonly id: number; readonly lines: Promise<readonly string[]> } {
    const id = ++this.#lastId;
    const request: PeerRequest = { id, ...command };
    const lines = new Promise<readonly string[]>((resolve) => this.#waiting.set(id, resolve));
    this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    return { id, lines };
  }
}

export interface AskOptions {
  /** Default 1. */
  readonly count?: number;
  /** Default TCP. */
  readonly protocol?: 'TCP' | 'UDP';
  /** Default 60000. */
  readonly timeoutMs?: number;
}
