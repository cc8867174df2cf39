import { join } from 'node:path';
import type { LabOptions } from '../lab-options.ts';
import type { Traffic } from '../measured-transport.ts';
import type { Row } from '../row.ts';
import { atMost, exactly } from '../row.ts';
import { measurePairs, median, medianRatio } from '../statistics.ts';
import { floorResult, programResult } from '../world.ts';

interface ColdStart extends Traffic {
  readonly ms: number;
  /** Part of it that went to the packet filter rules. */
  readonly rulesMs: number;
  readonly planMs: number;
}

const sizes = ['10000', '10'];

/** Part 2: from 10,000 Services with 10 endpoints each in hand to the kernel programmed, in a process just started. */
export async function coldStart(options: LabOptions): Promise<readonly Row[]> {
  const { quick, replay, directory, coldStartAloneMs } = options;
  const recording = join(directory, 'cold-start.batches');
  const first = await programResult<ColdStart>('cold-start', ...sizes, recording);
  const runs: ColdStart[] = [];
  const ours = async () => {
    const run = await programResult<ColdStart>('cold-start', ...sizes);
    runs.push(run);
    return run.ms - run.rulesMs;
  };
  const floor = async () => (await floorResult(replay, recording)).ms;
  const pairs = await measurePairs(quick ? 1 : 3, ours, floor);
  // the fastest, for ours is CPU time: what other programs of the machine took of the floor's must not help us
  const floorMs = Math.min(...pairs.map((pair) => pair.floorMs), await floor(), await floor());
  const part = (of: (run: ColdStart) => number) => median(runs.map(of)).toFixed(0);
  const oursMs = median(pairs.map((pair) => pair.oursMs));
  const split = `kernel and the way there ${part((run) => run.exchangeMs)}, planning ${part((run) => run.planMs)}`;
  return [
    {
      part: 2,
      what: '10,000 x 10 cold start: kernel in the lab and our side outside it, against C',
      value: (coldStartAloneMs + floorMs) / floorMs,
      unit: 'x',
      bar: atMost(2),
      note: `(${coldStartAloneMs.toFixed(0)} + ${floorMs.toFixed(0)}) ms : ${floorMs.toFixed(0)} ms`,
    },
    {
      part: 2,
      what: 'the same, all in the lab, where a page fault costs 60 us',
      value: medianRatio(pairs),
      unit: 'x',
      note: `${oursMs.toFixed(0)} ms (${split}); packet filter rules, in neither: ${part((run) => run.rulesMs)} ms`,
    },
    {
      part: 2,
      what: 'the same: messages refused',
      value: first.refusals,
      unit: '',
      bar: exactly(0),
      note: `${first.messages} messages, ${first.datagrams} datagrams`,
    },
  ];
}
