import { describe, expect, it } from '@jest/globals';
import type { KubernetesObject } from '../../../../support/api-server/objects/kubernetes-object.ts';
import type { Change } from '../../../../support/api-server/objects/object-store.ts';
import { ObjectStore } from '../../../../support/api-server/objects/object-store.ts';

function object(name: string, value = 0): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, value };
}

function names(objects: readonly KubernetesObject[] | undefined): string[] | undefined {
  return objects?.map((entry) => `${entry.metadata.name}=${String(entry['value'])}`).sort();
}

describe('ObjectStore', () => {
  it('counts versions over all collections', () => {
    const store = new ObjectStore(10);
    const first = store.put('a', object('x'));
    const second = store.put('b', object('y'));
    expect(Number(second.metadata.resourceVersion)).toBe(Number(first.metadata.resourceVersion) + 1);
    expect(store.revision).toBe(Number(second.metadata.resourceVersion));
  });

  it('tells listeners about writes and removals', () => {
    const store = new ObjectStore(10);
    const seen: Change[] = [];
    const stop = store.subscribe('a', (change) => seen.push(change));
    store.put('a', object('x'));
    store.put('a', object('x', 1));
    store.remove('a', 'default/x');
    stop();
    store.put('a', object('z'));
    expect(seen.map((change) => [change.type, change.previous?.['value'], change.object['value']])).toEqual([
      ['ADDED', undefined, 0],
      ['MODIFIED', 0, 1],
      ['DELETED', 1, 1],
    ]);
    expect(seen[2]?.object.metadata.resourceVersion).toBe(String(seen[2]?.revision));
  });

  it('shows the state at an earlier version', () => {
    const store = new ObjectStore(10);
    store.put('a', object('x', 1));
    store.put('a', object('y', 1));
    const then = store.revision;
    store.put('a', object('x', 2));
    store.remove('a', 'default/y');
    store.put('a', object('z', 1));
    store.put('b', object('other'));
    expect(names(store.stateAt('a', then))).toEqual(['x=1', 'y=1']);
    expect(names(store.stateAt('a', store.revision))).toEqual(['x=2', 'z=1']);
  });

  it('keeps at least as many changes as asked and says when older ones are gone', () => {
    const store = new ObjectStore(3);
    const start = store.revision;
    for (let value = 0; value < 6; value += 1) store.put('a', object('x', value));
    expect(store.changesSince('a', start)).toBeUndefined();
    expect(store.changesSince('a', store.revision - 3)?.map((change) => change.object['value'])).toEqual([3, 4, 5]);
    expect(store.changesSince('a', store.revision)).toEqual([]);
  });

  it('forgets everything on demand, and versions from before are too old', () => {
    const store = new ObjectStore(10);
    store.put('a', object('x'));
    const before = store.revision;
    store.compact();
    expect(store.changesSince('a', before)).toBeUndefined();
    expect(store.changesSince('a', store.revision)).toEqual([]);
    expect(names(store.stateAt('a', store.revision))).toEqual(['x=0']);
  });
});
