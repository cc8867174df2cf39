import { MetricRegistry } from './metric-registry.ts';

/** Outcomes of the metrics port's own health checks, as `/metrics/slis` shows them. */
export class HealthCheckCounters {
  readonly registry = new MetricRegistry();
  readonly #last = this.registry.gauge({
    name: 'kubernetes_healthcheck',
    help: 'Result of a health check: 1 is ok, 0 failed.',
    labels: ['name', 'type'],
  });
  readonly #total = this.registry.counter({
    name: 'kubernetes_healthchecks_total',
    help: 'Results of health checks.',
    labels: ['name', 'type', 'status'],
  });

  constructor(startTimeSeconds: number) {
    const help = 'Unix time at which the process started.';
    this.registry.readGauge({ name: 'process_start_time_seconds', help, labels: [] }, () => startTimeSeconds);
  }

  /** A check was asked for, and was fine. */
  succeeded(name: string, type: string): void {
    this.#last.set({ name, type }, 1);
    this.#total.add({ name, type, status: 'success' });
  }

  reset(): void {
    this.registry.reset();
  }
}
