import type { ConntrackDriver } from '../kernel/drivers.ts';
import type { Clock } from '../model/clock.ts';
import type { IpFamily } from '../model/ip.ts';
import type { IpvsOperation } from '../model/operation.ts';
import type { RealServerKey } from '../model/real-server.ts';
import type { VirtualServerKey } from '../model/virtual-server.ts';
import type { ReconcileObserver } from './observer.ts';
import type { ServerTable } from './server-table.ts';
import { formatEndpoint, virtualServerFamily } from '../model/virtual-server.ts';
import { Attempts } from './attempts.ts';
import { staleFlows } from './stale-flows.ts';

/** Removes UDP flows to real servers that are gone. The request stays until it succeeded. */
export class FlowCleaner {
  readonly attempts: Attempts<IpFamily>;
  readonly #wanted = new Set<VirtualServerKey>();
  readonly #table: ServerTable;
  readonly #driver: ConntrackDriver;
  readonly #observer: ReconcileObserver;

  constructor(options: {
    readonly table: ServerTable;
    readonly driver: ConntrackDriver;
    readonly clock: Clock;
    readonly observer: ReconcileObserver;
  }) {
    this.#table = options.table;
    this.#driver = options.driver;
    this.#observer = options.observer;
    this.attempts = new Attempts('flow', options.clock, options.observer);
  }

  /** Notes the virtual servers whose real servers change. */
  note(operation: IpvsOperation): void {
    const { identity, key } = operation.virtualServer;
    if (identity.kind !== 'address' || identity.protocol !== 'UDP') return;
    if (operation.kind === 'addRealServer' || operation.kind === 'deleteRealServer') this.#wanted.add(key);
  }

  /** One reading of the connection table per family, whatever the number of virtual servers. */
  async clean(): Promise<void> {
    if (this.#wanted.size === 0 && this.attempts.failedCount === 0) return;
    for (const family of ['IPv4', 'IPv6'] as const) {
      const keys = [...this.#wanted].filter((key) => this.#familyOf(key) === family);
      if (keys.length === 0) this.attempts.forgetUnless((failed) => failed !== family);
      else if (this.attempts.isDue(family)) await this.#cleanFamily(family, keys);
    }
  }

  async #cleanFamily(family: IpFamily, keys: readonly VirtualServerKey[]): Promise<void> {
    try {
      const stale = staleFlows(await this.#driver.listUdpFlows(family), this.#servers(keys));
      if (stale.length > 0) this.#observer.applied('flow', await this.#driver.deleteFlows(stale));
      for (const key of keys) this.#wanted.delete(key);
      this.attempts.succeeded(family);
    } catch (error) {
      this.attempts.failed(family, error);
    }
  }

  #servers(keys: readonly VirtualServerKey[]): Map<string, ReadonlySet<RealServerKey>> {
    const servers = new Map<string, ReadonlySet<RealServerKey>>();
    for (const key of keys) {
      const observed = this.#table.observed(key);
      if (observed?.virtualServer.identity.kind !== 'address') continue;
      const { address, port } = observed.virtualServer.identity;
      servers.set(formatEndpoint(address, port), new Set(observed.realServers.keys()));
    }
    return servers;
  }

  #familyOf(key: VirtualServerKey): IpFamily | undefined {
    const observed = this.#table.observed(key);
    if (observed === undefined) {
      this.#wanted.delete(key);
      return undefined;
    }
    return virtualServerFamily(observed.virtualServer.identity);
  }
}
