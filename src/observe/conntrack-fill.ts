import { readFileSync } from 'node:fs';
import type { DescribedMetric } from './described-metric.ts';
import { metricHead, type MetricSection } from './metric-section.ts';

const describe = (name: string, help: string): DescribedMetric => ({
  type: 'gauge',
  name: `ipvs_proxier_conntrack_${name}`,
  help,
  labels: [],
  buckets: [],
});

const files: readonly (readonly [DescribedMetric, string])[] = [
  [
    describe('entries', 'Flows that the kernel tracks; new connections are dropped at the limit.'),
    'nf_conntrack_count',
  ],
  [describe('limit', 'Most flows that the kernel tracks.'), 'nf_conntrack_max'],
];

/** How full connection tracking is, read each time the metrics are shown; left out where the kernel does not say. */
export function conntrackFill(directory = '/proc/sys/net/netfilter'): MetricSection {
  return {
    metrics: files.map(([metric]) => metric),
    *render() {
      for (const [metric, file] of files) {
        const value = readNumber(`${directory}/${file}`);
        if (value !== undefined) yield `${metricHead(metric)}${metric.name} ${value}\n`;
      }
    },
  };
}

function readNumber(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return /^\d+$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined; // no connection tracking here: a metric that is missing says so
  }
}
