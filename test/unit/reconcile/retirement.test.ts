import type { Protocol } from '../../../src/model/service-key.ts';
import { describe, expect, it } from '@jest/globals';
import { mayBeRemoved, nextLookMs } from '../../../src/reconcile/retirement.ts';
import { realServer } from '../../support/ipvs-builders.ts';

const { key } = realServer('10.244.0.1:80');
const limits = { drainDeadlineMs: 600_000, drainUdpGraceMs: 5_000 };

describe('mayBeRemoved', () => {
  it.each<
    [
      string,
      Protocol,
      { active?: number; inactive?: number; since?: number; gone?: number | undefined; now: number },
      boolean,
    ]
  >([
    ['TCP without connections', 'TCP', { gone: 0, now: 0 }, true],
    ['UDP without connections', 'UDP', { gone: 0, now: 0 }, true],
    ['TCP with an active connection', 'TCP', { active: 1, gone: 0, now: 599_999 }, false],
    ['TCP with a connection that is closing', 'TCP', { inactive: 1, gone: 0, now: 599_999 }, false],
    ['TCP with a connection of each kind', 'TCP', { active: 1, inactive: 1, gone: 0, now: 599_999 }, false],
    ['TCP at the deadline', 'TCP', { active: 1, gone: 0, now: 600_000 }, true],
    ['SCTP before the deadline', 'SCTP', { active: 1, gone: 0, now: 5_000 }, false],
    ['SCTP at the deadline', 'SCTP', { active: 1, gone: 0, now: 600_000 }, true],
    ['TCP that is still listed, long after', 'TCP', { active: 1, gone: undefined, now: 9_000_000 }, false],
    ['TCP that went from the list late', 'TCP', { active: 1, since: 0, gone: 600_000, now: 1_199_999 }, false],
    ['UDP before its grace is over', 'UDP', { inactive: 9, gone: 0, now: 4_999 }, false],
    ['UDP when its grace is over', 'UDP', { inactive: 9, gone: 0, now: 5_000 }, true],
    ['UDP whose grace began late', 'UDP', { inactive: 9, since: 3_000, gone: 0, now: 7_999 }, false],
    ['UDP that is still listed, when its grace is over', 'UDP', { inactive: 9, gone: undefined, now: 5_000 }, true],
  ])('%s', (_name, protocol, { active = 0, inactive = 0, since = 0, gone, now }, expected) => {
    const retiree = { key, sinceMs: since, goneSinceMs: gone };
    const seen = { activeConnections: active, inactiveConnections: inactive };
    expect(mayBeRemoved(protocol, retiree, seen, limits, now)).toBe(expected);
  });

  it('has no deadline when that is 0', () => {
    const seen = { activeConnections: 1, inactiveConnections: 0 };
    const unlimited = { ...limits, drainDeadlineMs: 0 };
    expect(mayBeRemoved('TCP', { key, sinceMs: 0, goneSinceMs: 0 }, seen, unlimited, Number.MAX_SAFE_INTEGER)).toBe(
      false,
    );
  });
});

describe('nextLookMs', () => {
  it.each([
    [0, 1_000],
    [999, 1_000],
    [4_000, 4_000],
    [60_000, 10_000],
  ])('after %i ms waits %i ms', (drainedMs, expected) => {
    expect(nextLookMs(5_000, 5_000 + drainedMs)).toBe(expected);
  });
});
