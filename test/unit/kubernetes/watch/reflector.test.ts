import { afterEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '../../../../src/observe/log.ts';
import { DecodeError } from '../../../../src/kubernetes/errors.ts';
import type { Decoded } from '../../../../src/kubernetes/objects/decoded.ts';
import { ApiConnection } from '../../../../src/kubernetes/watch/api-connection.ts';
import { anonymousSource } from '../../../../src/kubernetes/watch/credentials.ts';
import { KubeClient } from '../../../../src/kubernetes/watch/kube-client.ts';
import { Reflector } from '../../../../src/kubernetes/watch/reflector.ts';
import { TokenBucket } from '../../../../src/kubernetes/watch/token-bucket.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { onlyServer } from '../../../support/only-server.ts';
import { recordingLog } from './recording-log.ts';
import type { Step } from './scripted-server.ts';
import {
  answer,
  bookmark,
  cut,
  endMark,
  endNormally,
  event,
  refuse,
  sample,
  ScriptedServer,
  stream,
} from './scripted-server.ts';

interface Sample {
  readonly key: string;
  readonly resourceVersion: string;
}

/** Reads `sample` objects; `broken` ones are refused, `unused` ones give no object. */
function decodeSample(value: unknown): Decoded<Sample> {
  const object = value as { metadata: { namespace: string; name: string; resourceVersion: string }; is?: string };
  const key = `${object.metadata.namespace}/${object.metadata.name}`;
  if (object.is === 'broken') throw new DecodeError('Sample', key, 'is', 'broken');
  const warnings = object.is === 'odd' ? [{ field: 'is', problem: 'odd' }] : [];
  if (object.is === 'unused') return { object: undefined, warnings };
  return { object: { key, resourceVersion: object.metadata.resourceVersion }, warnings };
}

const closers: (() => Promise<void>)[] = [];

async function run(steps: readonly Step[], random = () => 0, more: { readonly streamsLists?: boolean } = {}) {
  const server = new ScriptedServer(steps);
  const port = await server.listen();
  const clock = new ManualClock();
  const { log, lines } = recordingLog();
  const source = anonymousSource(`http://127.0.0.1:${port}`);
  const connection = new ApiConnection({ source, clock, log: silentLog });
  const limiter = new TokenBucket({ clock, perSecond: -1, burst: 0 });
  const client = new KubeClient({ connection, servers: onlyServer(source.server), clock, limiter, userAgent: 'test' });
  const calls: string[] = [];
  let wake: () => void = () => {};
  const record = (call: string) => {
    calls.push(call);
    wake();
  };
  const reflector = new Reflector<Sample>({
    resource: { name: 'samples', path: '/api/v1/samples', labelSelector: '!x' },
    client,
    clock,
    random,
    log,
    decode: decodeSample,
    ...more,
    target: {
      replace: (objects) =>
        record(`replace ${[...objects].map((o) => `${o.key}@${o.resourceVersion}`).join(' ')}`.trim()),
      update: (object) => record(`update ${object.key}@${object.resourceVersion}`),
      delete: (key) => record(`delete ${key}`),
    },
  });
  reflector.start();
  closers.push(async () => {
    await reflector.stop();
    connection.close();
    await server.close();
  });
  const until = async (condition: () => boolean) => {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, 2);
      });
    }
  };
  const called = (count: number) => until(() => calls.length >= count);
  const failed = (count: number) => until(() => reflector.counters.errors >= count);
  return { server, clock, lines, calls, reflector, called, failed, until };
}

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const listOf = (resourceVersion: string, items: readonly object[], next?: string): object => ({
  kind: 'SampleList',
  metadata: { resourceVersion, ...(next && { continue: next }) },
  items,
});

describe('Reflector with a server that streams lists', () => {
  it('gives the initial objects at once, then each change, over one connection', async () => {
    const { server, calls, called, reflector } = await run([
      stream([
        event('ADDED', sample('one', '1')),
        event('ADDED', sample('two', '2')),
        endMark('2'),
        event('MODIFIED', sample('one', '3')),
        event('DELETED', sample('two', '4')),
        event('ADDED', sample('three', '5')),
      ]),
    ]);
    await called(4);
    expect(calls).toEqual(['replace a/one@1 a/two@2', 'update a/one@3', 'delete a/two', 'update a/three@5']);
    expect(Object.fromEntries(server.query(0))).toEqual({
      labelSelector: '!x',
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: '300',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      resourceVersion: '',
    });
    expect(reflector.counters).toMatchObject({
      lists: 1,
      watches: 1,
      events: 6,
      errors: 0,
      inSync: true,
      connected: true,
    });
  });

  it('gives an empty listing for an empty cluster', async () => {
    const { calls, called } = await run([stream([endMark('7')])]);
    await called(1);
    expect(calls).toEqual(['replace']);
  });

  it('puts what changes during the list into the list', async () => {
    const { calls, called } = await run([
      stream([
        event('ADDED', sample('one', '1')),
        event('ADDED', sample('two', '2')),
        event('MODIFIED', sample('one', '3')),
        event('DELETED', sample('two', '4')),
        endMark('4'),
      ]),
    ]);
    await called(1);
    expect(calls).toEqual(['replace a/one@3']);
  });

  it('asks for a time-out between 300 and 600 s', async () => {
    const { server } = await run([stream([])], () => 0.9999);
    await server.received(1);
    expect(server.query(0).get('timeoutSeconds')).toBe('600');
  });
});

describe('Reflector, when a watch ends', () => {
  it('goes on from the last version, bookmarks included, without a list', async () => {
    const end = { now: () => {} };
    const { server, clock, called, calls, until } = await run([
      stream([endMark('1'), event('ADDED', sample('one', '2')), bookmark('9')], (response) => {
        end.now = () => endNormally(response);
      }),
      stream([event('ADDED', sample('two', '10'))]),
    ]);
    await called(2);
    await until(() => server.requests.length === 1);
    await clock.advance(170_000);
    end.now();
    await called(3);
    expect(server.query(1).get('resourceVersion')).toBe('9');
    expect(server.query(1).has('sendInitialEvents')).toBe(false);
    expect(calls).toEqual(['replace', 'update a/one@2', 'update a/two@10']);
  });

  it('waits first when it ended within a second', async () => {
    const { server, clock, failed } = await run([stream([endMark('1')], endNormally), stream([])]);
    await failed(1);
    expect(server.requests).toHaveLength(1);
    await clock.advance(800);
    await server.received(2);
    expect(server.query(1).get('resourceVersion')).toBe('1');
  });

  it.each<[string, (response: import('node:http').ServerResponse) => void]>([
    ['is cut', cut],
    ['is cut within a line', (response) => response.write('{"type":"ADDED","obj', () => cut(response))],
    ['ends within a line', (response) => response.end('{"type":"ADDED","obj')],
  ])('goes on from the last version after a wait when it %s', async (_name, fault) => {
    const { server, clock, failed, called, calls } = await run([
      stream([endMark('1'), event('ADDED', sample('one', '2'))], fault),
      stream([event('DELETED', sample('one', '3'))]),
    ]);
    await failed(1);
    await clock.advance(799);
    expect(server.requests).toHaveLength(1);
    await clock.advance(1);
    await called(3);
    expect(server.query(1).get('resourceVersion')).toBe('2');
    expect(calls).toEqual(['replace', 'update a/one@2', 'delete a/one']);
  });

  it('cuts a connection that the server should have ended long ago, and goes on', async () => {
    const { server, clock, called, failed } = await run([stream([endMark('1')]), stream([])]);
    await called(1);
    await clock.advance(329_999);
    expect(server.requests).toHaveLength(1);
    await clock.advance(1);
    await failed(1);
    await clock.advance(800);
    await server.received(2);
    expect(server.query(1).get('resourceVersion')).toBe('1');
  });

  it('takes three minutes of silence after a bookmark for a dead connection', async () => {
    const { server, clock, called, failed, until, reflector, lines } = await run([
      stream([endMark('1'), bookmark('2')]),
      stream([]),
    ]);
    await called(1);
    await until(() => reflector.counters.events === 2);
    await clock.advance(180_000);
    await failed(1);
    await clock.advance(800);
    await server.received(2);
    expect(server.query(1).get('resourceVersion')).toBe('2');
    expect(lines.join()).toContain('no event for 180 s');
  });

  it('lets a quiet watch without bookmarks live', async () => {
    const { clock, called, reflector } = await run([stream([endMark('1')])]);
    await called(1);
    await clock.advance(299_000);
    expect(reflector.counters).toMatchObject({ errors: 0, connected: true });
  });
});

describe('Reflector, when its version is of no use', () => {
  it.each<[string, Step]>([
    ['status 410', refuse(410, 'Expired')],
    ['a 410 event', stream([event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' })])],
    ['an event with reason Expired', stream([event('ERROR', { kind: 'Status', reason: 'Expired' })])],
    ['a line that is no JSON', stream(['{"type": oops'])],
    ['a line that is no event', stream(['[]'])],
    [
      'a version from the future',
      answer(504, {
        code: 504,
        reason: 'Timeout',
        message: 'm',
        details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
      }),
    ],
  ])('lists again after %s and replaces everything', async (_name, fault) => {
    const { server, clock, failed, called, calls, reflector } = await run([
      stream([event('ADDED', sample('one', '1')), endMark('1')], cut),
      fault,
      stream([event('ADDED', sample('two', '5')), endMark('5')]),
    ]);
    await failed(1);
    await clock.advance(800);
    await failed(2);
    await clock.advance(1600);
    await called(2);
    expect(server.query(1).get('resourceVersion')).toBe('1');
    expect(server.query(2).get('sendInitialEvents')).toBe('true');
    expect(calls).toEqual(['replace a/one@1', 'replace a/two@5']);
    expect(reflector.counters.lists).toBe(2);
  });

  it('keeps what it gave until the new list is complete', async () => {
    const { clock, failed, calls } = await run([
      stream([event('ADDED', sample('one', '1')), endMark('1'), 'nonsense']),
      stream([event('ADDED', sample('two', '5'))], cut),
      stream([]),
    ]);
    await failed(1);
    await clock.advance(800);
    await failed(2);
    expect(calls).toEqual(['replace a/one@1']);
  });

  it('goes on from the last version after another error event', async () => {
    const { server, clock, failed } = await run([
      stream([endMark('1'), event('ERROR', { kind: 'Status', code: 500, message: 'etcd is slow' })]),
      stream([]),
    ]);
    await failed(1);
    await clock.advance(800);
    await server.received(2);
    expect(server.query(1).get('resourceVersion')).toBe('1');
  });
});

describe('Reflector with a server that does not stream lists', () => {
  it.each<[string, Step]>([
    ['refuses it as invalid', refuse(422, 'Invalid')],
    ['refuses it as a bad request', refuse(400, 'BadRequest')],
    ['sends a bookmark instead of the end mark', stream([event('ADDED', sample('one', '1')), bookmark('1')])],
    ['ends the stream too early', stream([event('ADDED', sample('one', '1'))], endNormally)],
  ])('lists in pages when it %s', async (_name, fault) => {
    const { server, called, calls, reflector } = await run([
      fault,
      answer(200, listOf('8', [sample('one', '1'), sample('two', '2')], 'next-page')),
      answer(200, listOf('8', [sample('three', '3')])),
      stream([event('DELETED', sample('two', '9'))]),
    ]);
    await called(2);
    expect(calls).toEqual(['replace a/one@1 a/two@2 a/three@3', 'delete a/two']);
    expect(Object.fromEntries(server.query(1))).toEqual({ labelSelector: '!x', limit: '500' });
    expect(Object.fromEntries(server.query(2))).toEqual({ labelSelector: '!x', limit: '500', continue: 'next-page' });
    expect(server.query(3).get('resourceVersion')).toBe('8');
    expect(reflector.counters).toMatchObject({ errors: 0, lists: 1 });
  });

  it('lists in pages when no end mark comes for 15 s', async () => {
    const { clock, called, calls, until, reflector } = await run([
      stream([event('ADDED', sample('one', '1'))]),
      answer(200, listOf('8', [sample('one', '1')])),
    ]);
    await until(() => reflector.counters.events === 1);
    await clock.advance(15_000);
    await called(1);
    expect(calls).toEqual(['replace a/one@1']);
  });

  it('lists in pages from the start where it is told to, and goes on so', async () => {
    const steps = [
      answer(200, listOf('8', [sample('one', '1')])),
      refuse(410, 'Expired'),
      answer(200, listOf('9', [])),
    ];
    const { server, clock, failed, called, calls } = await run(steps, () => 0, { streamsLists: false });
    await failed(1);
    await clock.advance(800);
    await called(2);
    expect(calls).toEqual(['replace a/one@1', 'replace']);
    expect(server.query(0).get('sendInitialEvents')).toBeNull();
    expect(server.query(2).get('sendInitialEvents')).toBeNull();
  });

  it('tries to stream again after ten minutes', async () => {
    const { server, clock, failed, called, until, reflector } = await run([
      refuse(422, 'Invalid'),
      answer(200, listOf('8', [])),
      stream([]),
      stream([]),
      refuse(410, 'Expired'),
      stream([endMark('10')]),
    ]);
    await until(() => reflector.counters.connected);
    await clock.advance(330_000);
    await failed(1);
    await clock.advance(800);
    await until(() => reflector.counters.connected);
    await clock.advance(330_000);
    await failed(2);
    await clock.advance(800);
    await failed(3);
    await clock.advance(1600);
    await called(2);
    expect(server.query(4).get('resourceVersion')).toBe('8');
    expect(server.query(5).get('sendInitialEvents')).toBe('true');
  });

  it('starts the list anew when a page token has expired', async () => {
    const { clock, failed, called, calls } = await run([
      refuse(422, 'Invalid'),
      answer(200, listOf('8', [sample('one', '1')], 'next-page')),
      refuse(410, 'Expired'),
      answer(200, listOf('9', [sample('two', '2')])),
    ]);
    await failed(1);
    await clock.advance(800);
    await called(1);
    expect(calls).toEqual(['replace a/two@2']);
  });

  it('asks for a page again when the server is busy, and does not begin anew', async () => {
    const { server, clock, called, calls, reflector } = await run([
      refuse(422, 'Invalid'),
      answer(200, listOf('8', [sample('one', '1')], 'next-page')),
      refuse(429, 'TooManyRequests', { 'Retry-After': '3' }),
      answer(200, listOf('8', [sample('two', '2')])),
    ]);
    await server.received(3);
    await new Promise((resolve) => {
      setTimeout(resolve, 20); // the answer has to arrive before the clock moves
    });
    await clock.advance(2_999);
    expect(server.requests).toHaveLength(3);
    await clock.advance(1);
    await called(1);
    expect(calls).toEqual(['replace a/one@1 a/two@2']);
    expect(server.query(3).get('continue')).toBe('next-page');
    expect(reflector.counters.errors).toBe(0);
  });

  it('asks for smaller pages after a large one', async () => {
    const large = sample('one', '1', { padding: 'x'.repeat(4 * 1024 * 1024) });
    const { server, called } = await run([
      refuse(422, 'Invalid'),
      answer(200, listOf('8', [large], 'next-page')),
      answer(200, listOf('8', [])),
    ]);
    await called(1);
    expect(server.query(2).get('limit')).toBe('250');
  });
});

describe('Reflector, when the server refuses', () => {
  it.each([
    [401, 'Unauthorized'],
    [403, 'Forbidden'],
    [404, 'NotFound'],
    [500, 'InternalError'],
    [503, 'ServiceUnavailable'],
  ])('tries again after %d', async (status, reason) => {
    const refusals = status === 401 ? 2 : 1; // credentials are read again and tried once more
    const steps = [...Array.from({ length: refusals }, () => refuse(status, reason)), stream([endMark('1')])];
    const { clock, failed, called, lines } = await run(steps);
    await failed(1);
    expect(lines.join()).toContain(reason);
    await clock.advance(800);
    await called(1);
  });

  it('waits as long as 429 asks', async () => {
    const { server, clock, failed, called } = await run([
      refuse(429, 'TooManyRequests', { 'Retry-After': '7' }),
      stream([endMark('1')]),
    ]);
    await failed(1);
    await clock.advance(6_999);
    expect(server.requests).toHaveLength(1);
    await clock.advance(1);
    await called(1);
  });

  it('waits up to 30 s, longer after each failure, and never gives up', async () => {
    const { server, clock, failed } = await run(
      Array.from({ length: 9 }, () => refuse(500, 'InternalError')),
      () => 1,
    );
    for (const [index, waitMs] of [1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000].entries()) {
      await failed(index + 1);
      await clock.advance(waitMs - 1);
      expect(server.requests).toHaveLength(index + 1);
      await clock.advance(1);
      await server.received(index + 2);
    }
  });
});

describe('Reflector, with objects that do not decode', () => {
  it('counts them as absent and reports each revision once', async () => {
    const broken = (version: string) => sample('one', version, { is: 'broken' });
    const { clock, failed, called, calls, lines, reflector } = await run([
      stream([event('ADDED', broken('1')), event('ADDED', sample('two', '2')), endMark('2')], cut),
      stream([event('MODIFIED', sample('one', '3')), event('MODIFIED', broken('4')), 'nonsense']),
      stream([event('ADDED', broken('4')), endMark('5')]),
    ]);
    await failed(1);
    await clock.advance(800);
    await failed(2);
    await clock.advance(1600);
    await called(4);
    expect(calls).toEqual(['replace a/two@2', 'update a/one@3', 'delete a/one', 'replace']);
    expect(lines.filter((line) => line.includes('counts as absent'))).toHaveLength(2);
    expect(reflector.counters.rejectedObjects).toBe(2);
  });

  it('deletes an object that is not used any more', async () => {
    const { called, calls } = await run([
      stream([
        event('ADDED', sample('one', '1')),
        endMark('1'),
        event('MODIFIED', sample('one', '2', { is: 'unused' })),
      ]),
    ]);
    await called(2);
    expect(calls).toEqual(['replace a/one@1', 'delete a/one']);
  });

  it('reports what was ignored in an object once per revision', async () => {
    const odd = sample('one', '1', { is: 'odd' });
    const { called, lines } = await run([
      stream([
        event('ADDED', odd),
        endMark('1'),
        event('MODIFIED', odd),
        event('MODIFIED', sample('one', '2', { is: 'odd' })),
      ]),
    ]);
    await called(3);
    expect(lines.filter((line) => line.startsWith('warning: Parts of an object were ignored'))).toHaveLength(2);
  });
});

describe('Reflector, when the wall clock jumps', () => {
  it.each([-1e12, 1e12])('by %d ms, goes on as before', async (jumpMs) => {
    const { clock, server, called, reflector } = await run([
      stream([endMark('1'), event('ADDED', sample('one', '2'))]),
    ]);
    await called(2);
    clock.nowMs = () => clock.monotonicMs() + jumpMs;
    await clock.advance(200_000);
    expect([server.requests.length, reflector.counters.connected, reflector.counters.errors]).toEqual([1, true, 0]);
  });
});

describe('Reflector.stop', () => {
  it('ends the connection and gives nothing more', async () => {
    const { server, reflector, called, calls, until } = await run([stream([endMark('1')])]);
    await called(1);
    await reflector.stop();
    await until(() => server.connectionCount === 0);
    expect(calls).toEqual(['replace']);
  });

  it('ends a wait', async () => {
    const { reflector, failed, calls } = await run([refuse(500, 'InternalError')]);
    await failed(1);
    await expect(reflector.stop()).resolves.toBeUndefined();
    expect(calls).toEqual([]);
  });
});
