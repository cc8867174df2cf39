import type { ConntrackDriver, TrackedFlow } from '../kernel/drivers.ts';
import type { Clock } from '../model/clock.ts';
import type { IpFamily } from '../model/ip.ts';
import type { IpvsOperation } from '../model/operation.ts';
import type { VirtualServer, VirtualServerKey } from '../model/virtual-server.ts';
import type { ReconcileObserver } from './observer.ts';
import type { ServerTable } from './server-table.ts';
import { ipFamilies } from '../model/ip.ts';
import { virtualServerFamily } from '../model/virtual-server.ts';
import { Attempts } from './attempts.ts';
import { FlowNotes } from './flow-notes.ts';
import { staleFlows, type UdpServers } from './stale-flows.ts';

export interface FlowCleanerOptions {
  readonly table: Pick<ServerTable, 'observed'>;
  readonly driver: ConntrackDriver;
  readonly clock: Clock;
  readonly observer: ReconcileObserver;
  /** Told of every listing that worked, with what was deleted after it. */
  readonly onCleaned?: ((family: IpFamily, seconds: number, deletedFlows: number) => void) | undefined;
  /** Lets the event loop do something else; called between slices of long work. */
  readonly breathe: () => Promise<void>;
}

/** Flows that are compared and deleted before the event loop may do something else. */
const flowsPerSlice = 1_000;

/** How long to rest after a cleaning: ten times as long as it took, within these bounds. */
const restFactor = 10;
const restBoundsMs = { least: 500, most: 30_000 };

/**
 * Removes UDP flows to real servers that are gone. Rounds only note what has become stale; the flows are looked for
 * after them, beside the rounds that follow, in one listing per family for whatever was noted meanwhile. What may be
 * deleted is decided by what the kernel has when the listing is there. Notes stay until that has succeeded.
 */
export class FlowCleaner {
  readonly attempts: Attempts<IpFamily>;
  readonly #options: FlowCleanerOptions;
  /** Of the round in progress. */
  readonly #noted = newNotes();
  /** Of rounds that are over. */
  readonly #due = newNotes();
  /** Being looked for. */
  readonly #underWay = newNotes();
  #running: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #isStopping = false;
  #isAbandoned = false;

  constructor(options: FlowCleanerOptions) {
    this.#options = options;
    this.attempts = new Attempts('flow', options.clock, options.observer);
  }

  /**
   * Notes an operation that the kernel accepted. The first real server in service takes over flows that went nowhere, or
   * to one that was gone before we came.
   */
  note(operation: IpvsOperation): void {
    const { identity, key } = operation.virtualServer;
    if (identity.kind !== 'address' || identity.protocol !== 'UDP') return;
    const notes = this.#noted[virtualServerFamily(identity)];
    if (operation.kind === 'deleteRealServer') notes.noteGone(key, operation.realServer);
    if (operation.kind === 'addRealServer' && !this.#hasServedBefore(operation)) notes.noteAny(key);
  }

  /**
   * Notes a virtual server that was there before us: whoever wrote it may have ended between removing a real server and
   * removing its flows.
   */
  noteFound(virtualServer: VirtualServer | undefined): void {
    const identity = virtualServer?.identity;
    if (virtualServer === undefined || identity?.kind !== 'address' || identity.protocol !== 'UDP') return;
    this.#noted[virtualServerFamily(identity)].noteAny(virtualServer.key);
  }

  /** The round has written all that it had to write: what it noted may be looked for. */
  release(): void {
    for (const family of ipFamilies) this.#due[family].takeFrom(this.#noted[family]);
    this.#arm();
  }

  /** Virtual servers with flows that are still to be looked for. */
  get pendingCount(): number {
    const sizes = [this.#noted, this.#due, this.#underWay].flatMap(({ IPv4, IPv6 }) => [IPv4.size, IPv6.size]);
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Looks for what is due without resting before; resolves when that has succeeded or failed. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    if (this.#hasDue()) await this.#start();
  }

  /** Makes a last attempt, and gives it up after the limit. Returns what `pendingCount` is then. */
  async stop(limitMs: number): Promise<number> {
    this.#isStopping = true;
    this.#cancelTimer?.();
    this.release();
    let cancelLimit = () => {};
    const limit = new Promise<void>((resolve) => {
      cancelLimit = this.#options.clock.schedule(limitMs, resolve);
    });
    await Promise.race([this.drain(), limit]);
    cancelLimit();
    this.#isAbandoned = true;
    return this.pendingCount;
  }

  #hasServedBefore({ virtualServer, realServer }: Extract<IpvsOperation, { kind: 'addRealServer' }>): boolean {
    const { key } = virtualServer;
    if (this.#noted[virtualServerFamily(virtualServer.identity)].hasAny(key)) return true;
    for (const other of this.#options.table.observed(key)?.realServers.values() ?? []) {
      if (other.weight > 0 && other.key !== realServer.key) return true;
    }
    return false;
  }

  #hasDue(): boolean {
    return ipFamilies.some((family) => this.#due[family].size > 0 && this.attempts.isDue(family));
  }

  #arm(): void {
    if (this.#running !== undefined || this.#isStopping) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (ipFamilies.every((family) => this.#due[family].size === 0)) return;
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const dueMs = this.#hasDue() ? nowMs : (this.attempts.nextDueMs() ?? nowMs);
    this.#cancelTimer = clock.schedule(Math.max(dueMs, this.#restUntilMs) - nowMs, () => void this.drain());
  }

  async #start(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#running = this.#run();
    await this.#running;
    this.#running = undefined;
    this.#arm();
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    for (const family of ipFamilies) {
      if (this.#due[family].size > 0 && this.attempts.isDue(family)) await this.#attempt(family);
    }
    const endMs = clock.monotonicMs();
    const { least, most } = restBoundsMs;
    this.#restUntilMs = endMs + Math.min(most, Math.max(least, (endMs - startMs) * restFactor));
  }

  async #attempt(family: IpFamily): Promise<void> {
    const notes = this.#underWay[family];
    notes.takeFrom(this.#due[family]);
    try {
      if (await this.#clean(family, notes)) this.attempts.succeeded(family);
      else this.attempts.forgetUnless((failed) => failed !== family);
      this.#underWay[family] = new FlowNotes();
    } catch (error) {
      this.#due[family].takeFrom(notes);
      if (!this.#isAbandoned) this.attempts.failed(family, error);
    }
  }

  /** Returns whether there was anything to look for. */
  async #clean(family: IpFamily, notes: FlowNotes): Promise<boolean> {
    const { table, driver, clock, onCleaned } = this.#options;
    const startMs = clock.monotonicMs();
    const targets = notes.targets(table);
    if (targets.length === 0) return false;
    const deleted = await this.#deleteStale(await driver.listUdpFlows(family, targets), notes);
    onCleaned?.(family, (clock.monotonicMs() - startMs) / 1000, deleted);
    return true;
  }

  /** Each slice is compared with what the kernel has by then: an endpoint may have come back. */
  async #deleteStale(flows: readonly TrackedFlow[], notes: FlowNotes): Promise<number> {
    const { driver, observer, breathe } = this.#options;
    let deleted = 0;
    for (let start = 0; start < flows.length; start += flowsPerSlice) {
      if (start > 0) await breathe();
      const stale = staleFlows(flows.slice(start, start + flowsPerSlice), this.#serversOf(notes));
      if (stale.length === 0) continue;
      const count = await driver.deleteFlows(stale);
      observer.applied('flow', count);
      deleted += count;
    }
    return deleted;
  }

  /** The virtual servers that were noted, as they are now. */
  #serversOf(notes: FlowNotes): UdpServers {
    const seen = new Map<VirtualServerKey, ReturnType<UdpServers['get']>>();
    return {
      get: (key) => {
        if (!notes.has(key)) return undefined;
        const servers = seen.get(key) ?? this.#options.table.observed(key)?.realServers;
        seen.set(key, servers);
        return servers;
      },
    };
  }
}

function newNotes(): Record<IpFamily, FlowNotes> {
  return { IPv4: new FlowNotes(), IPv6: new FlowNotes() };
}
