import type { ClusterTables } from '../cluster/tables.ts';
import type { IpFamily } from '../model/ip.ts';
import type { ServiceKey } from '../model/service-key.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { NodeTracker } from './node-tracker.ts';

/** Told of what the probes and dashboards show. */
export interface RoundListener {
  /** A change waits for a round. */
  queued(families: readonly IpFamily[]): void;
  /** A round has put everything in place, except what failed for itself. */
  succeeded(families: readonly IpFamily[]): void;
  /** This node as the API has it; `leaving` when it is being taken out of service. */
  nodeSeen(leaving: boolean): void;
}

export interface RoundParts {
  readonly tables: ClusterTables;
  readonly tracker: NodeTracker;
  readonly reconciler: Reconciler;
  readonly families: readonly IpFamily[];
  readonly metrics: Metrics;
  readonly listener: RoundListener;
  readonly log: Log;
}

/** One round after the other: what changed is planned and applied; nothing is written before the first full listing. */
export class Rounds {
  readonly #parts: RoundParts;
  /** Services that are still to be planned: what a failed round took and did not finish. */
  readonly #unplanned = new Set<ServiceKey>();

  constructor(parts: RoundParts) {
    this.#parts = parts;
  }

  async run(): Promise<void> {
    const { tables, tracker, reconciler } = this.#parts;
    if (!tables.inSync) return;
    const startMs = performance.now();
    await reconciler.audit();
    const changes = tables.takeChanges();
    for (const key of changes.services) this.#unplanned.add(key);
    if (changes.nodes) this.#reportNode();
    const { facts, changed } = await tracker.update();
    if (changed) for (const key of tables.serviceKeys()) this.#unplanned.add(key);
    const planned = this.#unplanned.size;
    await reconciler.plan(this.#unplanned, facts);
    this.#unplanned.clear();
    await reconciler.apply();
    this.#report(planned, (performance.now() - startMs) / 1000);
  }

  #reportNode(): void {
    const { tables, tracker, listener } = this.#parts;
    const node = tables.node(tracker.nodeName);
    if (node !== undefined) listener.nodeSeen(node.leaving);
  }

  #report(planned: number, seconds: number): void {
    const { families, metrics, listener, reconciler, log } = this.#parts;
    for (const family of families) {
      metrics.rounds.finished(family, seconds);
      metrics.rounds.succeeded(family, Date.now() / 1000);
    }
    metrics.proxier.operationsPending('failed', reconciler.failedCount);
    listener.succeeded(families);
    log.debug(2, 'Round finished', { services: planned, seconds, draining: reconciler.drainingCount });
  }
}
