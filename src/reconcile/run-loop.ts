import type { Clock } from '../model/clock.ts';

export interface RunLoopOptions {
  /** One round of work. What it throws counts as a failed round. */
  readonly round: () => Promise<void>;
  /** When a round is needed without any request, in monotonic milliseconds. */
  readonly nextDueMs: () => number | undefined;
  readonly clock: Clock;
  /** Least time between the end of one round and the start of the next. */
  readonly minIntervalMs: number;
  /** Time after which a failed round is repeated, and one that has left undone what it was due for. */
  readonly retryMs: number;
  readonly onError: (error: unknown) => void;
}

/** Runs rounds one at a time: many requests are one round, a failed round is repeated. */
export class RunLoop {
  readonly #options: RunLoopOptions;
  #requested = false;
  #running: Promise<void> | undefined;
  #stopped = false;
  #cancelTimer: (() => void) | undefined;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #lastEndMs = Number.NEGATIVE_INFINITY;
  #retryAtMs: number | undefined;

  constructor(options: RunLoopOptions) {
    this.#options = options;
  }

  /** Asks for a round; returns at once. */
  request(): void {
    if (this.#requested) return;
    this.#requested = true;
    if (this.#running === undefined) this.#arm();
  }

  /** Ends the loop after the round that is running. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    await this.#running;
  }

  /** Sets the timer for the next round; the shortest wait still lets all events of this turn arrive first. */
  #arm(): void {
    if (this.#stopped) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const now = this.#options.clock.monotonicMs();
    const dueMs = this.#requested ? now : (this.#retryAtMs ?? this.#nextDueMs());
    if (dueMs === undefined) return;
    const startMs = Math.max(dueMs, this.#lastEndMs + this.#options.minIntervalMs);
    this.#cancelTimer = this.#options.clock.schedule(Math.max(0, startMs - now), () => {
      this.#running = this.#run();
    });
  }

  #nextDueMs(): number | undefined {
    const dueMs = this.#options.nextDueMs();
    const wasLeftUndone = dueMs !== undefined && dueMs <= this.#lastStartMs;
    return wasLeftUndone ? this.#lastEndMs + this.#options.retryMs : dueMs;
  }

  async #run(): Promise<void> {
    this.#requested = false;
    this.#retryAtMs = undefined;
    this.#lastStartMs = this.#options.clock.monotonicMs();
    try {
      await this.#options.round();
    } catch (error) {
      this.#retryAtMs = this.#options.clock.monotonicMs() + this.#options.retryMs;
      this.#options.onError(error);
    }
    this.#lastEndMs = this.#options.clock.monotonicMs();
    this.#running = undefined;
    this.#arm();
  }
}
