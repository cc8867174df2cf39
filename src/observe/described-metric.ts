/** What every kind of metric is made from. */
export interface MetricDefinition<Name extends string> {
  readonly name: string;
  /** Shown behind the stability, which is `[ALPHA]` for everything. */
  readonly help: string;
  readonly labels: readonly Name[];
}

/** A metric without its values. */
export interface DescribedMetric extends MetricDefinition<string> {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Upper bounds, the infinite one left out; empty for other types. */
  readonly buckets: readonly number[];
}
