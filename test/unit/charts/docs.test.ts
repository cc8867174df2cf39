import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';
import { readChart } from '../../support/charts/chart-reference.ts';
import { template } from '../../support/charts/helm.ts';

jest.setTimeout(60_000);

const root = join(__dirname, '../../..');
const directory = mkdtempSync(join(tmpdir(), 'chart-docs-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Pages that show how the chart is installed. */
const pages = [
  'README.md',
  'docs/install.md',
  'docs/migrating.md',
  'docs/monitoring.md',
  'docs/security.md',
  'charts/ipvs-proxier/README.md',
];

describe('pages about the chart', () => {
  it.each(['docs/install.md', 'docs/migrating.md'])('%s has values that the chart takes', async (page) => {
    const shown = readFileSync(join(root, page), 'utf8');
    const [, text = '', indent = ''] = /<<'YAML'\n([\s\S]*?)\n( *)YAML/.exec(shown) ?? [];
    const file = join(directory, page.replace('/', '-'));
    writeFileSync(file, text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
    expect(text).toContain('apiServer:');
    expect(await template({ values: [file] })).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it.each(pages)('%s sets values that there are, with --set', async (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const assignments = [...text.matchAll(/--set ([\w.]+=[^\s`]+)/g)].map(([, assignment = '']) => assignment);
    const isAddressed = assignments.some((assignment) => assignment.startsWith('apiServer.'));
    const run = await template({ set: isAddressed ? assignments : ['apiServer.host=10.0.0.10', ...assignments] });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it.each(pages)('%s names values that there are', (page) => {
    const schema = JSON.parse(readChart('values.schema.json'));
    const text = readFileSync(join(root, page), 'utf8');
    const sections = Object.keys(parse(readChart('values.yaml')));
    const named = [...text.matchAll(/`([a-zA-Z]+(?:\.[a-zA-Z]+)+)(?:=[^`]*)?`/g)].map(([, path = '']) =>
      path.split('.'),
    );
    const ofChart = named.filter(([first = '']) => sections.includes(first) && first !== 'kubeProxyConfiguration');
    const unknown = ofChart.filter((path) => !hasPath(schema, path));
    expect(unknown).toEqual([]);
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

function hasPath(schema: Schema, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined || schema.properties === undefined) return true;
  const next = schema.properties[first];
  return next !== undefined && hasPath(next, rest);
}
