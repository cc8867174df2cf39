import { describe, expect, it, jest } from '@jest/globals';
import { ObjectRegistry } from '../../../../support/api-server/objects/object-registry.ts';
import { ObjectStore } from '../../../../support/api-server/objects/object-store.ts';
import { findResource } from '../../../../support/api-server/objects/resources.ts';
import { ServiceAllocation } from '../../../../support/api-server/services/service-allocation.ts';
import { StoredObjects } from '../../../../support/api-server/stored-objects.ts';

function setUp(): { registry: ObjectRegistry; objects: StoredObjects } {
  const store = new ObjectStore(100);
  const allocation = new ServiceAllocation({ serviceCidrs: ['10.96.0.0/16'], nodePortRange: '30000-32767' });
  const registry = new ObjectRegistry(store, allocation);
  return { registry, objects: new StoredObjects(store, registry) };
}

const pods = findResource('', 'pods');
const configMaps = findResource('', 'configmaps');

describe('ObjectRegistry', () => {
  it('gives identity and keeps it over updates', () => {
    const { objects } = setUp();
    const first = objects.apply({ kind: 'ConfigMap', metadata: { name: 'a' }, data: { x: '1' } });
    const second = objects.apply({ kind: 'ConfigMap', metadata: { name: 'a' }, data: { x: '2' } });
    expect(first.metadata).toMatchObject({ namespace: 'default', uid: expect.any(String) });
    expect(second.metadata.uid).toBe(first.metadata.uid);
    expect(second.metadata.creationTimestamp).toBe(first.metadata.creationTimestamp);
    expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
  });

  it('does not count an update without effect', () => {
    const { objects } = setUp();
    const spec = { ports: [{ port: 80 }] };
    objects.apply({ kind: 'Service', metadata: { name: 'a' }, spec });
    const { revision } = objects;
    objects.apply({ kind: 'Service', metadata: { name: 'a' }, spec });
    objects.patch('services', 'default/a', { spec: { type: 'ClusterIP' } });
    expect(objects.revision).toBe(revision);
  });

  it('counts generations of the specification only', () => {
    const { objects } = setUp();
    const slice = { kind: 'EndpointSlice', metadata: { name: 'a' }, addressType: 'IPv4' };
    objects.apply(slice);
    objects.patch('endpointslices', 'default/a', { metadata: { labels: { x: 'y' } } });
    expect(objects.get('endpointslices', 'default/a')?.metadata.generation).toBe(1);
    objects.patch('endpointslices', 'default/a', { endpoints: [{ addresses: ['10.0.0.1'] }] });
    expect(objects.get('endpointslices', 'default/a')?.metadata.generation).toBe(2);
  });

  it('refuses updates of an old version', () => {
    const { registry, objects } = setUp();
    const old = objects.apply({ kind: 'ConfigMap', metadata: { name: 'a' } });
    objects.patch('configmaps', 'default/a', { data: { x: '1' } });
    if (configMaps === undefined) throw new Error('no config maps');
    expect(() => registry.update(configMaps, old)).toThrow(expect.objectContaining({ code: 409, reason: 'Conflict' }));
  });

  it('never changes what it has stored before', () => {
    const { objects } = setUp();
    const before = objects.apply({
      kind: 'EndpointSlice',
      metadata: { name: 'a' },
      addressType: 'IPv4',
      ports: [{ port: 1 }],
    });
    const copy = structuredClone(before);
    objects.patch('endpointslices', 'default/a', { metadata: { labels: { x: 'y' } } });
    objects.patch('endpointslices', 'default/a', { ports: [{ port: 2 }] });
    expect(before).toEqual(copy);
  });

  it('makes names from generateName', () => {
    const { objects } = setUp();
    const made = objects.apply({ kind: 'ConfigMap', metadata: { generateName: 'some-' } });
    expect(made.metadata.name).toMatch(/^some-[b-z2-9]{5}$/);
  });

  it('removes everything in a namespace with it', () => {
    const { objects } = setUp();
    objects.apply({ kind: 'Service', metadata: { name: 'a', namespace: 'demo' }, spec: { ports: [{ port: 1 }] } });
    objects.apply({ kind: 'Service', metadata: { name: 'a', namespace: 'other' }, spec: { ports: [{ port: 1 }] } });
    objects.delete('namespaces', 'demo');
    expect(objects.list('services').map((service) => service.metadata.namespace)).toEqual(['other']);
  });

  it('keeps an object with finalizers until the last one is gone', () => {
    const { objects } = setUp();
    objects.apply({ kind: 'ConfigMap', metadata: { name: 'a', finalizers: ['example.com/f'] } });
    objects.delete('configmaps', 'default/a');
    expect(objects.get('configmaps', 'default/a')?.metadata.deletionTimestamp).toEqual(expect.any(String));
    objects.patch('configmaps', 'default/a', { metadata: { finalizers: null } });
    expect(objects.get('configmaps', 'default/a')).toBeUndefined();
  });

  it('lets a pod on a node terminate for its grace period', () => {
    jest.useFakeTimers();
    try {
      const { objects } = setUp();
      objects.apply({
        kind: 'Pod',
        metadata: { name: 'a' },
        spec: { nodeName: 'n1', terminationGracePeriodSeconds: 5 },
      });
      objects.delete('pods', 'default/a');
      expect(objects.get('pods', 'default/a')?.metadata).toMatchObject({ deletionGracePeriodSeconds: 5 });
      jest.advanceTimersByTime(5000);
      expect(objects.get('pods', 'default/a')).toBeUndefined();
    } finally {
      jest.useRealTimers();
    }
  });

  it('removes a pod at once without grace', () => {
    const { objects } = setUp();
    objects.apply({ kind: 'Pod', metadata: { name: 'a' }, spec: { nodeName: 'n1' } });
    objects.delete('pods', 'default/a', 0);
    expect(objects.get('pods', 'default/a')).toBeUndefined();
  });

  it('checks preconditions of a removal', () => {
    const { registry, objects } = setUp();
    objects.apply({ kind: 'Pod', metadata: { name: 'a' } });
    if (pods === undefined) throw new Error('no pods');
    expect(() => registry.remove(pods, 'default', 'a', { preconditions: { uid: 'other' } })).toThrow(
      'Precondition failed: UID',
    );
  });

  it('stores events of both APIs as one', () => {
    const { objects } = setUp();
    objects.apply({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'e' },
      regarding: { kind: 'Node', name: 'n1' },
      note: 'hello',
      reportingController: 'proxy',
    });
    expect(objects.get('events', 'default/e')).toMatchObject({
      apiVersion: 'v1',
      involvedObject: { name: 'n1' },
      message: 'hello',
      reportingComponent: 'proxy',
    });
    expect(objects.get('events.events.k8s.io', 'default/e')).toMatchObject({
      note: 'hello',
      regarding: { name: 'n1' },
    });
  });

  it('calls listeners with what there is and what comes, and with nothing after the stop', () => {
    const { objects } = setUp();
    objects.apply({ kind: 'ConfigMap', metadata: { name: 'a' } });
    const seen: string[] = [];
    const stop = objects.watch('configmaps', (change) => seen.push(`${change.type} ${change.object.metadata.name}`));
    objects.apply({ kind: 'ConfigMap', metadata: { name: 'b' } });
    objects.delete('configmaps', 'default/a');
    stop();
    objects.delete('configmaps', 'default/b');
    expect(seen).toEqual(['ADDED a', 'ADDED b', 'DELETED a']);
  });
});
