// Checks objects against the field tables of the Kubernetes API: reads a JSON list from standard input, and prints what
// is wrong as a JSON list of lines. A process of its own, for the tables are ES modules, which Jest does not load.
import { text } from 'node:stream/consumers';

interface Attribute {
  readonly baseName: string;
  readonly type: string;
}

/** Classes of models, as the package has them. */
interface Model {
  getAttributeTypeMap(): readonly Attribute[];
}

/** Kinds of the Prometheus operator (monitoring.coreos.com/v1), as far as the chart uses them. */
const operatorTypes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  PodMonitor: { apiVersion: 'string', kind: 'string', metadata: 'V1ObjectMeta', spec: 'MonitorSpec' },
  ServiceMonitor: { apiVersion: 'string', kind: 'string', metadata: 'V1ObjectMeta', spec: 'MonitorSpec' },
  MonitorSpec: {
    jobLabel: 'string',
    selector: 'V1LabelSelector',
    namespaceSelector: 'NamespaceSelector',
    podMetricsEndpoints: 'Array<MonitorEndpoint>',
    endpoints: 'Array<MonitorEndpoint>',
  },
  NamespaceSelector: { any: 'boolean', matchNames: 'Array<string>' },
  MonitorEndpoint: {
    port: 'string',
    path: 'string',
    interval: 'string',
    honorLabels: 'boolean',
    relabelings: 'Array<Relabeling>',
    metricRelabelings: 'Array<Relabeling>',
  },
  Relabeling: {
    sourceLabels: 'Array<string>',
    separator: 'string',
    targetLabel: 'string',
    regex: 'string',
    modulus: 'number',
    replacement: 'string',
    action: 'string',
  },
  PrometheusRule: { apiVersion: 'string', kind: 'string', metadata: 'V1ObjectMeta', spec: 'PrometheusRuleSpec' },
  PrometheusRuleSpec: { groups: 'Array<RuleGroup>' },
  RuleGroup: { name: 'string', rules: 'Array<Rule>' },
  Rule: {
    alert: 'string',
    expr: 'string',
    for: 'string',
    labels: '{ [key: string]: string; }',
    annotations: '{ [key: string]: string; }',
  },
};

const objects: readonly { readonly kind: string; readonly apiVersion: string }[] = JSON.parse(
  await text(process.stdin),
);
const problems: string[] = [];
for (const object of objects) {
  await check(object, typeOf(object), object.kind);
}
process.stdout.write(JSON.stringify(problems));

function typeOf({ apiVersion, kind }: { readonly kind: string; readonly apiVersion: string }): string {
  if (apiVersion === 'monitoring.coreos.com/v1') return kind;
  const version = apiVersion.split('/').at(-1) ?? '';
  return `${version.charAt(0).toUpperCase()}${version.slice(1)}${kind}`;
}

async function check(value: unknown, type: string, path: string): Promise<void> {
  const list = /^Array<(.+)>$/.exec(type)?.[1];
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (list !== undefined) {
    if (!Array.isArray(value)) return wrong(path, value, 'a list');
    for (const [index, item] of value.entries()) await check(item, list, `${path}[${index}]`);
  } else if (map !== undefined) {
    if (!isMap(value)) return wrong(path, value, 'a map');
    for (const [key, item] of Object.entries(value)) await check(item, map, `${path}.${key}`);
  } else if (type === 'string' || type === 'number' || type === 'boolean') {
    if (typeof value !== type) wrong(path, value, type);
  } else if (type === 'IntOrString') {
    if (typeof value !== 'string' && !Number.isInteger(value)) wrong(path, value, 'a number or a string');
  } else if (type !== 'any') {
    await checkFields(value, type, path);
  }
}

async function checkFields(value: unknown, type: string, path: string): Promise<void> {
  const fields = await fieldsOf(type);
  if (fields === undefined) {
    problems.push(`${path}: there is no type ${type}`);
  } else if (isMap(value)) {
    for (const [key, item] of Object.entries(value)) {
      const fieldType = fields.get(key);
      if (fieldType === undefined) problems.push(`${path}.${key}: unknown field`);
      else await check(item, fieldType, `${path}.${key}`);
    }
  } else {
    wrong(path, value, type);
  }
}

async function fieldsOf(type: string): Promise<ReadonlyMap<string, string> | undefined> {
  const own = operatorTypes[type];
  if (own !== undefined) return new Map(Object.entries(own));
  const file = new URL(`../../../node_modules/@kubernetes/client-node/dist/gen/models/${type}.js`, import.meta.url);
  const module: Readonly<Record<string, Model>> | undefined = await import(file.href).catch(() => undefined);
  const attributes = module?.[type]?.getAttributeTypeMap();
  return attributes && new Map(attributes.map(({ baseName, type: fieldType }) => [baseName, fieldType]));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(path: string, value: unknown, expected: string): void {
  problems.push(`${path}: is ${JSON.stringify(value)} and not ${expected}`);
}
