import type { DescribedMetric } from './described-metric.ts';

/** Metrics whose many series are kept elsewhere, and turned into text only when somebody asks for them. */
export interface MetricSection {
  readonly metrics: readonly DescribedMetric[];
  /** Pieces of text, each complete lines; nothing where the section is switched off. */
  render(): Iterable<string>;
}

/** The two lines before the series of a metric. */
export function metricHead({ name, help, type }: DescribedMetric): string {
  return `# HELP ${name} [ALPHA] ${help}\n# TYPE ${name} ${type}\n`;
}

/** `name="value"` for each label, separated by commas. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');
}

function escaped(value: string): string {
  return value.replace(/["\\\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
