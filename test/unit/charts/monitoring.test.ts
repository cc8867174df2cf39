import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';
import { createMetrics } from '../../../src/observe/metrics.ts';
import { readProcessUsage } from '../../../src/observe/process-usage.ts';
import { trafficMetrics } from '../../../src/observe/traffic-metrics.ts';
import { readChart } from '../../support/charts/chart-reference.ts';
import { render } from '../../support/charts/helm.ts';

jest.setTimeout(60_000);

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly severity: string;
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const alerts: readonly Alert[] = parse(readChart('files/alerts.yaml')).groups[0].rules;
const dashboard = JSON.parse(readChart('files/dashboard.json'));
const panels: readonly Panel[] = dashboard.panels;

/** Every series that Prometheus may have of us, with its labels. */
function knownSeries(): ReadonlyMap<string, readonly string[]> {
  const build = { major: '', minor: '', gitVersion: '', gitCommit: '', buildDate: '', programVersion: '' };
  const { registry } = createMetrics({ build, features: [], processUsage: readProcessUsage });
  const metrics = [...registry.describe(), ...trafficMetrics];
  const series = metrics.flatMap(({ name, type, labels }): (readonly [string, readonly string[]])[] =>
    type === 'histogram'
      ? [
          [`${name}_bucket`, [...labels, 'le']],
          [`${name}_sum`, labels],
          [`${name}_count`, labels],
        ]
      : [[name, labels]],
  );
  return new Map([...series, ['up', []]]);
}

const series = knownSeries();
const ofTarget = ['job', 'node'];
const words = new Set([
  'sum',
  'by',
  'le',
  'and',
  'or',
  'rate',
  'increase',
  'changes',
  'count',
  'max',
  'time',
  'vector',
]);
const functions = new Set([...words, 'histogram_quantile', 'topk', 'absent']);

/** Names in a query that are neither of the language nor labels after `by`, and no texts. */
function namesIn(expression: string): readonly string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\bby *\([^)]*\)/g, '');
  return [...bare.matchAll(/[a-zA-Z_][a-zA-Z0-9_]*/g)].map(([name]) => name).filter((name) => !functions.has(name));
}

/** Labels that a query selects or sums by. */
function labelsIn(expression: string): readonly string[] {
  const selected = [...expression.matchAll(/([a-z_]+) *(?:=~|=|!=|!~) *"/g)].map(([, label = '']) => label);
  const summed = [...expression.matchAll(/\bby *\(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/ *, */));
  return [...selected, ...summed];
}

function problemsOf(expression: string): readonly string[] {
  const names = namesIn(expression);
  if (names.length === 0) return [`${expression}: no metric`];
  const labels = new Set([...ofTarget, ...names.flatMap((name) => series.get(name) ?? [])]);
  return [
    ...names.filter((name) => !series.has(name)).map((name) => `${expression}: no metric ${name}`),
    ...labelsIn(expression)
      .filter((label) => !labels.has(label))
      .map((label) => `${expression}: no label ${label}`),
  ];
}

describe('alerts', () => {
  it.each(alerts.map((alert) => [alert.alert, alert] as const))('%s asks for metrics that there are', (_, alert) => {
    expect(problemsOf(alert.expr)).toEqual([]);
    expect(alert.expr).toContain('job="JOB"');
    expect(['critical', 'warning']).toContain(alert.severity);
  });

  it('are all explained in docs/monitoring.md, and no others', () => {
    const page = readFileSync(join(__dirname, '../../../docs/monitoring.md'), 'utf8');
    const explained = [...page.matchAll(/^### (Ipvs\w+)$/gm)].map(([, name]) => name);
    expect(explained).toEqual(alerts.map(({ alert }) => alert));
  });

  it('select the job that the monitors make', async () => {
    const manifests = await render({ values: ['test/unit/charts/values/service-monitor.yaml'] });
    const rule = manifests.find(({ kind }) => kind === 'PrometheusRule');
    expect(JSON.stringify(rule)).toContain('job=\\"services\\"');
    expect(JSON.stringify(rule)).not.toContain('JOB');
    const monitor = manifests.find(({ kind }) => kind === 'ServiceMonitor');
    expect(monitor?.['spec']).toMatchObject({ jobLabel: 'app.kubernetes.io/name' });
    const service = manifests.find(({ kind }) => kind === 'Service');
    expect(service?.metadata.labels?.['app.kubernetes.io/name']).toBe('services');
  });
});

describe('the dashboard', () => {
  const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

  it.each(queries)('%s asks for metrics that there are: %s', (_, expression) => {
    expect(problemsOf(expression)).toEqual([]);
  });

  it('has variables that come from metrics that there are', () => {
    const variables: readonly { type: string; query: { query: string } }[] = dashboard.templating.list;
    const asked = variables.filter(({ type }) => type === 'query').map(({ query }) => query.query);
    expect(asked.length).toBeGreaterThan(3);
    for (const query of asked) {
      const [, name = '', label = ''] = /^label_values\((\w+)(?:\{.*\})?, (\w+)\)$/.exec(query) ?? [];
      expect([...(series.get(name) ?? [`no ${name}`]), ...ofTarget]).toContain(label);
    }
  });

  it('is one that Grafana can read: ids are unique, and no panel covers another', () => {
    const placed: readonly { id: number; gridPos: { x: number; y: number; w: number; h: number } }[] = dashboard.panels;
    expect(new Set(placed.map(({ id }) => id)).size).toBe(placed.length);
    const cells = placed.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });

  it('is in a ConfigMap that a sidecar finds, as it is', async () => {
    const set = ['apiServer.host=10.0.0.10', 'monitoring.grafanaDashboard.enabled=true'];
    const manifests = await render({ set });
    expect(manifests.find(({ metadata }) => metadata.name === 'ipvs-proxier-dashboard')).toMatchObject({
      metadata: { labels: { grafana_dashboard: '1' } },
      data: { 'ipvs-proxier.json': readChart('files/dashboard.json').trimEnd() },
    });
  });
});

it('the check of queries finds metrics and labels that there are not', () => {
  expect(problemsOf('sum by (nod) (rate(ipvs_proxier_drift_total{knd="a"}[5m])) > 0')).toEqual([
    expect.stringContaining('no metric ipvs_proxier_drift_total'),
    expect.stringContaining('no label knd'),
    expect.stringContaining('no label nod'),
  ]);
});
