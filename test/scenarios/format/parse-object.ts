import { parse as parseYaml, YAMLParseError } from 'yaml';
import type { KubernetesKind, ManifestObject } from './manifest-object.ts';
import type { Block, SourceLine } from './source-line.ts';
import { ScenarioError } from './scenario-error.ts';
import { Words } from './words.ts';

/** Reads `service NAME ...`, `slice NAME ...` with its endpoints, `node NAME ...`, or `object` with YAML below it. */
export function parseObject(file: string, block: Block): ManifestObject {
  const [keyword = '', ...rest] = block.head.text.split(' ');
  if (keyword === 'object') return parseYamlObject(file, block);
  const isSlice = keyword === 'slice';
  const more = isSlice ? '' : block.body.map((line) => line.text).join(' ');
  const words = new Words(file, block.head.number, `${rest.join(' ')} ${more}`);
  const object = isSlice
    ? sliceObject(words, file, block.body)
    : keyword === 'node'
      ? nodeObject(words)
      : serviceObject(words);
  words.end();
  return object;
}

/** `namespace/name`; a name alone is in namespace `default`. */
export function namespacedName(text: string): { readonly namespace: string; readonly name: string } {
  const slash = text.indexOf('/');
  return slash < 0
    ? { namespace: 'default', name: text }
    : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

function parseYamlObject(file: string, { head, body }: Block): ManifestObject {
  const text = body.map((line) => line.text).join('\n');
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new ScenarioError(file, head.number + (error.linePos?.[0].line ?? 0), error.message.split('\n')[0] ?? '');
  }
  const kinds: readonly unknown[] = ['Service', 'EndpointSlice', 'Node'];
  const object = value as ManifestObject;
  if (!kinds.includes(object?.kind) || typeof object.metadata?.name !== 'string') {
    throw new ScenarioError(file, head.number, 'an object needs kind (Service, EndpointSlice, Node) and metadata.name');
  }
  return object;
}

const types: readonly string[] = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'];

function serviceObject(words: Words): ManifestObject {
  const [name = words.fail('the name is missing'), type = 'ClusterIP', ...others] = words.bare;
  if (!types.includes(type) || others.length > 0) words.fail(`expected NAME [TYPE], not "${words.bare.join(' ')}"`);
  const clusterIPs = words.list('clusterIPs') ?? [];
  const ingress = words.list('ingress')?.map(ingressOf);
  return {
    kind: 'Service',
    metadata: {
      ...namespacedName(name),
      creationTimestamp: words.value('created') ?? '2026-01-01T00:00:00Z',
      labels: labelsOf(words),
    },
    spec: {
      type,
      ...(clusterIPs.length > 0 && { clusterIP: clusterIPs[0], clusterIPs, ipFamilies: clusterIPs.map(familyName) }),
      ports: (words.list('ports') ?? []).map((text) => servicePort(words, text)),
      ...affinityOf(words),
      ...optional('externalIPs', words.list('externalIPs')),
      ...optional('loadBalancerSourceRanges', words.list('loadBalancerSourceRanges')),
      ...optional('internalTrafficPolicy', words.value('internalTrafficPolicy')),
      ...optional('externalTrafficPolicy', words.value('externalTrafficPolicy')),
      ...optional('healthCheckNodePort', words.number('healthCheckNodePort')),
      ...optional('trafficDistribution', words.value('trafficDistribution')),
    },
    ...(ingress !== undefined && { status: { loadBalancer: { ingress } } }),
  };
}

/** `80`, `http:80`, `dns:53/UDP`, each with `@30080` for a node port. */
function servicePort(words: Words, text: string): object {
  const found = /^(?:([a-z][a-z0-9-]*):)?(\d+)(?:\/(\w+))?(?:@(\d+))?$/.exec(text);
  if (found === null) return words.fail(`"${text}" is not [NAME:]PORT[/PROTOCOL][@NODEPORT]`);
  const [, name, port, protocol, nodePort] = found;
  return {
    ...optional('name', name),
    port: Number(port),
    ...optional('protocol', protocol),
    ...(nodePort !== undefined && { nodePort: Number(nodePort) }),
  };
}

/** `sessionAffinity=300` is ClientIP with that many seconds, `sessionAffinity=ClientIP` leaves them out. */
function affinityOf(words: Words): object {
  const affinity = words.value('sessionAffinity');
  if (affinity === undefined || affinity === 'None' || affinity === 'ClientIP')
    return optional('sessionAffinity', affinity);
  const timeoutSeconds = Number(affinity);
  return { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds } } };
}

/** `192.0.2.1`, `192.0.2.1/Proxy` or a host name. */
function ingressOf(text: string): object {
  const [address = '', ipMode] = text.split('/');
  return { ...(/^[\d.]+$|:/.test(address) ? { ip: address } : { hostname: address }), ...optional('ipMode', ipMode) };
}

/** `label=KEY:VALUE`. */
function labelsOf(words: Words): Record<string, string> {
  const pairs = words.list('label') ?? [];
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.lastIndexOf(':')), pair.slice(pair.lastIndexOf(':') + 1)]),
  );
}

function sliceObject(words: Words, file: string, body: readonly SourceLine[]): ManifestObject {
  const [name = words.fail('the name is missing'), ...others] = words.bare;
  if (others.length > 0) words.fail(`unknown word "${others[0]}"`);
  const named = namespacedName(name);
  const service = words.value('service') ?? named.name.replace(/-[^-]*$/, '');
  const endpoints = body.map((line) => endpointOf(new Words(file, line.number, line.text)));
  const addressType = words.value('addressType') ?? familyName(endpoints[0]?.addresses[0] ?? '');
  return {
    kind: 'EndpointSlice',
    metadata: { ...named, labels: { 'kubernetes.io/service-name': service, ...labelsOf(words) } },
    addressType,
    ports: (words.list('ports') ?? []).map((text) => slicePort(words, text)),
    endpoints,
  };
}

/** `8080`, `http:8080`, `dns:5353/UDP`; `http:` has no number. */
function slicePort(words: Words, text: string): object {
  const found = /^(?:([a-z][a-z0-9-]*):)?(\d*)(?:\/(\w+))?$/.exec(text);
  if (found === null) return words.fail(`"${text}" is not [NAME:]PORT[/PROTOCOL]`);
  const [, name = '', port, protocol] = found;
  return { name, ...(port !== '' && { port: Number(port) }), ...optional('protocol', protocol) };
}

interface ManifestEndpoint {
  readonly addresses: readonly string[];
  readonly [field: string]: unknown;
}

/** `ADDRESS [NODE] [unready] [terminating] [ready=] [serving=] [zones=] [nodes=]`. */
function endpointOf(words: Words): ManifestEndpoint {
  const [address = words.fail('the address is missing'), ...others] = words.bare;
  const marks: readonly string[] = others.filter((word) => word === 'unready' || word === 'terminating');
  const [nodeName, ...unknown] = others.filter((word) => !marks.includes(word));
  if (unknown.length > 0) words.fail(`unknown word "${unknown[0]}"`);
  const conditions = {
    ...(marks.includes('unready') && { ready: false, serving: false }),
    ...(marks.includes('terminating') && { ready: false, serving: !marks.includes('unready'), terminating: true }),
    ...condition(words, 'ready'),
    ...condition(words, 'serving'),
  };
  const forZones = words.list('zones')?.map((name) => ({ name }));
  const forNodes = words.list('nodes')?.map((name) => ({ name }));
  words.end();
  return {
    addresses: address.split('+'),
    conditions,
    ...optional('nodeName', nodeName),
    ...((forZones ?? forNodes) !== undefined && {
      hints: { ...optional('forZones', forZones), ...optional('forNodes', forNodes) },
    }),
  };
}

function condition(words: Words, key: string): object {
  const value = words.value(key);
  if (value === undefined) return {};
  if (value !== 'true' && value !== 'false') return words.fail(`${key} must be true or false, not "${value}"`);
  return { [key]: value === 'true' };
}

function nodeObject(words: Words): ManifestObject {
  const [name = words.fail('the name is missing'), ...others] = words.bare;
  if (others.length > 0) words.fail(`unknown word "${others[0]}"`);
  const zone = words.value('zone');
  const podCIDRs = words.list('podCIDRs');
  const addresses = (['InternalIP', 'ExternalIP'] as const).flatMap((type) =>
    (words.list(type) ?? []).map((address) => ({ type, address })),
  );
  return {
    kind: 'Node',
    metadata: { name, ...(zone !== undefined && { labels: { 'topology.kubernetes.io/zone': zone } }) },
    spec: { ...optional('podCIDRs', podCIDRs) },
    status: { addresses },
  };
}

function familyName(address: string): 'IPv4' | 'IPv6' {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

function optional(key: string, value: unknown): object {
  return value === undefined ? {} : { [key]: value };
}

/** Kind of object that a keyword stands for. */
export const kindOfKeyword: Readonly<Record<string, KubernetesKind>> = {
  service: 'Service',
  slice: 'EndpointSlice',
  node: 'Node',
};
