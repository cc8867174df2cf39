import { expect, it } from '@jest/globals';
import { removingLeftovers } from '../../../../src/app/cleanup/leftover-listener.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { planConfig } from '../../../support/builders.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const { proxier } = planConfig();

function setup(otherProxy: 'refuse' | 'ignore') {
  const clock = new ManualClock();
  const seen: string[] = [];
  const listener = {
    queued() {},
    succeeded: (families: readonly string[]) => void seen.push(`succeeded ${families.join(',')}`),
    nodeSeen() {},
  };
  const rules = {
    flavour: async () => {
      seen.push('asked for the flavour');
      throw new Error('no programs in this test');
    },
  };
  const config = { proxier: { ...proxier, operation: { ...proxier.operation, otherProxy } } };
  const log = { ...silentLog, error: (message: string) => void seen.push(message) };
  return { clock, seen, listener, watched: removingLeftovers(listener, { config, rules, clock, log }) };
}

it('looks for leftovers after a good round, and tells the listener of it all the same', async () => {
  const { clock, seen, watched } = setup('refuse');
  watched.succeeded(['IPv4']);
  await clock.advance(10_000);
  expect(seen).toEqual([
    'succeeded IPv4',
    'asked for the flavour',
    'Cannot look for what another mode of kube-proxy has left',
  ]);
});

it('touches nothing beside another Service proxy that is to be ignored', () => {
  const { listener, watched } = setup('ignore');
  expect(watched).toBe(listener);
});
