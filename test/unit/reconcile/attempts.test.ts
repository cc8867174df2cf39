import { beforeEach, describe, expect, it } from '@jest/globals';
import { Attempts } from '../../../src/reconcile/attempts.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingObserver } from '../../support/recording-observer.ts';

let clock: ManualClock;
let observer: RecordingObserver;
let attempts: Attempts<string>;

beforeEach(() => {
  clock = new ManualClock();
  observer = new RecordingObserver();
  attempts = new Attempts('address', clock, observer);
});

const fail = (key: string) => attempts.failed(key, new Error('EIO'));

describe('Attempts', () => {
  it('says nothing of objects that succeed at once', () => {
    attempts.succeeded('a');
    expect(observer.lines).toEqual([]);
    expect(attempts.failedCount).toBe(0);
  });

  it('tells of every failure, and of the recovery once', () => {
    fail('a');
    fail('a');
    expect(attempts.failedCount).toBe(1);
    attempts.succeeded('a');
    attempts.succeeded('a');
    expect(observer.lines).toEqual(['failed address a', 'failed address a', 'recovered address a']);
    expect(attempts.failedCount).toBe(0);
  });

  it('waits half a second after the first failure, and no more than half a minute after many', async () => {
    fail('a');
    expect(attempts.nextDueMs()).toBe(500);
    await clock.advance(500);
    expect(attempts.isDue('a')).toBe(true);
    for (let count = 0; count < 10; count++) fail('a');
    expect(attempts.nextDueMs()).toBe(30_500);
  });

  it('tries what is wanted otherwise at once, and still tells of its recovery', async () => {
    fail('a');
    fail('a');
    attempts.startAfresh('a');
    attempts.startAfresh('b');
    expect(attempts.isDue('a')).toBe(true);
    fail('a');
    expect(attempts.nextDueMs()).toBe(500);
    attempts.startAfresh('a');
    attempts.succeeded('a');
    expect(observer.heard('recovered')).toEqual(['recovered address a']);
  });

  it('forgets an object that is due and has nothing pending any more, without calling it recovered', async () => {
    fail('wanted');
    fail('unwanted');
    attempts.forgetUnless((key) => key === 'wanted');
    expect(attempts.failedCount).toBe(2);
    await clock.advance(500);
    attempts.forgetUnless((key) => key === 'wanted');
    expect(attempts.failedCount).toBe(1);
    expect(observer.heard('recovered')).toEqual([]);
    attempts.succeeded('wanted');
    expect(attempts.nextDueMs()).toBeUndefined();
  });
});
