import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';
import { describeProxies, type OtherProxy } from './other-proxy.ts';

export interface TakeOverOptions {
  /** All that shows of other Service proxies. Not asked while this process serves, for then it answers itself. */
  readonly find: () => Promise<readonly OtherProxy[]>;
  /** Other Service proxies in the process table. */
  readonly findProcesses: () => readonly OtherProxy[];
  /** Begins to serve. What it rejects with ends the process. */
  readonly serve: () => Promise<void>;
  /** Another one has come back: ends serving, and with it the process; the kernel stays as it is. */
  readonly stepBack: (error: Error) => void;
  /** Tells of it, as an Event on the Node. */
  readonly announce: (event: {
    readonly type: 'Normal' | 'Warning';
    readonly reason: string;
    readonly action: string;
    readonly note: string;
  }) => void;
  readonly onFatal: (error: Error) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Between looks while another one serves. */
const waitingLookMs = 400;
/** How many looks in a row must find nobody: one that restarts shows again at once. */
const looksWithout = 2;
/** Between a look that found nobody and the next one. */
const secondLookMs = 250;
/** Between looks at the process table while we serve. */
const servingLookMs = 2_000;

/**
 * Waits until no other Service proxy is alive on this node, then serves: 0.25 to 0.65 seconds after it has gone. When one
 * comes back, as far as the process table shows it, the process ends, to be started again and to wait again: there are
 * never two for longer than that takes to be seen.
 */
export class TakeOver {
  readonly #options: TakeOverOptions;
  #isServing = false;
  #stopped = false;
  #looksWithout = 0;
  #lastSeen = '';
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: TakeOverOptions) {
    this.#options = options;
  }

  get isServing(): boolean {
    return this.#isServing;
  }

  /** Begins to look. */
  start(): void {
    this.#schedule(0);
  }

  /** Ends after the change that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#options.clock.schedule(delayMs, () => {
      this.#running = this.#look().catch((error: unknown) => this.#failed(error));
    });
  }

  async #look(): Promise<void> {
    if (this.#isServing) this.#lookForReturn();
    else await this.#lookForDeparture();
    this.#schedule(this.#restMs());
  }

  #restMs(): number {
    if (this.#isServing) return servingLookMs;
    return this.#looksWithout > 0 ? secondLookMs : waitingLookMs;
  }

  async #lookForDeparture(): Promise<void> {
    const { find, serve, announce, log } = this.#options;
    const found = await find();
    if (found.length > 0) return this.#noteOthers(found);
    this.#looksWithout += 1;
    if (this.#stopped || this.#looksWithout < looksWithout) return;
    log.info('No other Service proxy is alive, taking over', { lastSeen: this.#lastSeen });
    await serve();
    this.#isServing = true;
    const note = this.#lastSeen === '' ? 'no other Service proxy was alive' : `gone: ${this.#lastSeen}`;
    announce({ type: 'Normal', reason: 'TookOver', action: 'TakeOver', note });
  }

  #noteOthers(found: readonly OtherProxy[]): void {
    this.#looksWithout = 0;
    const seen = describeProxies(found);
    if (seen !== this.#lastSeen) this.#options.log.info('Waiting for another Service proxy to go', { seen });
    this.#lastSeen = seen;
  }

  #lookForReturn(): void {
    const { findProcesses, stepBack, announce } = this.#options;
    const found = findProcesses();
    if (found.length === 0) return;
    const note = `another Service proxy has appeared: ${describeProxies(found)}`;
    this.#stopped = true;
    announce({ type: 'Warning', reason: 'SteppedBack', action: 'TakeOver', note });
    stepBack(new Error(`${note}; stepping back`));
  }

  #failed(error: unknown): void {
    this.#options.onFatal(error instanceof Error ? error : new Error(String(error)));
  }
}
