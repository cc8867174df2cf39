import { join } from 'node:path';
import type { LabOptions } from '../lab-options.ts';
import type { Row } from '../row.ts';
import { atLeast, atMost, exactly } from '../row.ts';
import { fastest, measurePairs, median, medianRatio } from '../statistics.ts';
import type { Traffic } from '../measured-transport.ts';
import { floorResult, inFreshNamespace, programResult } from '../world.ts';

const sizes = ['2000', '5'];

/** Part 1: 2,000 virtual servers with 5 real servers each, against C and against `ipvsadm -R`. */
export async function programServers({ quick, replay, directory }: LabOptions): Promise<readonly Row[]> {
  const recording = join(directory, 'program-servers.batches');
  const restore = join(directory, 'program-servers.ipvsadm');
  const first = await programResult<{ operations: number } & Traffic>(
    'program-servers',
    ...sizes,
    'cold',
    recording,
    restore,
  );
  const ours = async (mode: 'cold' | 'warm') =>
    (await programResult<{ ms: number }>('program-servers', ...sizes, mode)).ms;
  const floor = async () => (await floorResult(replay, recording)).ms;
  const pairs = await measurePairs(quick ? 5 : 9, () => ours('warm'), floor);
  const cold = await measurePairs(quick ? 1 : 3, () => ours('cold'), floor);
  const ipvsadm = await measurePairs(
    quick ? 1 : 3,
    () => restoreWithIpvsadm(restore, first.operations),
    () => ours('warm'),
  );
  const { oursMs, floorMs } = fastest(pairs);
  const ipvsadmMs = median(ipvsadm.map((pair) => pair.oursMs)).toFixed(0);
  return [
    row(
      '2,000 x 5 programmed: time against C',
      oursMs / floorMs,
      'x',
      atMost(2),
      `fastest of ${pairs.length} each: ${oursMs.toFixed(0)} ms : ${floorMs.toFixed(0)} ms; median of the pairs ${medianRatio(pairs).toFixed(2)}x`,
    ),
    {
      part: 1,
      what: 'the same in a process just started',
      value: medianRatio(cold),
      unit: 'x',
      note: 'no bar: see part 2',
    },
    row('the same: messages', first.messages, '', exactly(12_000), `${first.datagrams} datagrams`),
    row('the same: ipvsadm -R against ours', medianRatio(ipvsadm), 'x', atLeast(50), `${ipvsadmMs} ms, complete`),
  ];
}

function row(what: string, value: number, unit: Row['unit'], bar: NonNullable<Row['bar']>, note: string): Row {
  return { part: 1, what, value, unit, bar, note };
}

/** Milliseconds that `ipvsadm -R` takes; throws when the table is not complete then. */
async function restoreWithIpvsadm(file: string, lines: number): Promise<number> {
  const script = `start=$(date +%s%N); ipvsadm -R < ${file}; end=$(date +%s%N); echo $((end - start)) $(ipvsadm -Sn | wc -l)`;
  const [nanoseconds = NaN, present] = (await inFreshNamespace(['sh', '-c', script])).trim().split(' ').map(Number);
  if (present !== lines) throw new Error(`ipvsadm -R made ${present} of ${lines} servers`);
  return nanoseconds / 1e6;
}
