import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { KubernetesObject } from '../../../support/api-server/objects/kubernetes-object.ts';
import { ObjectRegistry } from '../../../support/api-server/objects/object-registry.ts';
import { ObjectStore } from '../../../support/api-server/objects/object-store.ts';
import { ServiceAllocation } from '../../../support/api-server/services/service-allocation.ts';
import { StoredObjects } from '../../../support/api-server/stored-objects.ts';
import type { EndpointController } from '../../../support/endpoint-controller/start-endpoint-controller.ts';
import { startEndpointController } from '../../../support/endpoint-controller/start-endpoint-controller.ts';

let objects: StoredObjects;
let registry: ObjectRegistry;
let controller: EndpointController;

beforeEach(() => {
  const store = new ObjectStore(1000);
  const serviceCidrs = ['10.96.0.0/16', 'fd00:10:96::/112'];
  registry = new ObjectRegistry(store, new ServiceAllocation({ serviceCidrs, nodePortRange: '30000-32767' }));
  objects = new StoredObjects(store, registry);
  controller = startEndpointController({ objects });
});

afterEach(async () => {
  await controller.settled();
  controller.stop();
  registry.stop();
});

function addService(spec: object = {}, metadata: object = {}): void {
  const ports = [{ name: 'http', port: 80, targetPort: 'web' }];
  const full = { selector: { app: 'web' }, ports, ...spec };
  objects.apply({ kind: 'Service', metadata: { name: 'web', namespace: 'demo', ...metadata }, spec: full });
}

function addPod(
  name: string,
  ips: readonly string[],
  more: { ready?: boolean; spec?: object; labels?: object; phase?: string } = {},
): void {
  const { ready = true, phase = 'Running' } = more;
  const containers = [{ name: 'web', ports: [{ name: 'web', containerPort: 8080 }] }];
  objects.apply({
    kind: 'Pod',
    metadata: { name, namespace: 'demo', labels: { app: 'web', ...more.labels } },
    spec: { nodeName: 'n1', containers, ...more.spec },
    status: {
      phase,
      podIPs: ips.map((ip) => ({ ip })),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  });
}

async function slices(): Promise<readonly KubernetesObject[]> {
  await controller.settled();
  const byName = (left: KubernetesObject, right: KubernetesObject) =>
    left.metadata.name < right.metadata.name ? -1 : 1;
  return [...objects.list('endpointslices', 'demo')].sort(byName);
}

interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions: object;
}

async function endpointsOf(): Promise<readonly Endpoint[]> {
  return (await slices()).flatMap((slice) => slice['endpoints'] as Endpoint[]); // written by the controller
}

async function addresses(): Promise<readonly string[]> {
  return (await endpointsOf()).flatMap((endpoint) => endpoint.addresses).sort();
}

describe('the endpoint controller', () => {
  it('writes a slice as the real controller does', async () => {
    objects.apply({ kind: 'Node', metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1' } } });
    addService({}, { labels: { team: 'a' } });
    addPod('p1', ['10.1.0.1']);
    const [slice, ...more] = await slices();
    expect(more).toEqual([]);
    const service = objects.get('services', 'demo/web');
    const pod = objects.get('pods', 'demo/p1');
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
      endpoints: [
        {
          addresses: ['10.1.0.1'],
          conditions: { ready: true, serving: true, terminating: false },
          nodeName: 'n1',
          zone: 'z1',
          targetRef: { kind: 'Pod', namespace: 'demo', name: 'p1', uid: pod?.metadata.uid },
        },
      ],
      metadata: {
        ownerReferences: [{ kind: 'Service', name: 'web', uid: service?.metadata.uid, controller: true }],
        annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': expect.stringMatching(/^\d{4}-.*Z$/) },
      },
    });
    expect(slice?.metadata.name).toMatch(/^web-.{5}$/);
    expect(slice?.metadata.labels).toEqual({
      team: 'a',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    });
  });

  it('finds what was there before it', async () => {
    controller.stop();
    addService();
    addPod('p1', ['10.1.0.1']);
    controller = startEndpointController({ objects });
    expect(await addresses()).toEqual(['10.1.0.1']);
    const { revision } = objects;
    controller.stop();
    controller = startEndpointController({ objects });
    await controller.settled();
    expect(objects.revision).toBe(revision);
  });

  it('makes an empty slice for a Service without pods, and keeps it when pods come', async () => {
    addService();
    const [empty] = await slices();
    expect(empty).toMatchObject({ endpoints: [], ports: [], addressType: 'IPv4' });
    addPod('p1', ['10.1.0.1']);
    expect((await slices()).map((slice) => slice.metadata.name)).toEqual([empty?.metadata.name]);
  });

  it('serves both families', async () => {
    addService({ ipFamilyPolicy: 'RequireDualStack' });
    addPod('p1', ['10.1.0.1', 'fd00:1::1']);
    addPod('p2', ['10.1.0.2']);
    const byType = (await slices()).map(
      (slice) => `${slice['addressType'] as string} ${(slice['endpoints'] as Endpoint[]).length}`,
    );
    expect(byType.sort()).toEqual(['IPv4 2', 'IPv6 1']);
  });

  it('follows conditions: not ready, terminating, gone', async () => {
    addService();
    addPod('p1', ['10.1.0.1'], { ready: false });
    expect((await endpointsOf())[0]?.conditions).toEqual({ ready: false, serving: false, terminating: false });
    addPod('p1', ['10.1.0.1']);
    expect((await endpointsOf())[0]?.conditions).toEqual({ ready: true, serving: true, terminating: false });
    objects.delete('pods', 'demo/p1', 30);
    expect((await endpointsOf())[0]?.conditions).toEqual({ ready: false, serving: true, terminating: true });
    objects.delete('pods', 'demo/p1', 0);
    expect(await addresses()).toEqual([]);
  });

  it('calls addresses ready that are not, when the Service asks for it', async () => {
    addService({ publishNotReadyAddresses: true });
    addPod('p1', ['10.1.0.1'], { ready: false });
    expect((await endpointsOf())[0]?.conditions).toEqual({ ready: true, serving: false, terminating: false });
  });

  it('leaves out pods that have finished, have no address, or do not fit', async () => {
    addService();
    addPod('done', ['10.1.0.1'], { phase: 'Succeeded' });
    addPod('fresh', []);
    addPod('other', ['10.1.0.3'], { labels: { app: 'db' } });
    addPod('good', ['10.1.0.4']);
    expect(await addresses()).toEqual(['10.1.0.4']);
    addPod('good', ['10.1.0.4'], { labels: { app: 'db' } });
    addPod('other', ['10.1.0.3']);
    expect(await addresses()).toEqual(['10.1.0.3']);
  });

  it('resolves named target ports per pod', async () => {
    addService({
      ports: [
        { name: 'http', port: 80, targetPort: 'web' },
        { name: 'plain', port: 9, targetPort: 99 },
      ],
    });
    addPod('p1', ['10.1.0.1']);
    addPod('p2', ['10.1.0.2'], {
      spec: { containers: [{ name: 'web', ports: [{ name: 'web', containerPort: 8081 }] }] },
    });
    addPod('p3', ['10.1.0.3'], { spec: { containers: [{ name: 'web' }] } });
    const ports = (await slices()).map((slice) => {
      const list = slice['ports'] as { name: string; port: number }[]; // written by the controller
      return `${(slice['endpoints'] as Endpoint[])[0]?.addresses.join()} ${list.map((port) => port.port).join()}`;
    });
    expect(ports.sort()).toEqual(['10.1.0.1 8080,99', '10.1.0.2 8081,99', '10.1.0.3 99']);
  });

  it('splits after a hundred endpoints and changes no slice but the one concerned', async () => {
    addService();
    for (let index = 0; index < 250; index += 1) addPod(`p${index}`, [`10.1.${index >> 8}.${index & 255}`]);
    const before = await slices();
    expect(before.map((slice) => (slice['endpoints'] as Endpoint[]).length).sort((a, b) => b - a)).toEqual([
      100, 100, 50,
    ]);
    addPod('p7', ['10.1.0.7'], { ready: false });
    const after = await slices();
    const changed = after.filter(
      (slice, index) => slice.metadata.resourceVersion !== before[index]?.metadata.resourceVersion,
    );
    expect(changed).toHaveLength(1);
  });

  it('marks slices of headless Services and names hosts', async () => {
    addService({ clusterIP: 'None' });
    addPod('p1', ['10.1.0.1'], { spec: { hostname: 'db-0', subdomain: 'web' } });
    const [slice] = await slices();
    expect(slice?.metadata.labels).toMatchObject({ 'service.kubernetes.io/headless': '' });
    expect(slice?.['endpoints']).toMatchObject([{ hostname: 'db-0' }]);
  });

  it('follows the selector and the labels of the Service', async () => {
    addService();
    addPod('p1', ['10.1.0.1']);
    addPod('p2', ['10.1.0.2'], { labels: { app: 'db' } });
    expect(await addresses()).toEqual(['10.1.0.1']);
    objects.patch('services', 'demo/web', { metadata: { labels: { x: 'y' } }, spec: { selector: { app: 'db' } } });
    expect(await addresses()).toEqual(['10.1.0.2']);
    expect((await slices())[0]?.metadata.labels).toMatchObject({ x: 'y' });
  });

  it('removes slices with their Service', async () => {
    addService();
    addPod('p1', ['10.1.0.1']);
    await controller.settled();
    objects.delete('services', 'demo/web');
    expect(await slices()).toEqual([]);
  });

  it('does not bring a removed namespace back', async () => {
    addService();
    addPod('p1', ['10.1.0.1']);
    await controller.settled();
    objects.delete('namespaces', 'demo');
    await controller.settled();
    expect(objects.get('namespaces', 'demo')).toBeUndefined();
  });

  it('repairs its slices and leaves those of others alone', async () => {
    const labels = { 'kubernetes.io/service-name': 'web' };
    objects.apply({
      kind: 'EndpointSlice',
      metadata: { name: 'mine', namespace: 'demo', labels },
      addressType: 'IPv4',
    });
    addService();
    addPod('p1', ['10.1.0.1']);
    const made = (await slices()).find((slice) => slice.metadata.name !== 'mine');
    objects.patch('endpointslices', `demo/${made?.metadata.name}`, { endpoints: [] });
    expect(await addresses()).toEqual(['10.1.0.1']);
    objects.delete('endpointslices', `demo/${made?.metadata.name}`);
    expect(await addresses()).toEqual(['10.1.0.1']);
    expect(objects.get('endpointslices', 'demo/mine')?.metadata.generation).toBe(1);
  });

  it('writes nothing for Services without a selector', async () => {
    addService({ selector: {} });
    addService({ type: 'ExternalName', externalName: 'example.com' }, { name: 'external' });
    expect(await slices()).toEqual([]);
  });

  it('tells who waits what went wrong', async () => {
    addService();
    addPod('p1', ['10.1.0.1'], {
      spec: { containers: [{ name: 'web', ports: [{ name: 'web', containerPort: 70_000 }] }] },
    });
    await expect(controller.settled()).rejects.toThrow('EndpointSlices of Service demo/web could not be written');
  });
});
