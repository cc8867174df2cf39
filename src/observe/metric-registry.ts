import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Registry as RegistryType } from 'prom-client';
import PromCounter from 'prom-client/lib/counter.js';
import PromGauge from 'prom-client/lib/gauge.js';
import PromHistogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';
import type { DescribedMetric, MetricDefinition } from './described-metric.ts';
import type { MetricSection } from './metric-section.ts';

/** Values of a metric's labels, by label name. */
type Labels<Name extends string> = Readonly<Record<Name, string>>;

/** A number that only grows. Without labels it is shown from the start, with labels once it has been touched. */
export interface Counter<Name extends string> {
  add(labels: Labels<Name>, amount?: number): void;
}

/** A number that goes up and down. */
export interface Gauge<Name extends string> {
  set(labels: Labels<Name>, value: number): void;
}

/** Counts of observed values by size. */
export interface Histogram<Name extends string> {
  observe(labels: Labels<Name>, value: number): void;
}

/** Pieces of sections that are put together before the event loop may do something else: about a millisecond. */
const piecesAtOnce = 1_000;

/** A set of metrics and its text form (Prometheus exposition format 0.0.4). Nothing is global. */
export class MetricRegistry {
  readonly #registry: RegistryType = new Registry();
  readonly #beforeRender: (() => void)[] = [];
  readonly #described: DescribedMetric[] = [];
  readonly #sections: MetricSection[] = [];

  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';

  counter<const Name extends string>(definition: MetricDefinition<Name>): Counter<Name> {
    const metric = new PromCounter(this.#parts('counter', definition));
    return { add: (labels, amount = 1) => metric.inc(labels as Partial<Record<Name, string>>, amount) };
  }

  gauge<const Name extends string>(definition: MetricDefinition<Name>): Gauge<Name> {
    const metric = new PromGauge(this.#parts('gauge', definition));
    return { set: (labels, value) => metric.set(labels as Partial<Record<Name, string>>, value) };
  }

  histogram<const Name extends string>(
    definition: MetricDefinition<Name> & { readonly buckets: readonly number[] },
  ): Histogram<Name> {
    const buckets = [...definition.buckets];
    const metric = new PromHistogram({ ...this.#parts('histogram', definition, buckets), buckets });
    return { observe: (labels, value) => metric.observe(labels as Partial<Record<Name, string>>, value) };
  }

  /** A counter whose value is read from elsewhere each time the metrics are shown. */
  readCounter(definition: MetricDefinition<never>, read: () => number): void {
    const metric = new PromCounter(this.#parts('counter', definition));
    this.#beforeRender.push(() => {
      metric.reset();
      metric.inc(read());
    });
  }

  /** A gauge whose value is read from elsewhere each time the metrics are shown. */
  readGauge(definition: MetricDefinition<never>, read: () => number): void {
    const metric = new PromGauge(this.#parts('gauge', definition));
    this.#beforeRender.push(() => metric.set(read()));
  }

  /** Calls `refresh` each time the metrics are shown, before they are, to set what would cost too much at every event. */
  beforeRender(refresh: () => void): void {
    this.#beforeRender.push(refresh);
  }

  /** Adds metrics whose series are kept elsewhere, at the end. */
  addSection(section: MetricSection): void {
    this.#sections.push(section);
    this.#described.push(...section.metrics);
  }

  /** The metrics as they are documented: none of their values. In the order in which they were made. */
  describe(): readonly DescribedMetric[] {
    return [...this.#described];
  }

  /** Sets every metric back to how it was at start. */
  reset(): void {
    this.#registry.resetMetrics();
  }

  /** The metrics in text form. The event loop gets its turn between pieces of long sections. */
  async render(): Promise<string> {
    for (const refresh of this.#beforeRender) refresh();
    let text = await this.#registry.metrics();
    let pieces = 0;
    for (const section of this.#sections) {
      for (const piece of section.render()) {
        text += piece;
        if (++pieces % piecesAtOnce === 0) await nextTurn();
      }
    }
    return text;
  }

  #parts<Name extends string>(
    type: DescribedMetric['type'],
    { name, help, labels }: MetricDefinition<Name>,
    buckets: readonly number[] = [],
  ) {
    this.#described.push({ type, name, help, labels, buckets });
    return { name, help: `[ALPHA] ${help}`, labelNames: [...labels], registers: [this.#registry] };
  }
}
