import { describe, expect, it } from '@jest/globals';
import { createDecoder } from '../../../../src/kubernetes/objects/decoder.ts';
import type { EndpointSlice } from '../../../../src/kubernetes/objects/endpoint-slice.ts';
import type { Service } from '../../../../src/kubernetes/objects/service.ts';
import type { ObjectSink } from '../../../../src/kubernetes/source.ts';
import { type KubernetesService, watchKubernetesService } from '../../../../src/kubernetes/watch/learned-servers.ts';

const decoder = createDecoder();

function service(name: string, spec: object = {}): Service {
  const { object } = decoder.service({
    metadata: { namespace: 'default', name },
    spec: { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'], ports: [{ name: 'https', port: 443 }], ...spec },
  });
  if (object === undefined) throw new Error('no Service');
  return object;
}

function slice(name: string, addresses: readonly string[], changes: object = {}): EndpointSlice {
  const { object } = decoder.endpointSlice({
    metadata: { namespace: 'default', name, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ...changes,
  });
  if (object === undefined) throw new Error('no slice');
  return object;
}

const elsewhere = {
  metadata: { namespace: 'shop', name: 'x', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
};

/** The sink under test, what came through it, and what it told. */
function watch() {
  const passed: string[] = [];
  const told: KubernetesService[] = [];
  const inner: ObjectSink = {
    updateService: (each) => passed.push(`service ${each.key}`),
    deleteService: (key) => passed.push(`no service ${key}`),
    replaceServices: (all) => passed.push(`services ${[...all].map((each) => each.key).join(' ')}`),
    updateEndpointSlice: (each) => passed.push(`slice ${each.key}`),
    deleteEndpointSlice: (key) => passed.push(`no slice ${key}`),
    replaceEndpointSlices: (all) => passed.push(`slices ${[...all].map((each) => each.key).join(' ')}`),
    updateNode: (each) => passed.push(`node ${each.name}`),
    deleteNode: (name) => passed.push(`no node ${name}`),
    replaceNodes: (all) => passed.push(`nodes ${[...all].map((each) => each.name).join(' ')}`),
  };
  const sink = watchKubernetesService(inner, (found) => told.push(found));
  return { sink, passed, urls: () => told.map(({ urls }) => urls.join(' ')), told };
}

describe('watchKubernetesService', () => {
  it('passes everything on', () => {
    const { sink, passed } = watch();
    sink.replaceServices([service('a'), service('kubernetes')]);
    sink.updateService(service('b'));
    sink.deleteService(service('b').key);
    sink.replaceEndpointSlices([slice('kubernetes', ['192.0.2.1'])].values());
    sink.updateEndpointSlice(slice('y', [], elsewhere));
    sink.deleteEndpointSlice('shop/x');
    const node = { name: 'n', addresses: [], podCidrs: [], zone: '', leaving: false };
    sink.replaceNodes([node]);
    sink.updateNode(node);
    sink.deleteNode('n');
    expect(passed).toEqual([
      'services default/a default/kubernetes',
      'service default/b',
      'no service default/b',
      'slices default/kubernetes',
      'slice shop/x',
      'no slice shop/x',
      'nodes n',
      'node n',
      'no node n',
    ]);
  });

  it('tells once it knows both the Service and its endpoints', () => {
    const { sink, told } = watch();
    sink.replaceEndpointSlices([slice('kubernetes', ['192.0.2.2', '192.0.2.1']), slice('x', ['192.0.2.9'], elsewhere)]);
    expect(told).toEqual([]);
    sink.replaceServices([service('kubernetes', { externalIPs: ['198.51.100.1'] })]);
    expect(told).toEqual([
      {
        urls: ['https://192.0.2.1:6443', 'https://192.0.2.2:6443'],
        virtualHosts: [
          '10.96.0.1',
          '198.51.100.1',
          'kubernetes',
          'kubernetes.default',
          'kubernetes.default.svc',
          'kubernetes.default.svc.cluster.local',
        ],
      },
    ]);
  });

  it('tells of changes, and of nothing else', () => {
    const { sink, urls } = watch();
    sink.replaceServices([service('kubernetes')]);
    sink.updateEndpointSlice(slice('kubernetes', ['192.0.2.1']));
    sink.updateEndpointSlice(slice('kubernetes', ['192.0.2.1']));
    sink.updateService(service('kubernetes'));
    sink.updateEndpointSlice(slice('more', ['fd00::1'], { addressType: 'IPv6' }));
    sink.deleteEndpointSlice('default/kubernetes');
    sink.replaceEndpointSlices([slice('kubernetes', ['192.0.2.3'])]);
    expect(urls()).toEqual([
      'https://192.0.2.1:6443',
      'https://192.0.2.1:6443 https://[fd00::1]:6443',
      'https://[fd00::1]:6443',
      'https://192.0.2.3:6443',
    ]);
  });

  it('remembers the last endpoints when all of them, or the Service, are gone', () => {
    const { sink, urls } = watch();
    sink.replaceServices([service('kubernetes')]);
    sink.updateEndpointSlice(slice('kubernetes', ['192.0.2.1']));
    sink.updateEndpointSlice(slice('kubernetes', []));
    sink.deleteEndpointSlice('default/kubernetes');
    sink.replaceEndpointSlices([]);
    sink.deleteService(service('kubernetes').key);
    sink.updateEndpointSlice(slice('kubernetes', ['192.0.2.1']));
    expect(urls()).toEqual(['https://192.0.2.1:6443']);
  });

  it.each<[string, EndpointSlice, string[]]>([
    [
      'an endpoint that is not ready',
      slice('k', ['192.0.2.1'], { endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: false } }] }),
      [],
    ],
    [
      'another port beside',
      slice('k', ['192.0.2.1'], {
        ports: [
          { name: 'x', port: 1 },
          { name: 'https', port: 2 },
        ],
      }),
      ['https://192.0.2.1:2'],
    ],
    [
      'one port of another name',
      slice('k', ['192.0.2.1'], { ports: [{ name: '', port: 3 }] }),
      ['https://192.0.2.1:3'],
    ],
    [
      'ports of other names',
      slice('k', ['192.0.2.1'], {
        ports: [
          { name: 'x', port: 1 },
          { name: 'y', port: 2 },
        ],
      }),
      [],
    ],
    ['no port', slice('k', ['192.0.2.1'], { ports: [] }), []],
  ])('with %s', (_name, only, expected) => {
    const { sink, urls } = watch();
    sink.replaceServices([service('kubernetes')]);
    sink.updateEndpointSlice(only);
    expect(urls()).toEqual(expected);
  });
});
