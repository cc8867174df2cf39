import type { IpvsDriver } from '../kernel/drivers.ts';
import type { Clock } from '../model/clock.ts';
import type { IpvsOperation } from '../model/operation.ts';
import type { VirtualServerKey } from '../model/virtual-server.ts';
import type { ReconcileObserver } from './observer.ts';
import type { ServerTable } from './server-table.ts';
import { Attempts } from './attempts.ts';

/** Operations in one batch, less than twice as many at most: keeps neither the event loop nor the kernel for long. */
export const operationsPerBatch = 2048;

/** Virtual servers looked at before the event loop may do something else. */
const lookSlice = 256;

/** Applies what is pending in the server table, in batches; each virtual server has its own back-off. */
export class ServerApplier {
  readonly attempts: Attempts<VirtualServerKey>;
  readonly #table: ServerTable;
  readonly #driver: IpvsDriver;
  readonly #observer: ReconcileObserver;
  readonly #mayBeAdded: (key: VirtualServerKey) => boolean;
  readonly #onApplied: (operation: IpvsOperation) => void;
  readonly #breathe: () => Promise<void>;

  constructor(options: {
    readonly table: ServerTable;
    readonly driver: IpvsDriver;
    readonly clock: Clock;
    readonly observer: ReconcileObserver;
    /** Whether what a new virtual server depends on is in place; until then it is not added. */
    readonly mayBeAdded: (key: VirtualServerKey) => boolean;
    /** Told of every operation that the kernel accepted. */
    readonly onApplied: (operation: IpvsOperation) => void;
    /** Lets the event loop do something else; called between slices of long work. */
    readonly breathe: () => Promise<void>;
  }) {
    this.#table = options.table;
    this.#driver = options.driver;
    this.#observer = options.observer;
    this.#mayBeAdded = options.mayBeAdded;
    this.#onApplied = options.onApplied;
    this.#breathe = options.breathe;
    this.attempts = new Attempts('virtualServer', options.clock, options.observer);
  }

  /** Adds and changes; `first` says which keys go before the others. */
  async applyWanted(first: (key: VirtualServerKey) => boolean): Promise<void> {
    const { before, after } = this.#wantedKeys(first);
    await this.#applyKeys(before);
    await this.#applyKeys(after);
  }

  /** As `applyWanted`, but leaves real servers in service that are not wanted as far as is known. */
  async addWanted(first: (key: VirtualServerKey) => boolean): Promise<void> {
    const { before, after } = this.#wantedKeys(first);
    const operations = [...before, ...after]
      .flatMap((key) => this.#table.operations(key))
      .filter((operation) => operation.kind !== 'setRealServer' || operation.realServer.weight > 0);
    if (operations.length === 0) return;
    for (const [key, error] of await this.#applyBatch(operations)) {
      if (error === undefined) this.attempts.succeeded(key);
      else this.attempts.failed(key, error);
    }
  }

  /** Quiesces virtual servers that nobody wants any more, and removes those without real servers. */
  async applyUnwanted(): Promise<void> {
    await this.#applyKeys(this.#dueKeys((key) => this.#table.desired(key) === undefined));
    this.#forgetSettled();
  }

  /** Applies operations that are not pending in the table: removal of what has drained. */
  async applyExtra(operations: readonly IpvsOperation[]): Promise<void> {
    if (operations.length === 0) return;
    for (const [key, error] of await this.#applyBatch(operations)) {
      if (error !== undefined || !this.#table.isPending(key)) this.#settle(key, error);
    }
  }

  #wantedKeys(first: (key: VirtualServerKey) => boolean) {
    const keys = this.#dueKeys((key) => this.#table.desired(key) !== undefined && this.#mayBeWritten(key));
    return { before: keys.filter(first), after: keys.filter((key) => !first(key)) };
  }

  #mayBeWritten(key: VirtualServerKey): boolean {
    return this.#table.isObserved(key) || this.#mayBeAdded(key);
  }

  /** What waits for its address is not due either: it would be for ever. */
  #forgetSettled(): void {
    const isWaiting = (key: VirtualServerKey) => this.#table.desired(key) !== undefined && !this.#mayBeWritten(key);
    this.attempts.forgetUnless((key) => this.#table.isPending(key) && !isWaiting(key));
  }

  #dueKeys(wanted: (key: VirtualServerKey) => boolean): VirtualServerKey[] {
    return this.#table.pendingKeys().filter((key) => wanted(key) && this.attempts.isDue(key));
  }

  /** Those that fill a batch alone go last: tens of thousands of real servers of one Service hold up no other. */
  async #applyKeys(keys: readonly VirtualServerKey[]): Promise<void> {
    let batch: IpvsOperation[] = [];
    const large: VirtualServerKey[] = [];
    for (const [index, key] of keys.entries()) {
      if (index % lookSlice === lookSlice - 1) await this.#breathe();
      const operations = this.#table.operations(key);
      if (operations.length >= operationsPerBatch) large.push(key);
      else batch.push(...operations);
      if (batch.length < operationsPerBatch) continue;
      await this.#applyWhole(batch);
      batch = [];
    }
    if (batch.length > 0) await this.#applyWhole(batch);
    for (const key of large) await this.#applyInPieces(key);
  }

  /** More operations of one virtual server than a batch holds; the event loop may do something else between two. */
  async #applyInPieces(key: VirtualServerKey): Promise<void> {
    const operations = this.#table.operations(key);
    let failure: unknown;
    for (let start = 0; start < operations.length; start += operationsPerBatch) {
      const outcome = await this.#applyBatch(operations.slice(start, start + operationsPerBatch));
      failure ??= outcome.get(key);
      if (!this.#table.isObserved(key)) break; // it could not be added, or somebody took it away: nor can the rest
      await this.#breathe();
    }
    this.#settle(key, failure);
  }

  /** A batch with all operations of its virtual servers. */
  async #applyWhole(batch: readonly IpvsOperation[]): Promise<void> {
    for (const [key, error] of await this.#applyBatch(batch)) this.#settle(key, error);
  }

  /** Returns the first failure of every virtual server, or undefined. */
  async #applyBatch(batch: readonly IpvsOperation[]): Promise<ReadonlyMap<VirtualServerKey, unknown>> {
    const failures = await this.#driver.apply(batch);
    const failed = new Map(failures.map((failure) => [failure.index, failure.error]));
    const touched = new Map<VirtualServerKey, unknown>();
    let realServers = 0;
    for (const [index, operation] of batch.entries()) {
      const error = failed.get(index);
      const { key } = operation.virtualServer;
      if (error === undefined) {
        this.#table.applied(operation);
        this.#onApplied(operation);
        if ('realServer' in operation) realServers++;
      } else {
        this.#forgetMissing(operation, error.errnoName);
      }
      if (error !== undefined || !touched.has(key)) touched.set(key, touched.get(key) ?? error);
    }
    this.#observer.applied('realServer', realServers);
    this.#observer.applied('virtualServer', batch.length - failed.size - realServers);
    return touched;
  }

  /** What somebody else removed is not observed any more, so that the next attempt makes it anew. */
  #forgetMissing(operation: IpvsOperation, errnoName: string): void {
    const { virtualServer } = operation;
    if (errnoName === 'ESRCH') this.#table.applied({ kind: 'deleteVirtualServer', virtualServer });
    else if (errnoName === 'ENOENT' && 'realServer' in operation) {
      this.#table.applied({ kind: 'deleteRealServer', virtualServer, realServer: operation.realServer });
    }
  }

  #settle(key: VirtualServerKey, error: unknown): void {
    if (error !== undefined) {
      this.attempts.failed(key, error);
      return;
    }
    this.attempts.succeeded(key);
    this.#table.settle(key);
  }
}
