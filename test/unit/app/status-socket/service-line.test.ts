import { expect, it } from '@jest/globals';
import { drainingLines } from '../../../../src/app/status-socket/open-status-server.ts';
import { serviceLine } from '../../../../src/app/status-socket/service-line.ts';
import { serviceKey } from '../../../../src/model/service-key.ts';
import { packPlaces } from '../../../../src/model/packed-places.ts';
import { anEndpoint, aService, aSlice, ip } from '../../../support/builders.ts';
import { realServer, virtualServer } from '../../../support/ipvs-builders.ts';

it('tells what a Service is and where its endpoints are', () => {
  const service = aService({
    type: 'LoadBalancer',
    clusterIps: [ip('10.96.0.1'), ip('fd00::1')],
    externalIps: [ip('198.51.100.7')],
    loadBalancerIps: [ip('203.0.113.9')],
    ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30080 }],
    affinityTimeoutSeconds: 600,
    externalTrafficPolicy: 'Local',
  });
  const slice = aSlice(
    [
      anEndpoint('10.244.1.2', { nodeName: 'n1' }),
      anEndpoint('10.244.1.3', { ready: false, terminating: true, nodeName: '' }),
      anEndpoint('10.244.1.4', { ready: false, serving: false, terminating: true }),
      anEndpoint('10.244.1.5', { ready: false, nodeName: '' }),
    ],
    { places: packPlaces(['a', 'b', 'c', ''].map((name) => ({ pod: name && `web-${name}`, zone: name && 'z1' }))) },
  );
  expect(serviceLine(service, [slice], () => service.key)).toEqual({
    kind: 'service',
    namespace: 'default',
    name: 'web',
    type: 'LoadBalancer',
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Local',
    sessionAffinity: 600,
    addresses: [
      { address: '10.96.0.1', from: 'clusterIP' },
      { address: 'fd00::1', from: 'clusterIP' },
      { address: '198.51.100.7', from: 'externalIP' },
      { address: '203.0.113.9', from: 'loadBalancer' },
    ],
    ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30080 }],
    slices: [
      {
        ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
        endpoints: [
          { address: '10.244.1.2', state: 'ready', pod: 'web-a', node: 'n1', zone: 'z1' },
          { address: '10.244.1.3', state: 'serving', terminating: true, pod: 'web-b', zone: 'z1' },
          { address: '10.244.1.4', state: 'notReady', terminating: true, pod: 'web-c', node: 'node-2', zone: 'z1' },
          { address: '10.244.1.5', state: 'notReady' },
        ],
      },
    ],
  });
});

it('tells which addresses an older Service has', () => {
  const service = aService({ clusterIps: [ip('10.96.0.1')], externalIps: [ip('198.51.100.7')] });
  const holderOf = (key: string) => (key.includes('198.51.100.7') ? serviceKey('shop', 'older') : service.key);
  expect(serviceLine(service, [], holderOf).lost).toEqual([{ protocol: 'TCP', address: '198.51.100.7', port: 80 }]);
  expect(serviceLine(service, [], () => undefined)).not.toHaveProperty('lost');
});

it('tells what drains, and since when', () => {
  const web = virtualServer('TCP', '10.96.0.1:80');
  const retirees = [
    { realServer: realServer('10.244.1.2:8080'), sinceMs: 1_000, goneSinceMs: undefined },
    { realServer: realServer('10.244.1.3:8080'), sinceMs: 1_000, goneSinceMs: 62_500 },
  ].map((retiree) => ({ ...retiree, key: retiree.realServer.key }));
  const idle = { virtualServer: virtualServer('TCP', '10.96.0.2:80'), realServers: [] };
  expect([...drainingLines([{ virtualServer: web, realServers: retirees }, idle], 65_999)]).toEqual([
    {
      kind: 'draining',
      protocol: 'TCP',
      address: '10.96.0.1',
      port: 80,
      realServers: [
        { address: '10.244.1.2', port: 8080, forSeconds: 64 },
        { address: '10.244.1.3', port: 8080, forSeconds: 64, goneForSeconds: 3 },
      ],
    },
  ]);
});
