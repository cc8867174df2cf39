import type { LabOptions } from '../lab-options.ts';
import type { MeasuredListing } from '../programs/list-table.ts';
import { type Bar, atLeast, type Row } from '../row.ts';
import { programResult } from '../world.ts';

const size = ['10000', '10'];

/** Listings that have a bar: the plain one of the whole table. */
const bars: Readonly<Record<string, Bar>> = { '-Ln': atLeast(3) };

/** Part 9: `ipvs-status` as it ships, start of Node included, against ipvsadm on the same table in the same run. */
export async function listing({ quick }: LabOptions): Promise<readonly Row[]> {
  const measured = await programResult<readonly MeasuredListing[]>('list-table', ...size, quick ? '3' : '5');
  return measured.map(({ listing: options, ipvsadmSeconds, ourSeconds, isSame }): Row => {
    if (!isSame) throw new Error(`ipvs-status ${options} does not print what ipvsadm ${options} prints`);
    const bar = bars[options];
    return {
      part: 9,
      what: `10,000 x 10 listed: ipvsadm ${options} against ipvs-status ${options}`,
      value: ipvsadmSeconds / ourSeconds,
      unit: 'x',
      ...(bar && { bar }),
      note: `${ipvsadmSeconds.toFixed(2)} s : ${ourSeconds.toFixed(2)} s, start included; the same bytes`,
    };
  });
}
