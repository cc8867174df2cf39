import type { IpvsDriver } from '../kernel/drivers.ts';
import type { Clock } from '../model/clock.ts';
import type { IpvsOperation } from '../model/operation.ts';
import type { ObservedRealServer, RealServer, RealServerKey } from '../model/real-server.ts';
import type { VirtualServer, VirtualServerKey } from '../model/virtual-server.ts';
import type { DrainLimits, Retiree } from './retirement.ts';
import type { ServerTable } from './server-table.ts';
import { mayBeRemoved, nextLookMs } from './retirement.ts';

interface Draining {
  readonly retirees: Map<RealServerKey, Retiree>;
  /** Whether the whole virtual server is to go. */
  readonly isLeaving: boolean;
  nextLookMs: number;
}

/** A virtual server with those of its real servers that drain. */
export interface DrainingServers {
  readonly virtualServer: VirtualServer;
  readonly realServers: readonly (Retiree & { readonly realServer: RealServer })[];
}

/**
 * Follows real servers that drain, and says which may go. Looks only at virtual servers that have some. After a restart
 * it finds them again: weight 0 and not wanted is in the kernel.
 */
export class Retirer {
  readonly #draining = new Map<VirtualServerKey, Draining>();
  readonly #table: ServerTable;
  readonly #driver: IpvsDriver;
  readonly #limits: DrainLimits;
  readonly #clock: Clock;

  constructor(options: {
    readonly table: ServerTable;
    readonly driver: IpvsDriver;
    readonly limits: DrainLimits;
    readonly clock: Clock;
  }) {
    this.#table = options.table;
    this.#driver = options.driver;
    this.#limits = options.limits;
    this.#clock = options.clock;
  }

  /** Number of virtual servers with draining real servers. */
  get size(): number {
    return this.#draining.size;
  }

  /** What drains right now. Costs what the virtual servers cost that have some. */
  *draining(): Generator<DrainingServers> {
    for (const [key, { retirees }] of this.#draining) {
      const virtualServer = this.#table.observed(key)?.virtualServer;
      if (virtualServer === undefined) continue;
      const realServers = this.#table.draining(key).flatMap((realServer) => {
        const retiree = retirees.get(realServer.key);
        return retiree === undefined ? [] : { ...retiree, realServer };
      });
      yield { virtualServer, realServers };
    }
  }

  /** Takes note of what drains in these virtual servers now. */
  follow(keys: Iterable<VirtualServerKey>): void {
    for (const key of keys) this.#follow(key);
  }

  /** When to look again, in monotonic milliseconds; undefined when nothing drains. */
  nextDueMs(): number | undefined {
    let next: number | undefined;
    for (const draining of this.#draining.values()) {
      if (next === undefined || draining.nextLookMs < next) next = draining.nextLookMs;
    }
    return next;
  }

  /** Reads the counters of those that are due; returns the removals that are in order now. */
  async removals(): Promise<readonly IpvsOperation[]> {
    const now = this.#clock.monotonicMs();
    const due = [...this.#draining].filter(([key, draining]) => draining.nextLookMs <= now && this.#stillDrains(key));
    const servers = due.map(([key]) => this.#table.observed(key)?.virtualServer);
    const known = servers.filter((server): server is VirtualServer => server !== undefined);
    if (known.length === 0) return [];
    const listed = await this.#driver.listRealServers(known);
    return known.flatMap((virtualServer, index) => this.#removalsOf(virtualServer, listed[index] ?? [], now));
  }

  /** What is gone without our doing is forgotten: it would be due for ever. */
  #stillDrains(key: VirtualServerKey): boolean {
    const drains = this.#table.draining(key).length > 0;
    if (!drains) this.#draining.delete(key);
    return drains;
  }

  #follow(key: VirtualServerKey): void {
    const servers = this.#table.draining(key);
    if (servers.length === 0) {
      this.#draining.delete(key);
      return;
    }
    const now = this.#clock.monotonicMs();
    const previous = this.#draining.get(key);
    const waiting = this.#table.desired(key)?.waiting;
    const retirees = new Map<RealServerKey, Retiree>();
    for (const { key: server } of servers) {
      const known = previous?.retirees.get(server);
      const goneSinceMs = waiting?.has(server) ? undefined : (known?.goneSinceMs ?? now);
      retirees.set(server, { key: server, sinceMs: known?.sinceMs ?? now, goneSinceMs });
    }
    const isLeaving = this.#table.desired(key) === undefined;
    this.#draining.set(key, { retirees, isLeaving, nextLookMs: nextLook(isLeaving, previous, now) });
  }

  #removalsOf(virtualServer: VirtualServer, listed: readonly ObservedRealServer[], now: number): IpvsOperation[] {
    const draining = this.#draining.get(virtualServer.key);
    if (draining === undefined || virtualServer.identity.kind !== 'address') return [];
    const { protocol } = virtualServer.identity;
    const seen = new Map(listed.map((realServer) => [realServer.key, realServer]));
    const removals: IpvsOperation[] = [];
    let since = now;
    for (const realServer of this.#table.draining(virtualServer.key)) {
      const retiree = draining.retirees.get(realServer.key);
      if (retiree === undefined) continue;
      since = Math.max(0, Math.min(since, retiree.sinceMs));
      const counters = seen.get(realServer.key) ?? { activeConnections: 0, inactiveConnections: 0 };
      if (!mayBeRemoved(protocol, retiree, counters, this.#limits, now)) continue;
      removals.push({ kind: 'deleteRealServer', virtualServer, realServer });
    }
    draining.nextLookMs = now + nextLookMs(since, now);
    const isLastOfAll =
      draining.isLeaving && removals.length === this.#table.observed(virtualServer.key)?.realServers.size;
    return isLastOfAll ? [{ kind: 'deleteVirtualServer', virtualServer }] : removals;
  }
}

/** At once for a virtual server that has just begun to leave: mostly it has no connection and can go. */
function nextLook(isLeaving: boolean, previous: Draining | undefined, now: number): number {
  if (isLeaving && previous?.isLeaving !== true) return now;
  return Math.min(previous?.nextLookMs ?? Number.POSITIVE_INFINITY, now + 1_000);
}
