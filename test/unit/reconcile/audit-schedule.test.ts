import { beforeEach, describe, expect, it } from '@jest/globals';
import { AuditSchedule } from '../../../src/reconcile/audit-schedule.ts';

const all = ['settings', 'addresses', 'sets', 'rules', 'servers'];

let periodMs: number;
let schedule: AuditSchedule;
beforeEach(() => {
  periodMs = 10_000;
  schedule = new AuditSchedule(() => periodMs);
});

describe('AuditSchedule', () => {
  it('has nothing to do before everything was read once, unless somebody asks', () => {
    expect([schedule.nextDueMs(), schedule.take(1e9)]).toEqual([Number.POSITIVE_INFINITY, []]);
    schedule.request();
    expect(schedule.take(0)).toEqual(all);
  });

  it('has every part compared after the period, and then none until it is done', () => {
    schedule.begin(1_000);
    expect([schedule.nextDueMs(), schedule.take(10_999)]).toEqual([11_000, []]);
    expect(schedule.take(11_000)).toEqual(all);
    expect([schedule.nextDueMs(), schedule.take(1e9)]).toEqual([Number.POSITIVE_INFINITY, []]);
  });

  it('counts from the time at which a part was taken, so that all stay together', () => {
    schedule.begin(0);
    for (const part of schedule.take(10_000)) schedule.done(part, 10_000, 500);
    expect([schedule.nextDueMs(), schedule.take(20_000)]).toEqual([20_000, all]);
  });

  it('has a large part compared less often, so that it takes 5 %, and the others as ever', () => {
    schedule.begin(0);
    for (const part of schedule.take(10_000)) schedule.done(part, 10_000, part === 'servers' ? 1_300 : 1);
    expect(schedule.take(20_000)).toEqual(['settings', 'addresses', 'sets', 'rules']);
    expect(schedule.take(35_999)).toEqual([]);
    expect(schedule.take(36_000)).toEqual(['servers']);
  });

  it('has what was asked for during a comparison compared again', () => {
    schedule.begin(0);
    const taken = schedule.take(10_000);
    schedule.request();
    for (const part of taken) schedule.done(part, 10_000, 1);
    expect(schedule.take(10_001)).toEqual(all);
  });

  it('follows a period that changes, and 0 is never', () => {
    schedule.begin(0);
    periodMs = 0;
    for (const part of schedule.take(10_000)) schedule.done(part, 10_000, 1);
    expect(schedule.nextDueMs()).toBe(Number.POSITIVE_INFINITY);
    periodMs = 1_000;
    schedule.begin(20_000);
    expect(schedule.nextDueMs()).toBe(21_000);
  });
});
