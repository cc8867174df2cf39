import { beforeEach, describe, expect, it } from '@jest/globals';
import { RunLoop } from '../../../src/reconcile/run-loop.ts';
import { ManualClock } from '../../support/manual-clock.ts';

let clock: ManualClock;
let rounds: number[];
let errors: unknown[];
let due: number | undefined;
/** What the next rounds do; a round that is not listed succeeds at once. */
let script: (() => Promise<void> | void)[];

beforeEach(() => {
  clock = new ManualClock();
  rounds = [];
  errors = [];
  due = undefined;
  script = [];
});

function start(minIntervalMs = 0): RunLoop {
  return new RunLoop({
    round: async () => {
      rounds.push(clock.monotonicMs());
      await script.shift()?.();
    },
    nextDueMs: () => due,
    clock,
    minIntervalMs,
    retryMs: 1_000,
    onError: (error) => errors.push(error),
  });
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

const fail = () => {
  throw new Error('no answer');
};

describe('RunLoop', () => {
  it('does nothing unasked', async () => {
    start();
    await clock.advance(60_000);
    expect(rounds).toEqual([]);
  });

  it('makes one round of many requests', async () => {
    const loop = start();
    for (let count = 0; count < 100; count++) loop.request();
    await clock.advance(0);
    expect(rounds).toEqual([0]);
    await clock.advance(60_000);
    expect(rounds).toHaveLength(1);
  });

  it('makes one more round for what is asked during a round, never two at a time', async () => {
    const loop = start();
    let running = 0;
    let atOnce = 0;
    const slow = async () => {
      atOnce = Math.max(atOnce, ++running);
      loop.request();
      loop.request();
      await turn();
      running--;
    };
    script = [slow];
    loop.request();
    await clock.advance(10);
    expect(rounds).toHaveLength(2);
    expect(atOnce).toBe(1);
  });

  it('keeps the least interval between the end of a round and the next', async () => {
    const loop = start(1_000);
    loop.request();
    await clock.advance(100);
    loop.request();
    await clock.advance(899);
    expect(rounds).toEqual([0]);
    await clock.advance(1);
    expect(rounds).toEqual([0, 1_000]);
  });

  it('does not wait after a quiet time', async () => {
    const loop = start(1_000);
    loop.request();
    await clock.advance(5_000);
    loop.request();
    await clock.advance(0);
    expect(rounds).toEqual([0, 5_000]);
  });

  it('repeats a round that failed, until it succeeds', async () => {
    const loop = start();
    script = [fail, fail];
    loop.request();
    await clock.advance(10_000);
    expect(rounds).toEqual([0, 1_000, 2_000]);
    expect(errors).toHaveLength(2);
  });

  it('does not let a request wait for the repetition', async () => {
    const loop = start();
    script = [fail];
    loop.request();
    await clock.advance(300);
    loop.request();
    await clock.advance(10_000);
    expect(rounds).toEqual([0, 300]);
  });

  it('makes a round when one is due', async () => {
    const loop = start();
    script = [() => void (due = 700), () => void (due = undefined)];
    loop.request();
    await clock.advance(10_000);
    expect(rounds).toEqual([0, 700]);
  });

  it('does not spin when a round fails with something due', async () => {
    const loop = start();
    due = 0;
    script = Array.from({ length: 100 }, () => fail);
    loop.request();
    await clock.advance(3_500);
    expect(rounds).toEqual([0, 1_000, 2_000, 3_000]);
  });

  it('does not spin when a round leaves undone what was due', async () => {
    const loop = start();
    due = 0;
    loop.request();
    await clock.advance(3_500);
    expect(rounds).toEqual([0, 1_000, 2_000, 3_000]);
  });

  it('ends after the round that is running, and hears no request after that', async () => {
    const loop = start();
    let finish = () => {};
    let ended = false;
    script = [
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    ];
    loop.request();
    await clock.advance(0);
    const stopped = loop.stop().then(() => {
      ended = true;
    });
    loop.request();
    await turn();
    expect(ended).toBe(false);
    finish();
    await stopped;
    loop.request();
    await clock.advance(10_000);
    expect(rounds).toEqual([0]);
  });

  it('never begins when it is stopped first', async () => {
    const loop = start();
    loop.request();
    await loop.stop();
    await clock.advance(10_000);
    expect(rounds).toEqual([]);
  });
});
