import type { OperationFailure } from '../../../src/kernel/drivers.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { DriverError } from '../../../src/kernel/errors.ts';
import { DeltaApplier } from '../../../src/reconcile/delta-applier.ts';
import { DeltaMap } from '../../../src/reconcile/delta-map.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingObserver } from '../../support/recording-observer.ts';

let map: DeltaMap<string, string>;
let clock: ManualClock;
let observer: RecordingObserver;
let applier: DeltaApplier<string, string, string>;
let batches: string[][];
let refused: Set<string>;
let blocked: Set<string>;

beforeEach(() => {
  map = new DeltaMap((a, b) => a === b);
  clock = new ManualClock();
  observer = new RecordingObserver();
  batches = [];
  refused = new Set();
  blocked = new Set();
  applier = new DeltaApplier({
    kind: 'address',
    map,
    apply: async (operations) => {
      batches.push([...operations]);
      return operations.flatMap((operation, index): OperationFailure[] =>
        refused.has(operation) ? [{ index, error: new DriverError('address', operation, { errnoName: 'EIO' }) }] : [],
      );
    },
    operation: ({ key, desired }) => {
      if (blocked.has(key)) return undefined;
      return desired === undefined ? `remove ${key}` : `add ${key}`;
    },
    clock,
    observer,
  });
});

describe('DeltaApplier', () => {
  it('sends what is pending in one batch, additions apart from removals', async () => {
    map.want('a', '1');
    map.want('b', '1');
    map.observe('c', '1');
    await applier.applyAdditions();
    expect(batches).toEqual([['add a', 'add b']]);
    await applier.applyRemovals();
    expect(batches.slice(1)).toEqual([['remove c']]);
    expect(map.pendingCount).toBe(0);
    expect(observer.lines).toEqual(['applied address 2', 'applied address 1']);
  });

  it('asks the driver nothing when nothing is pending', async () => {
    await applier.applyAdditions();
    await applier.applyRemovals();
    expect(batches).toEqual([]);
  });

  it('keeps the one that failed pending, and settles its neighbours', async () => {
    for (const key of ['a', 'b', 'c']) map.want(key, '1');
    refused.add('add b');
    await applier.applyAdditions();
    expect([...map.pending()].map(({ key }) => key)).toEqual(['b']);
    expect([map.observed('a'), map.observed('b'), map.observed('c')]).toEqual(['1', undefined, '1']);
    expect(observer.lines).toEqual(['applied address 2', 'failed address b']);
  });

  it('never takes a removal that failed for done', async () => {
    map.observe('a', '1');
    refused.add('remove a');
    await applier.applyRemovals();
    expect(map.observed('a')).toBe('1');
    expect(map.isPending('a')).toBe(true);
  });

  it('tries one that failed again when its back-off is over, and the others at once', async () => {
    map.want('a', '1');
    refused.add('add a');
    await applier.applyAdditions();
    map.want('b', '1');
    await clock.advance(499);
    await applier.applyAdditions();
    expect(batches.at(-1)).toEqual(['add b']);
    refused.clear();
    await clock.advance(1);
    await applier.applyAdditions();
    expect(batches.at(-1)).toEqual(['add a']);
    expect(applier.attempts.failedCount).toBe(0);
    expect(observer.heard('recovered')).toEqual(['recovered address a']);
  });

  it('leaves out what has to wait for something else', async () => {
    map.want('a', '1');
    map.want('b', '1');
    blocked.add('a');
    await applier.applyAdditions();
    expect(batches).toEqual([['add b']]);
    expect(map.isPending('a')).toBe(true);
    blocked.clear();
    await applier.applyAdditions();
    expect(batches[1]).toEqual(['add a']);
  });

  it.each<[string, () => void]>([
    ['is not wanted any more', () => map.want('a', undefined)],
    ['was put there by somebody else', () => map.observe('a', '1')],
    ['has to wait for something else', () => blocked.add('a')],
  ])('is not woken for one that failed and %s', async (_name, happens) => {
    map.want('a', '1');
    refused.add('add a');
    await applier.applyAdditions();
    happens();
    await clock.advance(500);
    await applier.applyAdditions();
    await applier.applyRemovals();
    expect(applier.attempts.nextDueMs()).toBeUndefined();
    expect(applier.attempts.failedCount).toBe(0);
  });

  it('settles nothing when the outcome of a batch is unknown', async () => {
    const lost = new DeltaApplier<string, string, string>({
      kind: 'address',
      map,
      apply: () => Promise.reject(new Error('ETIMEDOUT')),
      operation: ({ key }) => key,
      clock,
      observer,
    });
    map.want('a', '1');
    await expect(lost.applyAdditions()).rejects.toThrow('ETIMEDOUT');
    expect(map.observed('a')).toBeUndefined();
    expect(map.isPending('a')).toBe(true);
  });
});
