import { expect, it } from '@jest/globals';
import { leftoverRemover, type LeftoverPlace } from '../../../../src/app/cleanup/remove-leftovers.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

function setup(places: readonly LeftoverPlace[]) {
  const clock = new ManualClock();
  const said: string[] = [];
  const log = {
    ...silentLog,
    info: (_message: string, fields?: object) => said.push(JSON.stringify(fields)),
    error: (_message: string, error: unknown) => said.push(String(error)),
  };
  return { clock, said, roundSucceeded: leftoverRemover({ places: async () => places, clock, log }) };
}

it('removes once, some time after the first good round, and says what', async () => {
  const removals: string[] = [];
  const place = (name: string, found: readonly string[]) => ({
    name,
    remove: async () => {
      removals.push(name);
      return found;
    },
  });
  const { clock, said, roundSucceeded } = setup([place('a', ['x', 'y']), place('b', [])]);
  await clock.advance(60_000);
  expect(removals).toEqual([]);
  roundSucceeded();
  roundSucceeded();
  await clock.advance(1_999);
  expect(removals).toEqual([]);
  await clock.advance(1);
  expect([removals, said]).toEqual([['a', 'b'], ['{"place":"a","count":2,"names":"x, y"}']]);
  roundSucceeded();
  await clock.advance(3_600_000);
  expect(removals).toHaveLength(2);
});

it('tries places that fail again, says so once, and gives up some time', async () => {
  let attempts = 0;
  let good = 0;
  const bad = { name: 'bad', remove: () => Promise.reject(new Error(`no ${++attempts}`)) };
  const fine = { name: 'fine', remove: async () => [String(++good)] };
  const { clock, said, roundSucceeded } = setup([bad, fine]);
  roundSucceeded();
  await clock.advance(3_600_000);
  expect([attempts, good]).toEqual([10, 1]);
  expect(said).toEqual(['Error: no 1', '{"place":"fine","count":1,"names":"1"}']);
});
