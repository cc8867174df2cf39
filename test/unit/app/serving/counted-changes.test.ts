import { describe, expect, it } from '@jest/globals';
import { CountedChanges } from '../../../../src/app/serving/counted-changes.ts';
import type { Node } from '../../../../src/kubernetes/objects/node.ts';
import { cidr } from '../../../support/builders.ts';
import { ProxierHealth } from '../../../../src/observe/health.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

type SeenNode = Pick<Node, 'zone' | 'podCidrs'>;

function setup({ needsPodCidrs = false } = {}) {
  const clock = new ManualClock();
  const seen = { inSync: false, isOpen: false, node: undefined as SeenNode | undefined };
  const tables = {
    get inSync() {
      return seen.inSync;
    },
    node: (name: string) => (name === 'n1' ? (seen.node as Node | undefined) : undefined),
  };
  const changes = new CountedChanges({ tables, gate: seen, nodeName: 'n1', needsPodCidrs });
  const health = new ProxierHealth({
    timeoutMs: 60_000,
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
  });
  health.updated('IPv4');
  /** An object, or the Node, changed. */
  const change = (next: Partial<typeof seen> = {}) => {
    Object.assign(seen, next);
    const counts = changes.counts();
    if (counts) health.queued('IPv4');
    return counts;
  };
  return { change, clock, health };
}

const inZone = (zone: string, ...podCidrs: readonly string[]): SeenNode => ({ zone, podCidrs: podCidrs.map(cidr) });

describe('changes that wait for a round', () => {
  it('are none before everything has been listed: who cannot list stays healthy, however long', async () => {
    const { change, clock, health } = setup();
    expect([change(), change({ node: inZone('') }), change()]).toEqual([false, false, false]);
    await clock.advance(3_600_000);
    expect([change(), health.isHealthy()]).toEqual([false, true]);
  });

  it('are none before the Node is known', () => {
    const { change } = setup();
    expect([change({ inSync: true }), change()]).toEqual([false, false]);
  });

  it('are all from then on', async () => {
    const { change, clock, health } = setup();
    expect([change({ inSync: true, isOpen: true }), change()]).toEqual([true, true]);
    await clock.advance(59_999);
    expect(health.isHealthy()).toBe(true);
    await clock.advance(1);
    expect(health.isHealthy()).toBe(false);
  });

  it('are the zone of the Node before that, which therefore has to be followed in time', async () => {
    const { change, clock, health } = setup();
    expect([change({ node: inZone('a') }), change(), change({ node: inZone('b') })]).toEqual([true, false, true]);
    await clock.advance(60_000);
    expect(health.isHealthy()).toBe(false);
  });

  it('are not that the Node is gone, and back in its zone', () => {
    const { change } = setup();
    expect([change({ node: inZone('a') }), change({ node: undefined }), change({ node: inZone('a') })]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('are not the zone before the pod networks that are waited for', () => {
    const { change } = setup({ needsPodCidrs: true });
    expect([change({ node: inZone('a') }), change({ node: inZone('a', '10.244.1.0/24') })]).toEqual([false, true]);
  });
});
