import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { checkFields } from '../../support/charts/check-fields.ts';
import { manifestsOf, runHelm, template } from '../../support/charts/helm.ts';

jest.setTimeout(60_000);

const valuesDirectory = 'test/unit/charts/values';
const root = join(__dirname, '..', '..', '..');
const valueFiles = readdirSync(join(root, valuesDirectory)).map((name) => join(valuesDirectory, name));

/** Everything is rendered at once: helm takes a moment for each. */
const renderings = valueFiles.map((file) => [file, template({ values: [file] })] as const);

describe('the chart', () => {
  it.each(renderings)(
    'renders with %s what it did before; "make chart UPDATE=1" writes it',
    async (file, rendering) => {
      const { exitCode, stdout, stderr } = await rendering;
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      const golden = join(__dirname, 'golden', basename(file));
      if (process.env['UPDATE'] === '1') writeFileSync(golden, stdout);
      expect(existsSync(golden) ? readFileSync(golden, 'utf8') : `${golden} is missing`).toBe(stdout);
    },
  );

  it.each(['minimal', 'observe', 'placed', 'pod-monitor'])('passes the strict lint with %s.yaml', async (name) => {
    const { exitCode, stdout, stderr } = await runHelm([
      'lint',
      '--strict',
      'charts/ipvs-proxier',
      `--values=${join(valuesDirectory, name)}.yaml`,
    ]);
    expect({ exitCode, said: exitCode === 0 ? '' : stdout + stderr }).toEqual({ exitCode: 0, said: '' });
  });
});

it('every field of every object is one that the Kubernetes API has, of its type', async () => {
  const all = await Promise.all(renderings.map(([, rendering]) => rendering));
  const manifests = all.flatMap(({ stdout }) => manifestsOf(stdout));
  expect(manifests.length).toBeGreaterThan(60);
  expect(await checkFields(manifests)).toEqual([]);
});

it('the check of fields finds unknown fields, wrong types and unknown kinds', async () => {
  const manifests = [
    { apiVersion: 'v1', kind: 'Service', metadata: { nmae: 'a' }, spec: { ports: [{ port: 'http' }] } },
    { apiVersion: 'apps/v1', kind: 'DaemonSet', spec: { template: { spec: { containers: { name: 'x' } } } } },
    { apiVersion: 'apps/v1', kind: 'Daemonset' },
    { apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor', spec: { podMetricsEndpoints: [{ prot: 1 }] } },
  ];
  expect(await checkFields(manifests)).toEqual([
    'Service.metadata.nmae: unknown field',
    'Service.spec.ports[0].port: is "http" and not number',
    'DaemonSet.spec.template.spec.containers: is {"name":"x"} and not a list',
    'Daemonset: there is no type V1Daemonset',
    'PodMonitor.spec.podMetricsEndpoints[0].prot: unknown field',
  ]);
});

it('every value file has a golden file, and every golden file a value file', () => {
  const goldenFiles = readdirSync(join(__dirname, 'golden'));
  expect(goldenFiles).toEqual(valueFiles.map((file) => basename(file)));
  expect(goldenFiles.length).toBeGreaterThanOrEqual(10);
});
