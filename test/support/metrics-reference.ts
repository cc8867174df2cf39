import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HealthCheckCounters } from '../../src/observe/health-check-counters.ts';
import type { DescribedMetric } from '../../src/observe/described-metric.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { trafficMetrics } from '../../src/observe/traffic-metrics.ts';
import { readProcessUsage } from '../../src/observe/process-usage.ts';

/** The text of docs/metrics.md, made from the registries. Run this file with Node to rewrite the page. */
export function metricsReference(): string {
  const build = { major: '', minor: '', gitVersion: '', gitCommit: '', buildDate: '', programVersion: '' };
  const { registry } = createMetrics({ build, features: [], processUsage: readProcessUsage });
  const metrics = registry.describe();
  const isOurs = ({ name }: DescribedMetric) => name.startsWith('ipvs_proxier_');
  return `${[
    '# Metrics',
    '',
    'Generated from the registries in `src/observe`; do not edit by hand.',
    '`node test/support/metrics-reference.ts` writes it again.',
    '',
    'Served as Prometheus text at `/metrics` on `metricsBindAddress` (127.0.0.1:10249). A metric with labels shows a series',
    'once it has been touched. Durations are in seconds. But for traffic, no metric has a label that grows with the cluster.',
    '',
    '## Those of kube-proxy in mode ipvs',
    '',
    ...table(metrics.filter((metric) => !isOurs(metric))),
    '',
    'Changes of Services count once per family, as they do upstream. Times of changes are those of the annotation',
    '`endpoints.kubernetes.io/last-change-trigger-time`, as far as they are later than the start of the process.',
    '',
    '## Ours',
    '',
    ...table(metrics.filter(isOurs)),
    '',
    '## Traffic of Services',
    '',
    'Off by default; switched on, and off again, in the file of `--proxier-config` while the process runs:',
    '',
    '    traffic:',
    '      metrics: service    # or endpoint, for connections of each endpoint too',
    '      maxSeries: 10000',
    '',
    'Nothing is read for it: the numbers are those of the last comparison of the kernel, every `audit.period` (10 s) or',
    'less often where the table is large; see `ipvs_proxier_traffic_read_timestamp_seconds`. A Service port has 5 series, a',
    'virtual server and an endpoint 2 each. Once there are `maxSeries`, further objects are counted in',
    '`ipvs_proxier_traffic_left_out`, and the totals of further Service ports are added up in series whose labels are',
    'empty. Totals go on growing when a virtual server is made anew; they begin with what the kernel has counted before.',
    '',
    ...table(trafficMetrics),
    '',
    '## At `/metrics/slis`',
    '',
    ...table(new HealthCheckCounters(0).registry.describe()),
  ].join('\n')}\n`;
}

function table(metrics: readonly DescribedMetric[]): string[] {
  return [
    '| name | type | labels | meaning | buckets |',
    '|---|---|---|---|---|',
    ...metrics.map(({ name, type, labels, help, buckets }) => {
      const named = labels.map((label) => `\`${label}\``).join(', ');
      return `| \`${name}\` | ${type} | ${named} | ${help} | ${bucketText(buckets)} |`;
    }),
  ];
}

/** All bounds of a short list; of a long one the first, the last and the number. */
function bucketText(buckets: readonly number[]): string {
  if (buckets.length <= 16) return buckets.join(' ');
  return `${buckets.slice(0, 4).join(' ')} ... ${buckets.slice(-2).join(' ')} (${buckets.length})`;
}

if (process.argv[1]?.endsWith('metrics-reference.ts') === true) {
  const page = new URL('../../docs/metrics.md', `file://${process.argv[1]}`);
  writeFileSync(fileURLToPath(page), metricsReference());
}
