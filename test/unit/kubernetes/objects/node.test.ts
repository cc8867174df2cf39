import { describe, expect, it } from '@jest/globals';
import { createDecoder } from '../../../../src/kubernetes/objects/decoder.ts';

const decode = (value: unknown) => createDecoder().node(value);

describe('decodeNode', () => {
  it('reads every field it uses: internal addresses come before external ones', () => {
    const { object, warnings } = decode({
      metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1' } },
      spec: { podCIDRs: ['10.244.1.0/24', 'fd00:10::/64'], taints: [{ key: 'other', effect: 'NoSchedule' }] },
      status: {
        addresses: [
          { type: 'Hostname', address: 'n1' },
          { type: 'ExternalIP', address: '203.0.113.1' },
          { type: 'InternalIP', address: '10.0.0.1' },
          { type: 'InternalDNS', address: 'n1.local' },
          { type: 'InternalIP', address: 'FD00::1' },
        ],
      },
    });
    expect(warnings).toEqual([]);
    expect(object).toEqual({
      name: 'n1',
      addresses: ['10.0.0.1', 'fd00::1', '203.0.113.1'],
      podCidrs: ['10.244.1.0/24', 'fd00:10::/64'],
      zone: 'z1',
      leaving: false,
    });
  });

  it('needs nothing but a name', () => {
    const expected = { name: 'n1', addresses: [], podCidrs: [], zone: '', leaving: false };
    expect(decode({ metadata: { name: 'n1' } }).object).toEqual(expected);
  });

  it.each([
    ['a deletion timestamp', { deletionTimestamp: '2024-01-01T00:00:00Z' }, {}],
    ['the taint of the autoscaler', {}, { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] }],
  ])('knows by %s that the node is leaving', (_name, metadata, spec) => {
    expect(decode({ metadata: { name: 'n1', ...metadata }, spec }).object?.leaving).toBe(true);
  });

  it('skips addresses and networks that cannot be read, with a warning', () => {
    const { object, warnings } = decode({
      metadata: { name: 'n1' },
      spec: { podCIDRs: ['10.244.0.0'] },
      status: { addresses: [{ type: 'InternalIP', address: 'n1' }] },
    });
    expect(object).toMatchObject({ addresses: [], podCidrs: [] });
    expect(warnings.map((warning) => warning.field)).toEqual(['status.addresses[0].address', 'spec.podCIDRs[0]']);
  });

  it('refuses a wrong shape', () => {
    expect(() => decode({ metadata: {} })).toThrow('Node ?: metadata.name: is missing');
    expect(() => decode({ metadata: { name: 'n1' }, spec: [] })).toThrow(
      'Node n1: spec: must be an object, not a list',
    );
  });
});
