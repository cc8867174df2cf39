import { describe, expect, it } from '@jest/globals';
import type { KubernetesObject } from '../../../../support/api-server/objects/kubernetes-object.ts';
import { findResource } from '../../../../support/api-server/objects/resources.ts';
import { applyServerSide } from '../../../../support/api-server/patches/server-side-apply.ts';

const rules = findResource('', 'services')?.listRules ?? {};
const now = new Date('2026-01-01T00:00:00Z');

function service(spec: object, labels?: Record<string, string>): KubernetesObject {
  const metadata = { name: 'web', namespace: 'default', ...(labels && { labels }) };
  return { apiVersion: 'v1', kind: 'Service', metadata, spec };
}

function apply(
  live: KubernetesObject | undefined,
  configuration: KubernetesObject,
  manager = 'a',
  force = false,
): KubernetesObject {
  return applyServerSide({ live, configuration, manager, force, rules, now });
}

describe('applyServerSide', () => {
  it('removes what the manager no longer names and keeps what others set', () => {
    const first = apply(undefined, service({ type: 'NodePort', sessionAffinity: 'None' }, { mine: '1', gone: '1' }));
    const changed = { ...first, spec: { type: 'NodePort', sessionAffinity: 'None', clusterIP: '10.0.0.1' } };
    const second = apply(changed, service({ type: 'NodePort' }, { mine: '2' }));
    expect(second['spec']).toEqual({ type: 'NodePort', clusterIP: '10.0.0.1' });
    expect(second.metadata.labels).toEqual({ mine: '2' });
  });

  it('merges ports by number and protocol and removes dropped ones', () => {
    const first = apply(undefined, service({ ports: [{ port: 53, protocol: 'UDP' }, { port: 53 }, { port: 80 }] }));
    const ports = [
      { port: 53, protocol: 'UDP', nodePort: 30_053 },
      { port: 53, protocol: 'TCP' },
      { port: 80, protocol: 'TCP' },
    ];
    const second = apply(
      { ...first, spec: { ports } },
      service({ ports: [{ port: 53, protocol: 'UDP', name: 'dns' }, { port: 80 }] }),
    );
    expect(second['spec']).toEqual({
      ports: [
        { port: 53, protocol: 'UDP', nodePort: 30_053, name: 'dns' },
        { port: 80, protocol: 'TCP' },
      ],
    });
  });

  it('refuses to change what another applier owns, unless forced', () => {
    const first = apply(undefined, service({ type: 'NodePort' }), 'a');
    expect(() => apply(first, service({ type: 'ClusterIP' }), 'b')).toThrow(
      'Apply failed with 1 conflict: conflict with "a" using v1: .spec.type',
    );
    const forced = apply(first, service({ type: 'ClusterIP' }), 'b', true);
    expect(forced['spec']).toEqual({ type: 'ClusterIP' });
    expect(forced.metadata.managedFields?.map((entry) => entry.manager)).toEqual(['b']);
  });

  it('lets two appliers own the same value', () => {
    const first = apply(undefined, service({ type: 'NodePort' }), 'a');
    const second = apply(first, service({ type: 'NodePort' }), 'b');
    const third = apply(second, service({}), 'a');
    expect(third['spec']).toEqual({ type: 'NodePort' });
  });

  it('records the ownership in the form of fieldsV1', () => {
    const applied = apply(undefined, service({ ports: [{ port: 80 }], selector: { app: 'web' } }));
    expect(applied.metadata.managedFields).toEqual([
      {
        manager: 'a',
        operation: 'Apply',
        apiVersion: 'v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:spec': {
            'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } },
            'f:selector': { 'f:app': {} },
          },
        },
      },
    ]);
  });
});
