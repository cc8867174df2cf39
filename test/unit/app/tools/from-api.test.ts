import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findInApi } from '../../../../src/app/explain/find-service.ts';
import { openClient, readObjects } from '../../../../src/app/tools/read-objects.ts';
import { noDaemon, type ToolSettings, toolSettings } from '../../../../src/app/tools/tool-settings.ts';
import { parseTarget } from '../../../../src/cli/explain/target.ts';
import { type ApiServer, startApiServer } from '../../../support/api-server/start-api-server.ts';
import { ip } from '../../../support/builders.ts';

const directory = mkdtempSync(join(tmpdir(), 'from-api-'));
let server: ApiServer;
let tool: ToolSettings;

const port = (changes: object = {}) => ({ name: 'http', port: 80, protocol: 'TCP', ...changes });

beforeAll(async () => {
  server = await startApiServer({});
  const { objects } = server;
  for (const name of ['node-1', 'node-2']) {
    const addresses = [{ type: 'InternalIP', address: name === 'node-1' ? '192.168.7.1' : '192.168.7.2' }];
    objects.apply({ kind: 'Node', metadata: { name }, status: { addresses } });
  }
  const service = (name: string, spec: object, labels: Readonly<Record<string, string>> = {}) =>
    objects.apply({ kind: 'Service', metadata: { name, namespace: 'default', labels }, spec });
  service('web', { clusterIP: '10.96.0.80', type: 'NodePort', ports: [port({ nodePort: 30080 })] });
  service('outside', { clusterIP: '10.96.0.81', externalIPs: ['198.51.100.9'], ports: [port()] });
  service(
    'other',
    { clusterIP: '10.96.0.82', ports: [port()] },
    { 'service.kubernetes.io/service-proxy-name': 'cilium' },
  );
  const slice = (name: string, ports: readonly object[]) =>
    objects.apply({
      kind: 'EndpointSlice',
      metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [...ports],
      endpoints: [{ addresses: ['10.244.1.5'] }],
    });
  slice('web', [{ name: 'http', port: 8080, protocol: 'TCP' }]);
  slice('outside', [{ name: 'http', protocol: 'TCP' }]);
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, server.kubeconfig);
  const daemonFlags = [`--kubeconfig=${kubeconfig}`, '--hostname-override=node-1'];
  tool = toolSettings({ daemonFlags, options: new Map() }, { readFile: () => '' }, noDaemon);
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true });
});

describe('objects of an API server', () => {
  it('are those that the daemon sees', async () => {
    const { tables, origin, problems } = await readObjects(tool, undefined, { readFile: () => '' });
    expect(origin).toBe('the API server');
    expect([...tables.serviceKeys()].sort()).toEqual(['default/outside', 'default/web']);
    expect([...tables.nodes()].map(({ name }) => name)).toEqual(['node-1']);
    expect(problems).toEqual([expect.stringMatching(/^endpointslices default\/outside-1: ports\[0\]/)]);
  });
});

describe('one Service of an API server', () => {
  const node = { name: 'node-1', addresses: [ip('192.168.7.1')] };
  const find = async (target: string) => await findInApi(await openClient(tool), parseTarget(target), node);

  it('comes with its slices and this Node, and nothing else', async () => {
    const { tables, key, proxyName, problems } = await find('svc/default/web');
    expect([key, proxyName, problems]).toEqual(['default/web', '', []]);
    expect(tables.slicesOf('default/web' as never).map((slice) => slice.key)).toEqual(['default/web-1']);
    expect([...tables.serviceKeys()]).toEqual(['default/web']);
    expect(tables.node('node-1')?.addresses).toEqual(['192.168.7.1']);
  });

  it.each([
    ['10.96.0.80:80', 'default/web'],
    ['192.168.7.1:30080', 'default/web'],
    ['198.51.100.9:80/TCP', 'default/outside'],
    ['198.51.100.9:80/UDP', undefined],
    ['192.168.7.9:30080', undefined],
    ['svc/default/nothing', undefined],
  ])('is at %s: %s', async (target, key) => {
    expect((await find(target)).key).toBe(key);
  });

  it.each([
    [
      'of the Service that the daemon names',
      { namespace: 'default', name: 'outside' },
      '198.51.100.9:80',
      'default/outside',
    ],
    [
      'though the daemon knows an older state',
      { namespace: 'default', name: 'web' },
      '198.51.100.9:80',
      'default/outside',
    ],
    ['though that Service is gone', { namespace: 'default', name: 'gone' }, '198.51.100.9:80', 'default/outside'],
  ])('is found by address with the help %s', async (_what, holder, address, key) => {
    const asked: string[] = [];
    const client = await openClient(tool);
    const watched = {
      ...client,
      getJson: (path: string, signal: AbortSignal) => {
        asked.push(path);
        return client.getJson(path, signal);
      },
    };
    const found = await findInApi(watched as typeof client, parseTarget(address), node, async () => holder);
    expect(found.key).toBe(key);
    const listsAll = asked.some((path) => path.startsWith('/api/v1/services?') && !path.includes('clusterIP%3D1'));
    expect(listsAll).toBe(holder.name !== 'outside');
  });

  it('tells why a Service cannot be used', async () => {
    const spec = { clusterIP: '10.96.0.84', ports: [port({ port: 70_000 })] };
    const broken = { kind: 'Service', metadata: { name: 'broken', namespace: 'default' }, spec };
    const client = await openClient(tool);
    const answering = {
      getJson: async (path: string, signal: AbortSignal) =>
        path.includes('/services?')
          ? { value: { metadata: { resourceVersion: '1' }, items: [broken] }, sizeBytes: 100 }
          : await client.getJson(path, signal),
    };
    const { key, unusable } = await findInApi(answering as typeof client, parseTarget('svc/default/broken'), node);
    expect([key, unusable]).toEqual([undefined, expect.stringMatching(/^spec\.ports\[0\]/)]);
  });

  it('tells for which proxy it is, and what is wrong with it', async () => {
    expect((await find('svc/default/other')).proxyName).toBe('cilium');
    expect((await find('svc/default/outside')).problems).toEqual([expect.stringContaining('ports[0]')]);
  });
});
