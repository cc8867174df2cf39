import { describe, expect, it } from '@jest/globals';
import { memorySettler } from '../../../src/app/settle-memory.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('memorySettler', () => {
  it('collects once, some seconds after the first round', async () => {
    const clock = new ManualClock();
    const collected: unknown[] = [];
    const roundSucceeded = memorySettler(clock, async (options) => {
      collected.push(options);
    });
    roundSucceeded();
    await clock.advance(7_999);
    roundSucceeded();
    expect(collected).toEqual([]);
    await clock.advance(1);
    roundSucceeded();
    await clock.advance(60_000);
    expect(collected).toEqual([{ type: 'major', flavor: 'last-resort', execution: 'async' }]);
  });

  it("uses V8's own collector, which gives memory back", async () => {
    const clock = new ManualClock();
    const roundSucceeded = memorySettler(clock);
    let garbage: unknown = Array.from({ length: 200_000 }, (_, index) => ({ index }));
    const before = process.memoryUsage().heapUsed;
    garbage = undefined;
    roundSucceeded();
    await clock.advance(8_000);
    expect(garbage).toBeUndefined();
    const isGivenBack = () => process.memoryUsage().heapUsed < before - 4_000_000;
    for (let wait = 0; wait < 300 && !isGivenBack(); wait++) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isGivenBack()).toBe(true);
  });
});
