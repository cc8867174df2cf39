import { describe, expect, it } from '@jest/globals';
import type { OtherProxy } from '../../../../src/app/other-proxy/other-proxy.ts';
import { TakeOver } from '../../../../src/app/other-proxy/take-over.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const kubeProxy: OtherProxy = { sign: 'process', name: 'kube-proxy', seen: 'process 17' };

/** In small steps, so that what was promised meanwhile is done in between. */
async function pass(clock: ManualClock, milliseconds: number): Promise<void> {
  for (let left = milliseconds; left >= 0; left -= 100) {
    await clock.advance(Math.min(left, 100));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function setup(options: { readonly serve?: () => Promise<void> } = {}) {
  const clock = new ManualClock();
  const seen: string[] = [];
  const world = { present: [kubeProxy] as readonly OtherProxy[] };
  const takeOver = new TakeOver({
    find: async () => world.present,
    findProcesses: () => world.present,
    serve: options.serve ?? (async () => void seen.push('serve')),
    stepBack: ({ message }) => seen.push(message),
    announce: ({ type, reason, note }) => seen.push(`${type} ${reason}: ${note}`),
    onFatal: ({ message }) => seen.push(`fatal: ${message}`),
    clock,
    log: { ...silentLog, info: (message) => seen.push(message), warning: (message) => seen.push(message) },
  });
  takeOver.start();
  return { clock, seen, world, takeOver };
}

describe('TakeOver', () => {
  it('waits as long as another one is alive, and says so once', async () => {
    const { clock, seen, takeOver } = setup();
    await pass(clock, 60_000);
    expect(seen).toEqual(['Waiting for another Service proxy to go']);
    expect(takeOver.isServing).toBe(false);
  });

  it('begins to serve 250 to 650 ms after its end, whenever that is', async () => {
    const delays: number[] = [];
    for (let offsetMs = 0; offsetMs < 400; offsetMs += 50) {
      const { clock, world, takeOver } = setup();
      await pass(clock, 5_000);
      await pass(clock, offsetMs);
      world.present = [];
      let delayMs = 0;
      for (; !takeOver.isServing && delayMs < 2_000; delayMs += 10) await pass(clock, 10);
      delays.push(delayMs);
    }
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(250);
    expect(Math.max(...delays)).toBeLessThanOrEqual(650);
  });

  it('serves within a second of its end', async () => {
    const { clock, seen, world, takeOver } = setup();
    await pass(clock, 5_000);
    world.present = [];
    await pass(clock, 1_000);
    expect(takeOver.isServing).toBe(true);
    expect(seen.slice(1)).toEqual([
      'No other Service proxy is alive, taking over',
      'serve',
      'Normal TookOver: gone: kube-proxy (process 17)',
    ]);
  });

  it('does not take one that restarts for one that has gone', async () => {
    const { clock, seen, world } = setup();
    await pass(clock, 4_000);
    for (let restart = 0; restart < 5; restart += 1) {
      world.present = [];
      await pass(clock, 200);
      world.present = [kubeProxy];
      await pass(clock, 400);
    }
    expect(seen).not.toContain('serve');
  });

  it('serves soon where there is nobody', async () => {
    const { clock, world, seen } = setup();
    world.present = [];
    await pass(clock, 1_000);
    expect(seen).toContain('Normal TookOver: no other Service proxy was alive');
  });

  it('steps back when another one appears, once', async () => {
    const { clock, seen, world } = setup();
    world.present = [];
    await pass(clock, 1_000);
    world.present = [kubeProxy];
    await pass(clock, 10_000);
    expect(seen.slice(-2)).toEqual([
      'Warning SteppedBack: another Service proxy has appeared: kube-proxy (process 17)',
      'another Service proxy has appeared: kube-proxy (process 17); stepping back',
    ]);
    expect(seen.filter((line) => line.startsWith('Warning'))).toHaveLength(1);
  });

  it('ends the process when it cannot serve', async () => {
    const { clock, seen, world } = setup({ serve: () => Promise.reject(new Error('no IPVS')) });
    world.present = [];
    await pass(clock, 5_000);
    expect(seen.filter((line) => line.startsWith('fatal'))).toEqual(['fatal: no IPVS']);
  });

  it('stops', async () => {
    const { clock, seen, world, takeOver } = setup();
    await pass(clock, 1_000);
    await takeOver.stop();
    world.present = [];
    await pass(clock, 5_000);
    expect(seen).not.toContain('serve');
  });
});
