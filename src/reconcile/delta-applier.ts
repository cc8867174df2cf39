import type { OperationFailure } from '../kernel/drivers.ts';
import type { Clock } from '../model/clock.ts';
import type { Delta, DeltaMap } from './delta-map.ts';
import type { ObjectKind, ReconcileObserver } from './observer.ts';
import { Attempts } from './attempts.ts';

/** Applies what is pending in a delta map through one driver; each object has its own back-off. */
export class DeltaApplier<Key extends string, Value, Op> {
  readonly attempts: Attempts<Key>;
  readonly #map: DeltaMap<Key, Value>;
  readonly #apply: (operations: readonly Op[]) => Promise<readonly OperationFailure[]>;
  readonly #operation: (delta: Delta<Key, Value>) => Op | undefined;
  readonly #kind: ObjectKind;
  readonly #observer: ReconcileObserver;

  constructor(options: {
    readonly kind: ObjectKind;
    readonly map: DeltaMap<Key, Value>;
    readonly apply: (operations: readonly Op[]) => Promise<readonly OperationFailure[]>;
    /** The operation that settles a difference; undefined while something it depends on is missing. */
    readonly operation: (delta: Delta<Key, Value>) => Op | undefined;
    readonly clock: Clock;
    readonly observer: ReconcileObserver;
  }) {
    this.#kind = options.kind;
    this.#map = options.map;
    this.#apply = options.apply;
    this.#operation = options.operation;
    this.#observer = options.observer;
    this.attempts = new Attempts(options.kind, options.clock, options.observer);
  }

  async applyAdditions(): Promise<void> {
    await this.#applyWhere((delta) => delta.desired !== undefined);
  }

  async applyRemovals(): Promise<void> {
    await this.#applyWhere((delta) => delta.desired === undefined);
  }

  async #applyWhere(chosen: (delta: Delta<Key, Value>) => boolean): Promise<void> {
    if (this.#map.pendingCount === 0 && this.attempts.failedCount === 0) return;
    const deltas: Delta<Key, Value>[] = [];
    const operations: Op[] = [];
    const blocked = new Set<Key>();
    for (const delta of this.#map.pending()) {
      if (!chosen(delta) || !this.attempts.isDue(delta.key)) continue;
      const operation = this.#operation(delta);
      if (operation === undefined) {
        blocked.add(delta.key);
        continue;
      }
      deltas.push(delta);
      operations.push(operation);
    }
    this.attempts.forgetUnless((key) => this.#map.isPending(key) && !blocked.has(key));
    if (operations.length === 0) return;
    const failures = await this.#apply(operations);
    this.#settle(deltas, new Map(failures.map((failure) => [failure.index, failure.error])));
  }

  #settle(deltas: readonly Delta<Key, Value>[], failed: ReadonlyMap<number, unknown>): void {
    this.#observer.applied(this.#kind, deltas.length - failed.size);
    for (const [index, delta] of deltas.entries()) {
      const error = failed.get(index);
      if (error !== undefined) {
        this.attempts.failed(delta.key, error);
      } else {
        this.attempts.succeeded(delta.key);
        this.#map.observe(delta.key, delta.desired);
      }
    }
  }
}
