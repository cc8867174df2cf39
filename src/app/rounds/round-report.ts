import type { Clock } from '../../model/clock.ts';
import type { IpFamily } from '../../model/ip.ts';
import type { Log } from '../../observe/log.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { NodeFacts } from '../../plan/node-facts.ts';
import type { ChangeMeter } from './change-meter.ts';
import type { HealthCheckPorts } from '../serving/health-check-ports.ts';
import type { NoLocalEndpoints } from '../serving/no-local-endpoints.ts';
import type { Reconciler } from '../../reconcile/reconciler.ts';
import type { SetFill } from '../../reconcile/set-keeper.ts';
import type { RoundListener } from './rounds.ts';

/** Told of what the probes show. */
export interface DaemonListener {
  /** The loop has started: from here on a request that waits too long means that the program is stuck. */
  started?(families: readonly IpFamily[]): void;
  /** A change waits for a round. */
  queued(families: readonly IpFamily[]): void;
  /** A round has put everything in place, except what failed for itself. */
  succeeded(families: readonly IpFamily[]): void;
  /** This node as the API has it; `leaving` when it is being taken out of service. */
  nodeSeen(leaving: boolean): void;
}

export interface RoundReportOptions {
  readonly families: readonly IpFamily[];
  readonly metrics: Pick<Metrics, 'registry' | 'rounds' | 'proxier'>;
  readonly listener: DaemonListener;
  readonly meter: Pick<ChangeMeter, 'roundStarted' | 'roundSucceeded'>;
  readonly noLocalEndpoints: Pick<NoLocalEndpoints, 'report'>;
  readonly healthCheckPorts: Pick<HealthCheckPorts, 'settle'>;
  readonly reconciler: Pick<Reconciler, 'failedCounts' | 'pendingCounts' | 'drainingCount' | 'setFill'>;
  /** Told how full each set is. */
  readonly onSetFill: (fill: SetFill) => void;
  /** Told after everything else. */
  readonly onEnded: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tells probes and dashboards of requests for rounds and of rounds. */
export class RoundReport implements RoundListener {
  readonly #options: RoundReportOptions;
  #requestedMs: number | undefined;
  #hasBegun = false;

  constructor(options: RoundReportOptions) {
    this.#options = options;
    const { metrics, families } = options;
    metrics.registry.beforeRender(() => {
      for (const fill of options.reconciler.setFill()) metrics.proxier.setFilled(fill);
      this.#showFailed();
      metrics.proxier.objectsPending('flow', options.reconciler.pendingCounts().get('flow') ?? 0);
      const requestedMs = this.#requestedMs;
      if (requestedMs === undefined) return;
      for (const family of families) metrics.rounds.requested(family, requestedMs / 1000);
    });
  }

  /** The loop has started. */
  loopStarted(): void {
    const { clock, listener, families } = this.#options;
    this.#requestedMs = clock.nowMs();
    listener.started?.(families);
  }

  /** Something changed, and waits for a round. */
  requested(): void {
    const { clock, listener, families } = this.#options;
    this.#requestedMs = clock.nowMs();
    listener.queued(families);
  }

  nodeSeen(leaving: boolean): void {
    this.#options.listener.nodeSeen(leaving);
  }

  /** All that gathered before the first round waits from its beginning. */
  started(): void {
    if (!this.#hasBegun) this.requested();
    this.#hasBegun = true;
    this.#options.meter.roundStarted();
  }

  succeeded(facts: NodeFacts): void {
    const { families, metrics, listener, meter, noLocalEndpoints, healthCheckPorts, clock, log } = this.#options;
    meter.roundSucceeded();
    noLocalEndpoints.report(families, (...shown) => metrics.rounds.noLocalEndpoints(...shown));
    listener.succeeded(families);
    for (const family of families) metrics.rounds.succeeded(family, clock.nowMs() / 1000);
    healthCheckPorts.settle(facts).catch((error: unknown) => log.error('Health check ports are not in place', error));
  }

  ended(seconds: number): void {
    const { families, metrics, reconciler, onSetFill, onEnded } = this.#options;
    for (const family of families) metrics.rounds.finished(family, seconds);
    this.#showFailed();
    for (const [kind, count] of reconciler.pendingCounts()) metrics.proxier.objectsPending(kind, count);
    metrics.proxier.serversDraining(reconciler.drainingCount);
    const fills = reconciler.setFill();
    metrics.proxier.fullestSet(Math.max(0, ...fills.map(({ entries, maxElements }) => entries / maxElements)));
    for (const fill of fills) onSetFill(fill);
    onEnded();
  }
  /** Flows are removed between rounds: what fails there shows at once. */
  #showFailed(): void {
    const { metrics, reconciler } = this.#options;
    for (const [kind, count] of reconciler.failedCounts()) metrics.proxier.objectsFailed(kind, count);
  }
}
