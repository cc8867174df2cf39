import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DecodeError } from '../../../src/kubernetes/errors.ts';
import { createDecoder } from '../../../src/kubernetes/objects/decoder.ts';
import type { Decoder } from '../../../src/kubernetes/objects/decoder.ts';

const kinds: readonly (keyof Decoder)[] = ['service', 'endpointSlice', 'node'];

/** Full objects of each kind; a mutation puts arbitrary JSON somewhere into one of them. */
const samples = {
  service: {
    metadata: { namespace: 'a', name: 'b', uid: 'u', creationTimestamp: '2024-01-01T00:00:00Z' },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.0.0.1',
      clusterIPs: ['10.0.0.1', 'fd00::1'],
      ipFamilies: ['IPv4', 'IPv6'],
      ports: [{ name: 'x', port: 80, protocol: 'TCP', nodePort: 30000 }],
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } },
      externalIPs: ['192.0.2.1'],
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      internalTrafficPolicy: 'Local',
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 30001,
    },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.2', ipMode: 'VIP' }] } },
  },
  endpointSlice: {
    metadata: { namespace: 'a', name: 'b-1', labels: { 'kubernetes.io/service-name': 'b' }, annotations: {} },
    addressType: 'IPv4',
    ports: [{ name: 'x', port: 80, protocol: 'TCP' }],
    endpoints: [
      {
        addresses: ['10.1.0.1'],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: 'n',
        zone: 'z',
        targetRef: { name: 'p' },
        hints: { forZones: [{ name: 'z' }], forNodes: [{ name: 'n' }] },
      },
    ],
  },
  node: {
    metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': 'z' } },
    spec: { podCIDRs: ['10.244.0.0/24'], taints: [{ key: 'k' }] },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] },
  },
} satisfies Record<keyof Decoder, object>;

/** Every path in a JSON value, the empty one included. */
function pathsOf(value: unknown): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner).map((path) => [key, ...path]))];
}

function replaceAt(value: unknown, path: readonly string[], replacement: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return replacement;
  if (Array.isArray(value)) return value.with(Number(first), replaceAt(value[Number(first)], rest, replacement));
  const record = value as Record<string, unknown>; // a path leads through objects and lists only
  return { ...record, [first]: replaceAt(record[first], rest, replacement) };
}

/** Whether it does, and every field that it names has a place in each list on its way. */
function throwsOnlyDecodeErrors(kind: keyof Decoder, value: unknown): boolean {
  try {
    const { warnings } = createDecoder()[kind](value);
    return warnings.every(({ field }) => !field.includes('#'));
  } catch (error) {
    return error instanceof DecodeError && !error.field.includes('#');
  }
}

describe('decoding', () => {
  it.each(kinds)('of arbitrary JSON as %s throws nothing but DecodeError', (kind) => {
    fc.assert(fc.property(fc.jsonValue(), (value) => throwsOnlyDecodeErrors(kind, value)));
  });

  it.each(kinds)('of a damaged %s throws nothing but DecodeError', (kind) => {
    const path = fc.constantFrom(...pathsOf(samples[kind]));
    const damage = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.string(), fc.integer(), fc.constant(null));
    fc.assert(
      fc.property(path, damage, (where, what) => throwsOnlyDecodeErrors(kind, replaceAt(samples[kind], where, what))),
      { numRuns: 500 },
    );
  });

  it.each(kinds)('of a %s does not depend on what was decoded before', (kind) => {
    const used = createDecoder();
    used[kind](samples[kind]);
    expect(used[kind](samples[kind])).toEqual(createDecoder()[kind](samples[kind]));
  });
});
