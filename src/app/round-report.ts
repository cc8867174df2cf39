import type { Clock } from '../model/clock.ts';
import type { IpFamily } from '../model/ip.ts';
import type { ProxierHealth } from '../observe/health.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { NodeFacts } from '../plan/node-facts.ts';
import type { ChangeMeter } from './change-meter.ts';
import type { HealthCheckPorts } from './health-check-ports.ts';
import type { NoLocalEndpoints } from './no-local-endpoints.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { SetFill } from '../reconcile/set-keeper.ts';
import type { RoundListener } from './rounds.ts';

export interface RoundReportOptions {
  readonly families: readonly IpFamily[];
  readonly metrics: Pick<Metrics, 'registry' | 'rounds' | 'proxier'>;
  readonly health: Pick<ProxierHealth, 'queued' | 'updated' | 'setNode'>;
  readonly meter: Pick<ChangeMeter, 'roundStarted' | 'roundSucceeded'>;
  readonly noLocalEndpoints: Pick<NoLocalEndpoints, 'report'>;
  readonly healthCheckPorts: Pick<HealthCheckPorts, 'settle'>;
  readonly reconciler: Pick<Reconciler, 'failedCounts' | 'pendingCounts' | 'drainingCount' | 'setFill'>;
  /** Told how full each set is. */
  readonly onSetFill: (fill: SetFill) => void;
  /** No more flows will be listed in this round. */
  readonly onEnded: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tells probes and dashboards of requests for rounds and of rounds. */
export class RoundReport implements RoundListener {
  readonly #options: RoundReportOptions;
  #requestedMs: number | undefined;

  constructor(options: RoundReportOptions) {
    this.#options = options;
    const { metrics, families } = options;
    metrics.registry.beforeRender(() => {
      const requestedMs = this.#requestedMs;
      if (requestedMs === undefined) return;
      for (const family of families) metrics.rounds.requested(family, requestedMs / 1000);
    });
  }

  /** The loop has started: from here on a request that waits too long makes the proxier unhealthy. */
  loopStarted(): void {
    this.#requestedMs = this.#options.clock.nowMs();
    for (const family of this.#options.families) this.#options.health.updated(family);
  }

  /** Something changed: a round is wanted. */
  requested(): void {
    this.#requestedMs = this.#options.clock.nowMs();
    for (const family of this.#options.families) this.#options.health.queued(family);
  }

  nodeSeen(leaving: boolean): void {
    this.#options.health.setNode({ isBeingDeleted: leaving, taintKeys: [] });
  }

  started(): void {
    this.#options.meter.roundStarted();
  }

  succeeded(facts: NodeFacts): void {
    const { families, metrics, health, meter, noLocalEndpoints, healthCheckPorts, clock, log } = this.#options;
    meter.roundSucceeded();
    noLocalEndpoints.report(families, (...shown) => metrics.rounds.noLocalEndpoints(...shown));
    for (const family of families) {
      health.updated(family);
      metrics.rounds.succeeded(family, clock.nowMs() / 1000);
    }
    healthCheckPorts.settle(facts).catch((error: unknown) => log.error('Health check ports are not in place', error));
  }

  ended(seconds: number): void {
    const { families, metrics, reconciler, onSetFill, onEnded } = this.#options;
    for (const family of families) metrics.rounds.finished(family, seconds);
    for (const [kind, count] of reconciler.failedCounts()) metrics.proxier.objectsFailed(kind, count);
    for (const [kind, count] of reconciler.pendingCounts()) metrics.proxier.objectsPending(kind, count);
    metrics.proxier.serversDraining(reconciler.drainingCount);
    const fills = reconciler.setFill();
    metrics.proxier.fullestSet(Math.max(0, ...fills.map(({ entries, maxElements }) => entries / maxElements)));
    for (const fill of fills) onSetFill(fill);
    onEnded();
  }
}
