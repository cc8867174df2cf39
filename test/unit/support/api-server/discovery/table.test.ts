import { describe, expect, it } from '@jest/globals';
import { tableOf } from '../../../../support/api-server/discovery/table.ts';
import { age } from '../../../../support/api-server/discovery/table-columns.ts';
import type { KubernetesObject } from '../../../../support/api-server/objects/kubernetes-object.ts';
import { resourceOfKind } from '../../../../support/api-server/objects/resources.ts';

function cells(object: Partial<KubernetesObject>): unknown {
  const full = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', creationTimestamp: new Date().toISOString() },
    ...object,
  };
  const resource = resourceOfKind(full.apiVersion, full.kind);
  if (resource === undefined) throw new Error('no such kind');
  const table = tableOf(resource, [full], { withColumns: true, includeObject: null });
  return (table as { rows: { cells: unknown }[] }).rows[0]?.cells; // the shape is what is tested
}

describe('tableOf', () => {
  it('prints Services', () => {
    const ports = [
      { port: 80, nodePort: 30_080, protocol: 'TCP' },
      { port: 53, protocol: 'UDP' },
    ];
    const spec = { type: 'LoadBalancer', clusterIP: '10.0.0.1', ports, selector: { app: 'web' } };
    expect(cells({ spec })).toEqual([
      'web',
      'LoadBalancer',
      '10.0.0.1',
      '<pending>',
      '80:30080/TCP,53/UDP',
      '0s',
      'app=web',
    ]);
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } };
    expect(cells({ spec: { ...spec, externalIPs: ['192.0.2.2'] }, status })).toContain('192.0.2.1,192.0.2.2');
  });

  it('prints EndpointSlices', () => {
    const endpoints = [1, 2, 3, 4].map((last) => ({ addresses: [`10.0.0.${last}`] }));
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      addressType: 'IPv4',
      ports: [{ port: 80 }],
      endpoints,
    };
    expect(cells(slice)).toEqual(['web', 'IPv4', '80', '10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...', '0s']);
  });

  it('prints Nodes and pods', () => {
    const conditions = [{ type: 'Ready', status: 'True' }];
    const nodeInfo = { kubeletVersion: 'v1.36.0' };
    const node = { kind: 'Node', spec: { unschedulable: true }, status: { conditions, nodeInfo } };
    expect(cells(node)).toEqual(['web', 'Ready,SchedulingDisabled', '<none>', '0s', 'v1.36.0', '<none>', '<none>']);
    const pod = {
      kind: 'Pod',
      spec: { containers: [{}], nodeName: 'n1' },
      status: { phase: 'Running', podIP: '10.1.1.1', conditions },
    };
    expect(cells(pod)).toEqual(['web', '1/1', 'Running', '0', '0s', '10.1.1.1', 'n1']);
  });
});

describe('age', () => {
  it.each([
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [130, '2m10s'],
    [3600, '60m'],
    [3 * 3600, '3h'],
    [47 * 3600, '47h'],
    [48 * 3600, '2d'],
  ])('%i seconds are %s', (seconds, expected) => {
    expect(age('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:00:00Z') + seconds * 1000)).toBe(expected);
  });
});
