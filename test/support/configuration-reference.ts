import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { flagTable } from '../../src/config/flag-table.ts';
import { flagTypes } from '../../src/config/flag-types.ts';
import { knownFeatureGates } from '../../src/config/feature-gates.ts';
import { kubeProxyApiVersion, kubeProxyFields, kubeProxyKind } from '../../src/config/kube-proxy-configuration.ts';
import { proxierApiVersion, proxierFields, proxierKind } from '../../src/config/proxier-configuration.ts';
import { writeChartReference } from './charts/chart-reference.ts';
import { type FieldDocument, fieldDocuments } from '../../src/config/schema-fields.ts';

/**
 * The text of docs/configuration.md, made from the flag table and the two schemas. Run this file with Node
 * to rewrite the page, and what the chart says of the same fields.
 */
export function configurationReference(): string {
  return `${[
    '# Configuration reference',
    '',
    'Generated from the flag table and the schemas in `src/config`; do not edit by hand.',
    '`node test/support/configuration-reference.ts` writes it again.',
    '',
    '## Flags',
    '',
    'With `--config`, the file replaces everything that flags can set. Still in force are the flags marked *kept*, and',
    'the logging flags marked *overrides*, each for the one field it sets.',
    '',
    '| flag | type | default | with `--config` | meaning |',
    '|---|---|---|---|---|',
    ...flagRows(),
    '',
    `## KubeProxyConfiguration`,
    '',
    `\`apiVersion: ${kubeProxyApiVersion}\`, \`kind: ${kubeProxyKind}\`, given with \`--config\`.`,
    'Unknown and repeated keys are reported in the log and otherwise ignored. A blank, null or zero value counts as not',
    'set, except where the type says *nullable*: there an explicit zero is kept. Durations are written as in Go: `30s`,',
    '`1h30m`.',
    '',
    '| field | type | default | meaning |',
    '|---|---|---|---|',
    ...fieldRows(kubeProxyFields, ''),
    '',
    `## ProxierConfiguration`,
    '',
    `\`apiVersion: ${proxierApiVersion}\`, \`kind: ${proxierKind}\`, given with \`--proxier-config\`.`,
    'Settings that kube-proxy does not have. Unknown and repeated keys are errors; an explicit zero is kept.',
    '',
    '| field | type | default | meaning |',
    '|---|---|---|---|',
    ...fieldRows(proxierFields, ''),
    '',
    '## Feature gates',
    '',
    'Other names are accepted with a warning and mean nothing here.',
    '',
    '| gate | stage | default |',
    '|---|---|---|',
    ...knownFeatureGates.map((gate) => {
      const locked = gate.locked === true ? ', locked' : '';
      return `| \`${gate.name}\` | ${gate.stage || 'GA'} | ${gate.enabledByDefault}${locked} |`;
    }),
  ].join('\n')}\n`;
}

function flagRows(): string[] {
  const sorted = flagTable.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return sorted.map((flag) => {
    const name = flag.short === undefined ? `\`--${flag.name}\`` : `\`-${flag.short}\`, \`--${flag.name}\``;
    const standard = flag.default === '' ? '' : `\`${flag.default}\``;
    const deprecated = flag.deprecated === undefined ? '' : `Deprecated: ${flag.deprecated}. `;
    const word = flagTypes[flag.type].word || 'bool';
    return `| ${name} | ${word} | ${standard} | ${flag.withConfigFile} | ${deprecated}${cell(flag.help)} |`;
  });
}

function fieldRows(fields: Readonly<Record<string, object>>, prefix: string): string[] {
  return Object.entries(fields).flatMap(([key, schema]) => {
    const document = documentOf(schema);
    const path = `${prefix}${key}`;
    const standard = document.default === '' ? '' : `\`${document.default}\``;
    const row = `| \`${path}\` | ${cell(document.type)} | ${standard} | ${cell(document.help)} |`;
    return document.fields === undefined ? [row] : [row, ...fieldRows(document.fields(), `${path}.`)];
  });
}

function documentOf(schema: object): FieldDocument {
  const document = fieldDocuments.get(schema as Parameters<typeof fieldDocuments.get>[0]);
  if (document === undefined) throw new Error('a field has no documentation');
  return document;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

if (process.argv[1]?.endsWith('configuration-reference.ts') === true) {
  const page = new URL('../../docs/configuration.md', `file://${process.argv[1]}`);
  writeFileSync(fileURLToPath(page), configurationReference());
  writeChartReference();
}
