import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { chartReadme, kubeProxyFieldNames, readChart, valuesSchema } from '../../support/charts/chart-reference.ts';

const regenerated = 'run: node test/support/charts/chart-reference.ts';

describe('what is written about the values', () => {
  it('values.schema.json has the fields of ProxierConfiguration as they are in the code', () => {
    expect({ regenerated, text: readChart('values.schema.json') }).toEqual({ regenerated, text: valuesSchema() });
  });

  it('kube-proxy-fields.json has the fields of KubeProxyConfiguration as they are in the code', () => {
    const text = readChart('files/kube-proxy-fields.json');
    expect({ regenerated, text }).toEqual({ regenerated, text: kubeProxyFieldNames() });
    expect(JSON.parse(text)).toMatchObject({
      mode: true,
      ipvs: { strictARP: true },
      logging: { options: { text: {} } },
    });
  });

  it('the README has every value', () => {
    expect({ regenerated, text: readChart('README.md') }).toEqual({ regenerated, text: chartReadme() });
  });

  it('every value with a default has a schema with a description, and objects take no other keys', () => {
    const schema = JSON.parse(readChart('values.schema.json'));
    expect(problems(parse(readChart('values.yaml')), schema, '')).toEqual([]);
  });
});

it('the chart is of the version of the program', () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8'));
  expect(parse(readChart('Chart.yaml'))).toMatchObject({ version, appVersion: version });
});

interface Schema {
  readonly description?: string;
  readonly additionalProperties?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
}

function problems(values: Readonly<Record<string, unknown>>, schema: Schema, prefix: string): readonly string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const path = `${prefix}${key}`;
    const own = schema.properties?.[key];
    if (own === undefined) return [`${path} has no schema`];
    const described = own.description === undefined ? [`${path} has no description`] : [];
    if (own.properties === undefined) return described;
    const closed = own.additionalProperties === false ? [] : [`${path} takes unknown keys`];
    return [...described, ...closed, ...problems(value as Record<string, unknown>, own, `${path}.`)];
  });
}
