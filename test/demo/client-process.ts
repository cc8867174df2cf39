import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Between five requests and the next five. */
const pauseMs = 50;

/** Requests to make: to a URL, or one datagram to an address. */
export interface ClientRequest {
  readonly url?: string;
  readonly udp?: { readonly host: string; readonly port: number };
  readonly count: number;
  /** All at the same time; else one after the other. */
  readonly atOnce?: boolean;
}

/** A process that makes requests from where it runs. */
export class ClientProcess {
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  constructor(command: readonly string[]) {
    const [program = '', ...args] = command;
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
  }

  /** What came back, or `error: CODE`, in the order of the requests. One call at a time. */
  ask(request: ClientRequest): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('a client of the demo has ended'));
      this.#child.once('exit', ended);
      this.#lines.once('line', (line) => {
        this.#child.off('exit', ended);
        resolve(JSON.parse(line) as string[]);
      });
      this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    });
  }

  /** Asks again and again while the work goes on; all that came back. */
  async askDuring(url: string, work: () => Promise<void>): Promise<readonly string[]> {
    const answers: string[] = [];
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        answers.push(...(await this.ask({ url, count: 5 })));
        await sleep(pauseMs); // the lab has one CPU, which others need too
      }
    })();
    try {
      await work();
    } finally {
      isOver = true;
      await asking;
    }
    return answers;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
