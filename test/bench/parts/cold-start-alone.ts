import { median } from '../statistics.ts';
import { hostProgramResult } from '../world.ts';

/**
 * What our side of the cold start takes the main thread, without a kernel and outside the lab: CPU time in ms, the
 * median of some processes just started. Part 2 needs it, because a page fault in the lab costs 60 us, and a process
 * that fills its heap for the first time has a page fault for every 4 KiB.
 */
export async function coldStartAlone(quick: boolean): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < (quick ? 3 : 5); run++) {
    const { mainThreadMs } = await hostProgramResult<{ mainThreadMs: number }>('cold-start-alone', '10000', '10');
    times.push(mainThreadMs);
  }
  return median(times);
}
