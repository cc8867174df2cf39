import { describe, expect, it } from '@jest/globals';
import { DriftLog, tellAgainMs } from '../../../../src/app/rounds/drift-log.ts';
import { silentLog } from '../../../../src/observe/log.ts';

function setup() {
  const lines: unknown[] = [];
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
  const drift = new DriftLog({
    log: { ...silentLog, warning: (_message, fields) => lines.push(fields) },
    clock,
  });
  return { drift, lines, clock };
}

describe('DriftLog', () => {
  it('tells of each kind and each named object at once', () => {
    const { drift, lines } = setup();
    drift.note('realServer', 3);
    drift.note('sysctl', 1, 'net/ipv4/ip_forward');
    drift.note('sysctl', 1, 'net/ipv4/vs/conntrack');
    expect(lines).toEqual([
      { kind: 'realServer', count: 3 },
      { kind: 'sysctl', count: 1, object: 'net/ipv4/ip_forward' },
      { kind: 'sysctl', count: 1, object: 'net/ipv4/vs/conntrack' },
    ]);
  });

  it('tells what goes on and on once in ten minutes, with how often it was repaired meanwhile', () => {
    const { drift, lines, clock } = setup();
    for (; clock.nowMs <= tellAgainMs; clock.nowMs += 10_000) drift.note('sysctl', 1, 'net/ipv4/ip_forward');
    expect(lines).toEqual([
      { kind: 'sysctl', count: 1, object: 'net/ipv4/ip_forward' },
      { kind: 'sysctl', count: 1, object: 'net/ipv4/ip_forward', repairedSinceLastTold: 59 },
    ]);
  });

  it('starts afresh after a quiet time', () => {
    const { drift, lines, clock } = setup();
    drift.note('rules', 2);
    clock.nowMs = tellAgainMs;
    drift.note('rules', 4);
    expect(lines).toEqual([
      { kind: 'rules', count: 2 },
      { kind: 'rules', count: 4 },
    ]);
  });
});
