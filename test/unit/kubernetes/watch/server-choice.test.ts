import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ApiServer } from '../../../../src/kubernetes/watch/api-server.ts';
import { ServerChoice } from '../../../../src/kubernetes/watch/server-choice.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { recordingLog } from './recording-log.ts';

let clock: ManualClock;
beforeEach(() => {
  clock = new ManualClock();
});

const server = (host: string, origin: ApiServer['origin'] = 'listed'): ApiServer => ({
  url: `https://${host}:6443`,
  origin,
});

function choiceOf(first: string, listed: readonly string[] = [], isFirstVirtual = false) {
  const { log, lines } = recordingLog();
  const switches: string[] = [];
  const choice = new ServerChoice({
    first: server(first, 'configured'),
    isFirstVirtual,
    listed: listed.map((host) => server(host)),
    clock,
    log,
    onSwitch: (to, reason) => switches.push(`${hostOf(to)} ${reason}`),
  });
  const learn = (hosts: readonly string[], virtual: readonly string[] = ['10.96.0.1']) =>
    choice.learn({ servers: hosts.map((host) => server(host, 'learned')), virtualHosts: new Set(virtual) });
  const order = () => choice.order.map(hostOf).join(' ');
  return { choice, lines, switches, learn, order, current: () => hostOf(choice.current) };
}

const hostOf = ({ url }: ApiServer) => new URL(url).hostname;

describe('ServerChoice, as to order', () => {
  it('prefers what was configured, then what was listed, then what was learned', () => {
    const { order, learn, current } = choiceOf('a', ['b', 'c']);
    learn(['d', 'b']);
    expect([order(), current()]).toEqual(['a b c d', 'a']);
  });

  it('puts last what only Services lead to, as soon as that is known', () => {
    const { order, learn } = choiceOf('10.96.0.1', ['b']);
    expect(order()).toBe('10.96.0.1 b');
    learn(['d']);
    expect(order()).toBe('b d 10.96.0.1');
  });

  it('takes the address from the pod for one of those until the cluster says otherwise', () => {
    const { order, learn, current } = choiceOf('lb.example.com', ['b'], true);
    expect([order(), current()]).toEqual(['b lb.example.com', 'b']);
    learn(['d']);
    expect([order(), current()]).toEqual(['lb.example.com b d', 'b']);
  });

  it('has nothing but that address when nothing else is known, and keeps using it when something is', () => {
    const { current, learn, choice } = choiceOf('10.96.0.1', [], true);
    expect([current(), choice.isBest]).toEqual(['10.96.0.1', true]);
    learn(['d']);
    expect([current(), choice.isBest]).toEqual(['10.96.0.1', false]);
    expect(choice.better.map(hostOf)).toEqual(['d']);
  });

  it('starts with what was learned before', () => {
    const { choice, current } = choiceOf('10.96.0.1', [], true);
    choice.startWith({ servers: [server('d', 'learned')], virtualHosts: new Set(['10.96.0.1']) });
    expect(current()).toBe('d');
  });

  it('keeps using a server that is not known any more until it fails', () => {
    const { choice, learn, current } = choiceOf('10.96.0.1', [], true);
    learn(['d']);
    choice.returnTo(server('d', 'learned'));
    learn(['e']);
    expect(current()).toBe('d');
    choice.failed(server('d', 'learned'), 'unreachable');
    expect(current()).toBe('e');
  });
});

describe('ServerChoice, as to failures', () => {
  it('leaves a server at its first failure, and says so', () => {
    const { choice, current, switches, lines } = choiceOf('a', ['b', 'c']);
    choice.failed(choice.current, 'failing');
    expect([current(), switches]).toEqual(['b', ['b failing']]);
    expect(lines).toEqual([
      'warning: Leaving an API server for another one {"from":"https://a:6443","to":"https://b:6443","origin":"listed","reason":"failing"}',
    ]);
  });

  it('moves once for what several requests to the same server find, and counts it once', async () => {
    const { choice, current } = choiceOf('a', ['b', 'c']);
    const { current: first } = choice;
    for (let count = 0; count < 3; count += 1) choice.failed(first, 'unreachable');
    expect(current()).toBe('b');
    await clock.advance(10_000);
    expect(choice.better).toEqual([first]);
  });

  it('goes through all of them, and then to the one that has rested longest', async () => {
    const { choice, switches } = choiceOf('a', ['b', 'c']);
    for (let count = 0; count < 6; count += 1) {
      choice.failed(choice.current, 'unreachable');
      await clock.advance(1_000);
    }
    expect(switches.map((text) => text[0]).join('')).toBe('bcabca');
  });

  it('stays where it is when there is no other', () => {
    const { choice, current, switches, lines } = choiceOf('a');
    choice.failed(choice.current, 'unreachable');
    expect([current(), switches, lines]).toEqual(['a', [], []]);
  });

  it('stays with a server that failed once when the others have failed often', async () => {
    const { choice, current } = choiceOf('a', ['b']);
    choice.failed(server('a'), 'unreachable');
    for (let count = 0; count < 4; count += 1) choice.stillAway(server('a'));
    expect(current()).toBe('b');
    choice.failed(server('b'), 'failing');
    expect(current()).toBe('b');
    await clock.advance(200_000);
    choice.failed(server('b'), 'failing');
    expect(current()).toBe('a');
  });

  it('forgets failures once a request has worked', () => {
    const { choice } = choiceOf('a', ['b']);
    choice.failed(server('a'), 'unreachable');
    expect(choice.better).toEqual([]);
    choice.worked(server('a'));
    expect(choice.better.map(hostOf)).toEqual(['a']);
  });

  it('offers a better server 10 s after its first failure, later after more, and never later than 5 minutes', async () => {
    const { choice } = choiceOf('a', ['b']);
    choice.failed(server('a'), 'unreachable');
    for (const seconds of [10, 20, 40, 80, 160, 300, 300]) {
      await clock.advance(seconds * 1000 - 1);
      expect(choice.better).toEqual([]);
      await clock.advance(1);
      expect(choice.better.map(hostOf)).toEqual(['a']);
      choice.stillAway(server('a'));
    }
  });

  it('goes back when it is told that a better one works', () => {
    const { choice, current, switches, lines } = choiceOf('a', ['b']);
    choice.failed(choice.current, 'refused');
    choice.returnTo(server('a'));
    expect([current(), switches, choice.isBest]).toEqual(['a', ['b refused', 'a preferred'], true]);
    expect(lines[1]).toMatch(/^info: Back at a preferred API server /);
  });
});
