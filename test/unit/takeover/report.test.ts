import { describe, expect, it } from '@jest/globals';
import { isAsPromised, type Phase, reportText, together } from '../../takeover/report.ts';
import type { TrafficCounts } from '../../takeover/traffic.ts';

const good: TrafficCounts = {
  seconds: 2,
  opened: 600,
  answered: 600,
  refused: 0,
  cut: 0,
  lost: 0,
  wrong: 0,
  unopened: 0,
  streams: 54,
  streamMessages: 300,
  streamCut: 0,
  streamLost: 0,
  streamWrong: 0,
  udpAnswered: 200,
  udpRefused: 0,
  udpLost: 0,
  udpWrong: 0,
  slowestMs: 10,
  fault: '',
};

function phase(counts: Partial<TrafficCounts> = {}, ok = true): Phase {
  const checks = [{ what: 'kernel while observing', ok, seen: 'as it was' }];
  return { name: 'hand-over to us', counts: { ...good, ...counts }, checks, measured: ['noticed after 0.9 s'] };
}

describe('a take-over is as promised', () => {
  it('with traffic and without a fault', () => expect(isAsPromised([phase(), phase()])).toBe(true));

  it.each([
    'refused',
    'cut',
    'lost',
    'wrong',
    'streamCut',
    'streamLost',
    'streamWrong',
    'udpRefused',
    'udpLost',
    'udpWrong',
  ] as const)('and not with one that counts as %s', (name) => {
    expect(isAsPromised([phase(), phase({ [name]: 1 })])).toBe(false);
  });

  it.each(['answered', 'udpAnswered'] as const)('and not when nothing was %s', (name) => {
    expect(isAsPromised([phase({ [name]: 0 }), phase()])).toBe(false);
  });

  it('and not when a check failed', () => expect(isAsPromised([phase({}, false)])).toBe(false));
});

it('counts of generators are added, the slowest answer is that of all, and the first fault is kept', () => {
  const sum = together([good, { ...good, cut: 2, slowestMs: 90, seconds: 3, fault: 'cut: 10.96.0.1' }]);
  expect(sum).toMatchObject({ answered: 1200, cut: 2, slowestMs: 90, seconds: 3, fault: 'cut: 10.96.0.1' });
});

it('the report has a row for each phase, the first fault, checks, and what was measured without being judged', () => {
  const text = reportText([phase(), phase({ wrong: 1, fault: 'pod-b answered for pod-a' }, false)]);
  expect(text).toContain('hand-over to us      2.0        600    300');
  expect(text).toContain('first fault in hand-over to us: pod-b answered for pod-a');
  expect(text).toContain('ok     kernel while observing: as it was');
  expect(text).toContain('FAILED kernel while observing: as it was');
  expect(text).toContain('\n       noticed after 0.9 s');
});
