import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ApiServer } from '../../../src/kubernetes/watch/api-server.ts';
import { ServerChoice } from '../../../src/kubernetes/watch/server-choice.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const names = ['a', 'b', 'c', 'd', 'e'] as const;
const server = (name: string): ApiServer => ({ url: `https://${name}`, origin: 'listed' });

type Step =
  | { readonly kind: 'fail' | 'work' | 'stillAway'; readonly name: string }
  | { readonly kind: 'failCurrent' }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'learn'; readonly learned: readonly string[]; readonly virtual: readonly string[] };

const anyName = fc.constantFrom(...names);
const someNames = fc.uniqueArray(anyName);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('fail' as const, 'work' as const, 'stillAway' as const), name: anyName }),
  fc.constant({ kind: 'failCurrent' as const }),
  fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ kind: fc.constant('learn' as const), learned: someNames, virtual: someNames }),
);

function take(choice: ServerChoice, clock: ManualClock, taken: Step): Promise<void> | void {
  switch (taken.kind) {
    case 'fail':
      return choice.failed(server(taken.name), 'unreachable');
    case 'failCurrent':
      return choice.failed(choice.current, 'unreachable');
    case 'work':
      return choice.worked(server(taken.name));
    case 'stillAway':
      return choice.stillAway(server(taken.name));
    case 'wait':
      return clock.advance(taken.seconds * 1000);
    case 'learn':
      return choice.learn({ servers: taken.learned.map(server), virtualHosts: new Set(taken.virtual) });
  }
}

function choiceOn(clock: ManualClock): ServerChoice {
  return new ServerChoice({ first: server('a'), isFirstVirtual: true, listed: [server('b')], clock, log: silentLog });
}

describe('ServerChoice, whatever happens', () => {
  it('always has a server, knows each once, and puts what only Services lead to last', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step), async (steps) => {
        const clock = new ManualClock();
        const choice = choiceOn(clock);
        let virtual: readonly string[] = ['a'];
        for (const each of steps) {
          await take(choice, clock, each);
          if (each.kind === 'learn') virtual = each.virtual;
          const order = choice.order.map(({ url }) => url.replace('https://', ''));
          expect(order).toEqual([...new Set(order)]);
          expect(order).toEqual(expect.arrayContaining(['a', 'b']));
          const flags = order.map((name) => Number(virtual.includes(name)));
          expect(flags).toEqual([...flags].sort((x, y) => x - y));
          expect(names.map((name) => `https://${name}`)).toContain(choice.current.url);
        }
      }),
    );
  });

  it('leaves a server that fails wherever another has not failed for ten minutes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step), async (steps) => {
        const clock = new ManualClock();
        const choice = choiceOn(clock);
        for (const each of steps) await take(choice, clock, each);
        await clock.advance(600_000);
        const { current } = choice;
        choice.failed(current, 'failing');
        expect(choice.current.url).not.toBe(current.url);
      }),
    );
  });

  it('is back at the best server once that has worked, and then has none better', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step), async (steps) => {
        const clock = new ManualClock();
        const choice = choiceOn(clock);
        for (const each of steps) await take(choice, clock, each);
        const [best = server('none')] = choice.order;
        choice.returnTo(best);
        expect([choice.current.url, choice.isBest, choice.better]).toEqual([best.url, true, []]);
      }),
    );
  });
});
