import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

/** What ended in a phase, as `traffic.c` prints it. */
export interface TrafficCounts {
  readonly seconds: number;
  /** New connections: begun; answered rightly; refused; cut before the answer; never answered; answered wrongly. */
  readonly opened: number;
  readonly answered: number;
  readonly refused: number;
  readonly cut: number;
  readonly lost: number;
  readonly wrong: number;
  /** Exchanges that the program itself could not begin: its own fault, not that of Services. */
  readonly unopened: number;
  /** Long-lived ones, TCP and UDP, that are alive. */
  readonly streams: number;
  readonly streamMessages: number;
  readonly streamCut: number;
  readonly streamLost: number;
  readonly streamWrong: number;
  /** Questions over UDP, from new and from long-lived sockets. */
  readonly udpAnswered: number;
  readonly udpRefused: number;
  readonly udpLost: number;
  readonly udpWrong: number;
  readonly slowestMs: number;
  /** The first fault in words; empty when there was none. */
  readonly fault: string;
}

/** Where questions go, and what a right answer says. */
export interface Target {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** Pods that may answer, a letter each. */
  readonly pods: string;
  /** The client address that the pod has to see; absent where the node's own may stand for it. */
  readonly client?: string;
}

/** The program of `traffic.c`, compiled into this directory. */
export function compileTraffic(directory: string): string {
  const output = join(directory, 'traffic');
  const source = join(import.meta.dirname, 'traffic.c');
  execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-std=gnu11', '-o', output, source], { stdio: ['ignore', 2, 2] });
  return output;
}

/** A pod's servers on TCP 8080 and UDP 5353. Resolves when they listen. */
export async function startServers(program: string, namespace: string, name: string): Promise<ChildProcess> {
  const child = startIn(namespace, [program, 'serve', name, '8080', '5353']);
  await Promise.race([
    once(child.stdout as NodeJS.ReadableStream, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error(`the servers of pod ${name} ended`))),
  ]);
  return child;
}

/** Makes traffic from one place until it is stopped. */
export class TrafficDriver {
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  /** `rate` is new exchanges a second over all targets; `streams` long-lived ones for each. Nowhere is the node. */
  constructor(options: {
    readonly program: string;
    readonly namespace: string | undefined;
    readonly rate: number;
    readonly streams: number;
    readonly targets: readonly Target[];
  }) {
    const { program, namespace, rate, streams, targets } = options;
    const words = targets.map(({ protocol, address, port, pods, client = '*' }) =>
      [protocol, address, port, pods, client].join(),
    );
    this.#child = startIn(namespace, [program, 'drive', String(rate), String(streams), ...words]);
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
  }

  /** Ends a phase; what ended in it. One call at a time. */
  async endPhase(): Promise<TrafficCounts> {
    const answer = once(this.#lines, 'line') as Promise<[string]>;
    this.#child.stdin?.write('\n');
    const ended = once(this.#child, 'exit').then(() => Promise.reject(new Error('a traffic generator ended')));
    const [line] = await Promise.race([answer, ended]);
    return JSON.parse(line) as TrafficCounts; // written by traffic.c
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

function startIn(namespace: string | undefined, command: readonly string[]): ChildProcess {
  const words = namespace === undefined ? command : ['ip', 'netns', 'exec', namespace, ...command];
  const [file = '', ...parameters] = words;
  return spawn(file, parameters, { stdio: ['pipe', 'pipe', 'inherit'] });
}
