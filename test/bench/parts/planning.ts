import type { Row } from '../row.ts';
import { atMost } from '../row.ts';
import { median } from '../statistics.ts';
import { hostProgramResult } from '../world.ts';

/** Part 3, planning alone: pure computing, so it is measured where the clock is cheap to read, outside the lab. */
export async function planning(quick: boolean): Promise<readonly Row[]> {
  const runs: { readonly medianMs: number; readonly p99Ms: number }[] = [];
  for (let run = 0; run < 3; run++) {
    runs.push(await hostProgramResult('plan-changes', '5000', '10', quick ? '2000' : '5000'));
  }
  const row = (what: string, value: (run: { medianMs: number; p99Ms: number }) => number): Row => ({
    part: 3,
    what: `one change at 5,000 x 10: planned, ${what}`,
    value: median(runs.map(value)),
    unit: 'ms',
    bar: atMost(0.2),
    note: 'outside the lab; each change planned 5 times, the best counts; median of 3 processes',
  });
  return [row('median', (run) => run.medianMs), row('p99', (run) => run.p99Ms)];
}
