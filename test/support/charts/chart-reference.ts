import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { kubeProxyFields } from '../../../src/config/kube-proxy-configuration.ts';
import { proxierFields } from '../../../src/config/proxier-configuration.ts';
import { type FieldDocument, fieldDocuments } from '../../../src/config/schema-fields.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const chartDirectory = join(root, 'charts', 'ipvs-proxier');
const readmeFile = join(chartDirectory, 'README.md');
const schemaFile = join(chartDirectory, 'values.schema.json');
const kubeProxyFieldsFile = join(chartDirectory, 'files', 'kube-proxy-fields.json');
const tableMarks = { begin: '<!-- values -->', end: '<!-- end of values -->' };

/** A schema of one value, as far as this chart's schema goes. */
interface ValueSchema {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly additionalProperties?: unknown;
  readonly properties?: Readonly<Record<string, ValueSchema>>;
}

export function readChart(name: string): string {
  return readFileSync(join(chartDirectory, name), 'utf8');
}

/** The text of values.schema.json: as it is, with the fields of ProxierConfiguration as they are in the code. */
export function valuesSchema(): string {
  const schema = JSON.parse(readFileSync(schemaFile, 'utf8'));
  const { operation: _valueOfItsOwn, ...fields } = proxierFields;
  schema.properties.proxierConfiguration.properties = fieldSchemas(fields);
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

function fieldSchemas(fields: Readonly<Record<string, object>>): Record<string, ValueSchema> {
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, fieldSchema(key, field)]));
}

function fieldSchema(key: string, field: object): ValueSchema {
  const document = fieldDocuments.get(field as Parameters<typeof fieldDocuments.get>[0]);
  if (document === undefined) throw new Error(`${key} has no documentation`);
  return { description: document.help, ...typeSchema(key, document) };
}

/** Durations as Go writes them. */
const durationPattern = '^([0-9]+(\\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$|^0$';

function typeSchema(key: string, { type, fields }: FieldDocument): ValueSchema {
  if (fields !== undefined) {
    return { type: 'object', additionalProperties: false, properties: fieldSchemas(fields()) };
  }
  if (type.startsWith('`')) return { enum: type.split(', ').map((word) => word.replaceAll('`', '')) };
  const [word = ''] = type.split(',', 1);
  const known: Readonly<Record<string, ValueSchema>> = {
    string: { type: 'string' },
    boolean: { type: 'boolean' },
    integer: { type: 'integer' },
    number: { type: 'number' },
    duration: { type: 'string', pattern: durationPattern },
    'list of strings': { type: 'array' },
  };
  const found = known[word];
  if (found === undefined) throw new Error(`${key}: no schema for the type ${type}`);
  return found;
}

/** The text of the chart's README: as it is, with the table of values as schema and defaults are. */
export function chartReadme(): string {
  const text = readFileSync(readmeFile, 'utf8');
  const [before, after] = [text.indexOf(tableMarks.begin), text.indexOf(tableMarks.end)];
  if (before < 0 || after < before) throw new Error(`${readmeFile} has no place for the table of values`);
  const rows = valueRows(JSON.parse(valuesSchema()), parse(readChart('values.yaml')), '');
  const table = ['| value | default | meaning |', '|---|---|---|', ...rows].join('\n');
  return `${text.slice(0, before)}${tableMarks.begin}\n${table}\n${text.slice(after)}`;
}

function valueRows(schema: ValueSchema, defaults: unknown, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const path = `${prefix}${key}`;
    const standard = (defaults as Record<string, unknown> | undefined)?.[key];
    const isSection = value.properties !== undefined && path !== 'proxierConfiguration';
    const shown = isSection || standard === undefined ? '' : `\`${JSON.stringify(standard)}\``;
    const row = `| \`${path}\` | ${shown} | ${(value.description ?? '').replaceAll('|', '\\|')} |`;
    return isSection ? [row, ...valueRows(value, standard, `${path}.`)] : [row];
  });
}

/** The text of files/kube-proxy-fields.json, by which the chart finds fields that a KubeProxyConfiguration does not have. */
export function kubeProxyFieldNames(): string {
  const names = { apiVersion: true, kind: true, ...namesOf(kubeProxyFields) };
  return `${JSON.stringify(names, undefined, 2)}\n`;
}

/** `true` for a field that is no section. */
interface FieldNames {
  readonly [name: string]: true | FieldNames;
}

function namesOf(fields: Readonly<Record<string, object>>): FieldNames {
  const entries = Object.entries(fields).map(([key, field]) => {
    const document = fieldDocuments.get(field as Parameters<typeof fieldDocuments.get>[0]);
    return [key, document?.fields === undefined ? true : namesOf(document.fields())] as const;
  });
  return Object.fromEntries(entries);
}

/** Writes all of them again. */
export function writeChartReference(): void {
  writeFileSync(kubeProxyFieldsFile, kubeProxyFieldNames());
  writeFileSync(schemaFile, valuesSchema());
  writeFileSync(readmeFile, chartReadme());
}

if (process.argv[1]?.endsWith('chart-reference.ts') === true) writeChartReference();
