import { describe, expect, it } from '@jest/globals';
import { applyStrategicMergePatch } from '../../../../support/api-server/patches/strategic-merge-patch.ts';

const RULES = { 'spec.ports': { patchKey: 'port' }, finalizers: { patchKey: '' } };
const SERVICE = {
  spec: {
    type: 'ClusterIP',
    ports: [
      { port: 80, name: 'a' },
      { port: 81, name: 'b' },
    ],
  },
  finalizers: ['x', 'y'],
  list: [1, 2],
};

function patched(patch: object): unknown {
  return applyStrategicMergePatch(SERVICE, patch, RULES);
}

describe('applyStrategicMergePatch', () => {
  it('merges list elements by key', () => {
    expect(patched({ spec: { ports: [{ port: 81, nodePort: 30_000 }] } })).toMatchObject({
      spec: {
        type: 'ClusterIP',
        ports: [
          { port: 80, name: 'a' },
          { port: 81, name: 'b', nodePort: 30_000 },
        ],
      },
    });
  });

  it('adds and deletes list elements', () => {
    const ports = [{ port: 82 }, { port: 80, $patch: 'delete' }];
    expect(patched({ spec: { ports } })).toMatchObject({ spec: { ports: [{ port: 81 }, { port: 82 }] } });
  });

  it('replaces a list on demand', () => {
    const ports = [{ $patch: 'replace' }, { port: 9 }];
    expect(patched({ spec: { ports } })).toMatchObject({ spec: { ports: [{ port: 9 }] } });
  });

  it('puts list elements into the asked order', () => {
    const order = [{ port: 82 }, { port: 81 }, { port: 80 }];
    const patch = { spec: { '$setElementOrder/ports': order, ports: [{ port: 82 }] } };
    expect(patched(patch)).toMatchObject({ spec: { ports: [{ port: 82 }, { port: 81 }, { port: 80 }] } });
  });

  it('orders a list that it does not change otherwise', () => {
    const patch = { spec: { '$setElementOrder/ports': [{ port: 81 }, { port: 80 }] } };
    expect(patched(patch)).toMatchObject({ spec: { ports: [{ port: 81 }, { port: 80 }] } });
  });

  it('merges and deletes plain values', () => {
    expect(patched({ finalizers: ['z', 'x'] })).toMatchObject({ finalizers: ['x', 'y', 'z'] });
    expect(patched({ '$deleteFromPrimitiveList/finalizers': ['x'] })).toMatchObject({ finalizers: ['y'] });
  });

  it('replaces lists without a rule', () => {
    expect(patched({ list: [3] })).toMatchObject({ list: [3] });
  });

  it('removes with null, replaces objects and retains keys', () => {
    expect(patched({ spec: { type: null } })).toMatchObject({ spec: { ports: SERVICE.spec.ports } });
    expect(patched({ spec: { $patch: 'replace', type: 'NodePort' } })).toMatchObject({ spec: { type: 'NodePort' } });
    expect(patched({ spec: { $patch: 'replace', type: 'NodePort' } })).not.toHaveProperty('spec.ports');
    expect(patched({ spec: { $retainKeys: ['type'], type: 'NodePort' } })).not.toHaveProperty('spec.ports');
  });

  it('leaves its input alone', () => {
    const before = structuredClone(SERVICE);
    patched({ spec: { ports: [{ port: 80, name: 'changed' }], '$setElementOrder/ports': [{ port: 81 }] } });
    expect(SERVICE).toEqual(before);
  });

  it('refuses list elements without their key', () => {
    expect(() => patched({ spec: { ports: [{ name: 'x' }] } })).toThrow('does not contain declared merge key: port');
  });
});
