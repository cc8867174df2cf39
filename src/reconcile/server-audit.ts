import type { ScannedRealServer, TableVisitor } from '../kernel/drivers.ts';
import type { VirtualServer, VirtualServerKey } from '../model/virtual-server.ts';
import type { ServerTable } from './server-table.ts';
import { sameVirtualServerSettings } from '../model/virtual-server.ts';

interface Difference {
  readonly virtualServer: VirtualServer;
  /** Whether the virtual server itself is new or set otherwise. */
  readonly isServer: boolean;
  readonly realServers: number;
}

/** What an audit has found. */
export interface AuditResult {
  /** Virtual servers that are missing, new or set otherwise, and real servers of the others. */
  readonly counts: { readonly virtualServers: number; readonly realServers: number };
  /** Those that are there, and of which something is not as we know it. */
  readonly changed: readonly VirtualServer[];
  readonly missing: readonly VirtualServerKey[];
}

/**
 * Compares a scan of the kernel's table with what we know of it. The scan may be interrupted: what is written meanwhile
 * is left out, for the scan may have seen it before or after.
 */
export class ServerAudit implements TableVisitor {
  readonly pause: () => Promise<void>;
  readonly #table: ServerTable;
  readonly #foreign: ReadonlySet<VirtualServerKey>;
  readonly #unseen: Set<VirtualServerKey>;
  readonly #differences = new Map<VirtualServerKey, Difference>();
  readonly #written = new Set<VirtualServerKey>();

  /** `foreign` are virtual servers that are known to belong to somebody else. */
  constructor(table: ServerTable, foreign: ReadonlySet<VirtualServerKey>, pause: () => Promise<void>) {
    this.#table = table;
    this.#foreign = foreign;
    this.#unseen = new Set(table.observedKeys());
    this.pause = pause;
  }

  virtualServer(virtualServer: VirtualServer): void {
    const { key } = virtualServer;
    const known = this.#table.observedVirtualServer(key);
    this.#unseen.delete(key);
    const isAsKnown = known === undefined ? this.#foreign.has(key) : sameVirtualServerSettings(known, virtualServer);
    if (!isAsKnown) this.#differences.set(key, { virtualServer, isServer: true, realServers: 0 });
  }

  knows(key: VirtualServerKey, digest: number): boolean {
    return this.#table.agrees(key, digest) || !this.#table.isObserved(key);
  }

  realServers(key: VirtualServerKey, realServers: readonly ScannedRealServer[], digest?: number): void {
    const known = this.#table.observed(key);
    if (known === undefined) return;
    let seen = 0;
    let changed = 0;
    for (const scanned of realServers) {
      const expected = known.realServers.get(scanned.key);
      if (expected !== undefined) seen++;
      if (expected?.weight !== scanned.weight || expected.forwarding !== scanned.forwarding) changed++;
    }
    changed += known.realServers.size - seen;
    if (changed === 0) {
      if (digest !== undefined) this.#table.noteAgreement(known.virtualServer.key, digest); // not another copy of the key
      return;
    }
    const { virtualServer = known.virtualServer, isServer = false } = this.#differences.get(key) ?? {};
    this.#differences.set(key, { virtualServer, isServer, realServers: changed });
  }

  /** We write to this virtual server while the scan goes on. */
  written(key: VirtualServerKey): void {
    this.#written.add(key);
  }

  result(): AuditResult {
    for (const key of this.#written) {
      this.#differences.delete(key);
      this.#unseen.delete(key);
    }
    const differences = [...this.#differences.values()];
    return {
      counts: {
        virtualServers: differences.filter(({ isServer }) => isServer).length + this.#unseen.size,
        realServers: differences.reduce((sum, { realServers }) => sum + realServers, 0),
      },
      changed: differences.map(({ virtualServer }) => virtualServer),
      missing: [...this.#unseen],
    };
  }
}
