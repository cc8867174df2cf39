import type { ScannedRealServer, TableVisitor } from '../kernel/drivers.ts';
import type { VirtualServer, VirtualServerKey } from '../model/virtual-server.ts';
import type { ServerTable } from './server-table.ts';
import { sameVirtualServerSettings } from '../model/virtual-server.ts';

/** Compares a scan of the kernel's table with what we know of it, and counts in how many places they differ. */
export class ServerAudit implements TableVisitor {
  readonly #table: ServerTable;
  readonly #foreign: ReadonlySet<VirtualServerKey>;
  #seen = 0;
  #virtualServers = 0;
  #realServers = 0;

  /** `foreign` are virtual servers that are known to belong to somebody else. */
  constructor(table: ServerTable, foreign: ReadonlySet<VirtualServerKey>) {
    this.#table = table;
    this.#foreign = foreign;
  }

  virtualServer(virtualServer: VirtualServer): void {
    const known = this.#table.observed(virtualServer.key);
    if (known === undefined) {
      if (!this.#foreign.has(virtualServer.key)) this.#virtualServers++;
      return;
    }
    this.#seen++;
    if (!sameVirtualServerSettings(known.virtualServer, virtualServer)) this.#virtualServers++;
  }

  realServers(key: VirtualServerKey, realServers: readonly ScannedRealServer[]): void {
    const known = this.#table.observed(key)?.realServers;
    if (known === undefined) return;
    let seen = 0;
    for (const scanned of realServers) {
      const expected = known.get(scanned.key);
      if (expected !== undefined) seen++;
      if (expected?.weight !== scanned.weight || expected.forwarding !== scanned.forwarding) this.#realServers++;
    }
    this.#realServers += known.size - seen;
  }

  /** Virtual servers that are missing, new or set otherwise, and real servers of the others. */
  result(): { readonly virtualServers: number; readonly realServers: number } {
    const missing = this.#table.observedCount - this.#seen;
    return { virtualServers: this.#virtualServers + missing, realServers: this.#realServers };
  }
}
