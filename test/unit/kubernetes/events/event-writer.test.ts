import { describe, expect, it } from '@jest/globals';
import type { ProxyEvent } from '../../../../src/kubernetes/events/event.ts';
import { type EventOutcome, EventWriter } from '../../../../src/kubernetes/events/event-writer.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

function event(name: string, scope: ProxyEvent['scope'] = 'node'): ProxyEvent {
  const regarding = { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name, uid: '' };
  return { type: 'Warning', reason: 'Test', action: 'Test', note: name, regarding, scope };
}

function setup(answer: (attempt: number) => EventOutcome | Promise<EventOutcome> = () => 'written') {
  const clock = new ManualClock();
  const posts: string[] = [];
  const lost: string[] = [];
  const writer = new EventWriter({
    post: async (path, object) => {
      const { note } = object as { note: string };
      posts.push(`${clock.nowMs()} ${path} ${note}`);
      return await answer(posts.length);
    },
    reporter: { nodeName: 'node-1', hostName: 'host-1' },
    clock,
    random: () => 0.5,
    onLost: ({ note }, reason) => lost.push(`${note} ${reason}`),
  });
  return { clock, posts, lost, writer };
}

const path = '/apis/events.k8s.io/v1/namespaces/shop/events';

describe('EventWriter', () => {
  it('writes one after the other, five a second', async () => {
    const { writer, clock, posts } = setup();
    for (const name of ['a', 'b', 'c']) writer.write(event(name));
    expect(posts).toEqual([]);
    await clock.advance(1000);
    expect(posts).toEqual([`0 ${path} a`, `200 ${path} b`, `400 ${path} c`]);
  });

  it('lets another node be first with what all nodes find', async () => {
    const { writer, clock, posts } = setup();
    writer.write(event('a', 'cluster'));
    writer.write(event('b'));
    await clock.advance(6000);
    expect(posts).toEqual([`0 ${path} b`, `5000 ${path} a`]);
  });

  it('tries again after 10 seconds when nobody answers, while others go on', async () => {
    const { writer, clock, posts } = setup((attempt) => (attempt === 1 ? 'unreachable' : 'written'));
    writer.write(event('a'));
    writer.write(event('b'));
    await clock.advance(60_000);
    expect(posts).toEqual([`0 ${path} a`, `200 ${path} b`, `10000 ${path} a`]);
  });

  it.each([-3_600_000, 3_600_000])('waits no longer and no less when the clock is set by %d ms', async (jumpMs) => {
    const { writer, clock, posts } = setup((attempt) => (attempt === 1 ? 'unreachable' : 'written'));
    writer.write(event('a'));
    await clock.advance(1000);
    clock.nowMs = () => clock.monotonicMs() + jumpMs;
    writer.write(event('b'));
    await clock.advance(8_000);
    expect(posts.map((post) => post.slice(-1))).toEqual(['a', 'b']);
    await clock.advance(1_000);
    expect(posts.map((post) => post.slice(-1))).toEqual(['a', 'b', 'a']);
  });

  it('gives up after twelve attempts', async () => {
    const { writer, clock, posts, lost } = setup(() => 'unreachable');
    writer.write(event('a'));
    await clock.advance(600_000);
    expect([posts.length, lost]).toEqual([12, ['a unreachable']]);
  });

  it('does not repeat what the API server refuses', async () => {
    const { writer, clock, posts, lost } = setup(() => 'refused');
    writer.write(event('a'));
    await clock.advance(600_000);
    expect([posts.length, lost]).toEqual([1, ['a refused']]);
  });

  it('keeps 1,000 and drops what comes after them', async () => {
    const { writer, lost } = setup();
    for (let number = 0; number < 1002; number += 1) writer.write(event(`e${number}`));
    expect(lost).toEqual(['e1000 queueFull', 'e1001 queueFull']);
  });

  it('waits for one request at a time, however long it takes', async () => {
    let release = (_outcome: EventOutcome): void => {};
    const { writer, clock, posts } = setup(() => new Promise((resolve) => (release = resolve)));
    writer.write(event('a'));
    await clock.advance(0);
    writer.write(event('b'));
    await clock.advance(60_000);
    expect(posts).toHaveLength(1);
    release('written');
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(200);
    expect(posts).toHaveLength(2);
  });

  it('writes nothing more once stopped', async () => {
    const { writer, clock, posts } = setup();
    writer.write(event('a'));
    await writer.stop();
    writer.write(event('b'));
    await clock.advance(60_000);
    expect(posts).toEqual([]);
  });
});
