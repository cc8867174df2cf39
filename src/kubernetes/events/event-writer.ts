import { type EventReporter, eventNamespace, eventObject, type ProxyEvent } from './event.ts';

/** What became of an attempt: `refused` is final, `unreachable` is worth another one. */
export type EventOutcome = 'written' | 'refused' | 'unreachable';

export interface EventWriterOptions {
  /** Posts the object to the path. Never rejects. */
  readonly post: (path: string, object: object) => Promise<EventOutcome>;
  readonly reporter: EventReporter;
  readonly clock: {
    nowMs(): number;
    monotonicMs(): number;
    schedule(delayMs: number, callback: () => void): () => void;
  };
  /** Numbers from 0 to 1, 1 excluded. */
  readonly random: () => number;
  /** An Event was lost: the queue is full, or the API server does not take it. */
  readonly onLost: (event: ProxyEvent, reason: 'queueFull' | 'refused' | 'unreachable') => void;
}

const limits = {
  queued: 1_000,
  /** Least time between two requests. */
  intervalMs: 200,
  /** Events that every node finds are spread over this time, for one of them is enough. */
  spreadMs: 10_000,
  attempts: 12,
  retryMs: 10_000,
};

interface Waiting {
  readonly event: ProxyEvent;
  readonly attempts: number;
  /** Monotonic: a clock that is set does not change the wait. */
  readonly notBeforeMs: number;
}

/**
 * Writes Events, one after the other, at most five a second. Best effort: nobody waits for it, at most 1,000 Events are
 * kept, and one that does not get through in two minutes is dropped.
 */
export class EventWriter {
  readonly #options: EventWriterOptions;
  #queue: Waiting[] = [];
  #cancel: (() => void) | undefined;
  #writing: Promise<void> | undefined;
  #stopped = false;

  constructor(options: EventWriterOptions) {
    this.#options = options;
  }

  /** Takes the Event; returns at once. */
  write(event: ProxyEvent): void {
    if (this.#stopped) return;
    const { clock, random, onLost } = this.#options;
    if (this.#queue.length >= limits.queued) return onLost(event, 'queueFull');
    const spread = event.scope === 'cluster' ? random() * limits.spreadMs : 0;
    this.#queue.push({ event, attempts: 0, notBeforeMs: clock.monotonicMs() + spread });
    this.#arm(0);
  }

  /** Drops what is waiting; resolves when the request that is running has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    this.#queue = [];
    await this.#writing;
  }

  /** Sets the timer for the Event that is due first, unless one is being written. */
  #arm(leastMs: number): void {
    if (this.#stopped || this.#writing !== undefined || this.#queue.length === 0) return;
    this.#cancel?.();
    const { clock } = this.#options;
    const dueMs = Math.min(...this.#queue.map(({ notBeforeMs }) => notBeforeMs));
    this.#cancel = clock.schedule(Math.max(leastMs, Math.ceil(dueMs - clock.monotonicMs())), () => {
      this.#writing = this.#writeNext();
    });
  }

  async #writeNext(): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    const index = this.#queue.findIndex(({ notBeforeMs }) => notBeforeMs <= nowMs);
    const [next] = index < 0 ? [] : this.#queue.splice(index, 1);
    if (next !== undefined) await this.#attempt(next);
    this.#writing = undefined;
    this.#arm(limits.intervalMs);
  }

  async #attempt({ event, attempts }: Waiting): Promise<void> {
    const { post, reporter, clock, onLost } = this.#options;
    const path = `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(eventNamespace(event))}/events`;
    const outcome = await post(path, eventObject(event, reporter, clock.nowMs()));
    if (outcome === 'written') return;
    if (outcome === 'refused' || attempts + 1 >= limits.attempts) return onLost(event, outcome);
    this.#queue.push({ event, attempts: attempts + 1, notBeforeMs: clock.monotonicMs() + limits.retryMs });
  }
}
