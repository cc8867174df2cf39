import { writeFileSync } from 'node:fs';
import type { Clock } from '../../model/clock.ts';
import type { Log } from '../../observe/log.ts';

/** Where a process tells how ready the kernel should be to kill it. */
export const oomScoreFile = '/proc/self/oom_score_adj';
const retryMs = 100;

/** Tells the kernel how ready it should be to kill this process for its memory. Tried twice; a failure is only logged. */
export function adjustOomScore(
  adjustment: number,
  { clock, log, write = writeFileSync }: { clock: Clock; log: Log; write?: (path: string, text: string) => void },
): void {
  const attempt = (onFailure: (error: unknown) => void) => {
    try {
      write(oomScoreFile, String(adjustment));
    } catch (error) {
      onFailure(error);
    }
  };
  attempt(() => {
    clock.schedule(retryMs, () =>
      attempt((error) => log.debug(2, 'Failed to set the OOM score adjustment', { adjustment, error: String(error) })),
    );
  });
}
