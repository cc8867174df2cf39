import { describe, expect, it } from '@jest/globals';
import { eventName, eventObject, type ProxyEvent } from '../../../../src/kubernetes/events/event.ts';

const reporter = { nodeName: 'node-1', hostName: 'host-1' };
const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const conflict: ProxyEvent = {
  type: 'Warning',
  reason: 'AddressConflict',
  action: 'PlanService',
  note: 'shop/web has 203.0.113.7:80',
  regarding: { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'copy', uid: 'u-1' },
  scope: 'cluster',
};
const about = (changes: Partial<ProxyEvent>): ProxyEvent => ({ ...conflict, ...changes });

describe('eventObject', () => {
  it('is an Event of events.k8s.io/v1 in the namespace of its subject', () => {
    expect(eventObject(conflict, reporter, nowMs)).toEqual({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: expect.stringMatching(/^copy\.[0-9a-f]{16}$/), namespace: 'shop' },
      eventTime: '2026-01-02T03:04:05.678000Z',
      reportingController: 'kube-proxy',
      reportingInstance: 'kube-proxy-host-1',
      type: 'Warning',
      reason: 'AddressConflict',
      action: 'PlanService',
      note: 'shop/web has 203.0.113.7:80',
      regarding: { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'copy', uid: 'u-1' },
    });
  });

  it('is in namespace default for a Node, which has neither namespace nor UID', () => {
    const regarding = { apiVersion: 'v1', kind: 'Node', namespace: '', name: 'Node-1', uid: '' };
    const object = eventObject(about({ regarding }), reporter, nowMs);
    expect(object.metadata).toEqual({ namespace: 'default', name: expect.stringMatching(/^node-1\./) });
    expect(object.regarding).toEqual({ apiVersion: 'v1', kind: 'Node', name: 'Node-1' });
  });

  it.each([
    ['ASCII', 'x'.repeat(2000)],
    ['two-byte letters', 'ü'.repeat(2000)],
  ])('cuts a long note of %s within 1,024 bytes', (_name, note) => {
    const { note: cut } = eventObject(about({ note }), reporter, nowMs);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1024);
    expect(Buffer.byteLength(cut)).toBeGreaterThan(1015);
    expect(cut).toMatch(/^(x+|ü+)\.\.\.$/);
  });
});

describe('eventName', () => {
  const name = (changes: Partial<ProxyEvent>, nodeName = 'node-1', atMs = nowMs) =>
    eventName(about(changes), { ...reporter, nodeName }, atMs);

  it('is the same for what every node finds', () => {
    expect(name({}, 'node-2', nowMs + 1)).toBe(name({}));
  });

  it('is another one for another reason, note, or object of the same name', () => {
    const regarding = { ...conflict.regarding, uid: 'u-2' };
    const names = [{}, { reason: 'Other' }, { note: 'other' }, { regarding }].map((changes) => name(changes));
    expect(new Set(names).size).toBe(4);
  });

  it('is another one on another node for what concerns the node, and the same on the same', () => {
    expect(name({ scope: 'node' }, 'node-2')).not.toBe(name({ scope: 'node' }));
    expect(name({ scope: 'node' }, 'node-1', nowMs + 1)).toBe(name({ scope: 'node' }));
  });

  it('is another one every time for an occurrence', () => {
    expect(name({ scope: 'occurrence' }, 'node-1', nowMs + 1)).not.toBe(name({ scope: 'occurrence' }));
  });
});
