import { beforeAll, afterAll, describe, expect, it } from '@jest/globals';
import { healthHandler, ProxierHealth } from '../../../src/observe/health.ts';
import type { HttpAnswer } from '../../../src/observe/http-message.ts';
import { formatRfc3339 } from '../../../src/observe/rfc3339.ts';

const startMs = Date.UTC(2026, 10, 20, 17, 37, 49, 120);
const eligible = { isBeingDeleted: false, taintKeys: ['node.kubernetes.io/unschedulable'] };
const savedZone = process.env.TZ;

beforeAll(() => {
  process.env.TZ = 'UTC';
});
afterAll(() => {
  if (savedZone === undefined) delete process.env.TZ;
  else process.env.TZ = savedZone;
});

function setup() {
  const time = { nowMs: startMs };
  const jump = { ms: 0 };
  const health = new ProxierHealth({
    timeoutMs: 60_000,
    nowMs: () => time.nowMs + jump.ms,
    monotonicMs: () => time.nowMs - startMs,
  });
  const answered: string[] = [];
  const handler = healthHandler(health, {
    healthzAnswered: (code) => answered.push(`healthz ${code}`),
    livezAnswered: (code) => answered.push(`livez ${code}`),
  });
  const get = (path: string, method = 'GET'): HttpAnswer =>
    handler({ method, path, query: new URLSearchParams(), headers: {}, body: '' }) as HttpAnswer;
  return { time, jump, health, answered, get };
}

describe('answers', () => {
  it('is healthy before the loop starts, without a status', () => {
    const { health, get } = setup();
    health.setNode(eligible);
    expect(get('/healthz')).toEqual({
      status: 200,
      headers: { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' },
      body: '{"lastUpdated":"2026-11-20T17:37:49.12Z","currentTime":"2026-11-20T17:37:49.12Z","nodeEligible":true,"healthy":true}',
    });
  });

  it('shows now as the last update while healthy, and each family that has started', () => {
    const { time, health, get } = setup();
    health.updated('IPv6');
    health.updated('IPv4');
    time.nowMs += 5000;
    expect(get('/livez').body).toBe(
      '{"lastUpdated":"2026-11-20T17:37:54.12Z","currentTime":"2026-11-20T17:37:54.12Z","healthy":true,' +
        '"status":{"IPv4":{"lastUpdated":"2026-11-20T17:37:49.12Z","healthy":true},' +
        '"IPv6":{"lastUpdated":"2026-11-20T17:37:49.12Z","healthy":true}}}',
    );
  });

  it('shows the newest update of all families when one is stuck', () => {
    const { time, health, get } = setup();
    health.setNode(eligible);
    health.updated('IPv4');
    health.queued('IPv4');
    time.nowMs += 60_000;
    health.updated('IPv6');
    const answer = get('/healthz');
    expect(answer.status).toBe(503);
    expect(answer.body).toBe(
      '{"lastUpdated":"2026-11-20T17:38:49.12Z","currentTime":"2026-11-20T17:38:49.12Z","nodeEligible":true,"healthy":false,' +
        '"status":{"IPv4":{"lastUpdated":"2026-11-20T17:37:49.12Z","healthy":false},' +
        '"IPv6":{"lastUpdated":"2026-11-20T17:38:49.12Z","healthy":true}}}',
    );
  });

  it('is healthy but 503 on a node that is going away; livez is not concerned', () => {
    const { health, get } = setup();
    health.setNode({ ...eligible, taintKeys: ['ToBeDeletedByClusterAutoscaler'] });
    expect(get('/healthz').status).toBe(503);
    expect(get('/healthz').body).toBe(
      '{"lastUpdated":"0001-01-01T00:00:00Z","currentTime":"2026-11-20T17:37:49.12Z","nodeEligible":false,"healthy":true}',
    );
    expect(get('/livez').status).toBe(200);
  });
});

describe('state', () => {
  it.each([
    ['unknown', undefined, false],
    ['known', eligible, true],
    ['being deleted', { ...eligible, isBeingDeleted: true }, false],
  ])('a node that is %s', (_name, node, expected) => {
    const { health } = setup();
    if (node !== undefined) health.setNode(node);
    expect(health.isNodeEligible()).toBe(expected);
  });

  it('is idle and healthy for ever', () => {
    const { time, health } = setup();
    health.updated('IPv4');
    time.nowMs += 86_400_000;
    expect(health.isHealthy()).toBe(true);
  });

  it('counts from the oldest request', () => {
    const { time, health } = setup();
    health.updated('IPv4');
    health.queued('IPv4');
    time.nowMs += 59_999;
    health.queued('IPv4');
    expect(health.isHealthy()).toBe(true);
    time.nowMs += 1;
    expect(health.isHealthy()).toBe(false);
    health.updated('IPv4');
    expect(health.isHealthy()).toBe(true);
  });

  it('does not mind a clock that is set', () => {
    const { time, jump, health, get } = setup();
    health.updated('IPv4');
    health.queued('IPv4');
    jump.ms = 86_400_000;
    expect(health.isHealthy()).toBe(true);
    expect(get('/livez').body).toContain('"currentTime":"2026-11-21T17:37:49.12Z"');
    jump.ms = -86_400_000;
    time.nowMs += 60_000;
    expect(health.isHealthy()).toBe(false);
  });

  it('does not count a family that has never started', () => {
    const { time, health } = setup();
    health.queued('IPv6');
    time.nowMs += 86_400_000;
    expect(health.isHealthy()).toBe(true);
  });
});

it('serves two paths for any method, and counts', () => {
  const { get, answered } = setup();
  expect([get('/healthz', 'POST').status, get('/livez').status, get('/').status, get('/healthz/').status]).toEqual([
    503, 200, 404, 404,
  ]);
  expect(answered).toEqual(['healthz 503', 'livez 200']);
});

describe('formatRfc3339', () => {
  it.each([
    [0, '2026-11-20T17:37:49.12Z'],
    [330, '2026-11-20T23:07:49.12+05:30'],
    [-210, '2026-11-20T14:07:49.12-03:30'],
  ])('with an offset of %s minutes', (offset, expected) => {
    expect(formatRfc3339(startMs, offset)).toBe(expected);
  });

  it.each([
    [startMs - 120, '2026-11-20T17:37:49Z'],
    [startMs - 20, '2026-11-20T17:37:49.1Z'],
    [startMs - 115, '2026-11-20T17:37:49.005Z'],
  ])('leaves out trailing zeros', (timeMs, expected) => {
    expect(formatRfc3339(timeMs, 0)).toBe(expected);
  });
});
