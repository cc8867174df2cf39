import { describe, expect, it } from '@jest/globals';
import { adjustOomScore } from '../../../../src/app/node/oom-score.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

function adjust(failures: number) {
  const clock = new ManualClock();
  const attempts: string[] = [];
  const write = (path: string, text: string) => {
    attempts.push(`${clock.nowMs()} ${path} ${text}`);
    if (attempts.length <= failures) throw new Error('EACCES');
  };
  adjustOomScore(-999, { clock, log: silentLog, write });
  return { clock, attempts };
}

describe('adjustOomScore', () => {
  it.each([
    ['once', 0, 1],
    ['again after 100 ms when that fails', 1, 2],
    ['no more than twice', 2, 2],
  ])('writes it %s', async (_name, failures, expected) => {
    const { clock, attempts } = adjust(failures);
    await clock.advance(10_000);
    const all = ['0 /proc/self/oom_score_adj -999', '100 /proc/self/oom_score_adj -999'];
    expect(attempts).toEqual(all.slice(0, expected));
  });
});
