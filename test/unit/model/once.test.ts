import { expect, it } from '@jest/globals';
import { once } from '../../../src/model/once.ts';

it('makes a thing when it is first asked for, and only then', () => {
  let made = 0;
  const get = once(() => ({ number: ++made }));
  expect(made).toBe(0);
  expect(get()).toBe(get());
  expect(made).toBe(1);
});

it('gives the same promise to all, also one that rejects', async () => {
  let tries = 0;
  const get = once(async () => {
    tries += 1;
    throw new Error('no');
  });
  await expect(get()).rejects.toThrow('no');
  await expect(get()).rejects.toThrow('no');
  expect(tries).toBe(1);
});
