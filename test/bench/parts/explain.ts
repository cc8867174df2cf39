import type { LabOptions } from '../lab-options.ts';
import type { MeasuredExplanation } from '../programs/explain-service.ts';
import { atLeast, atMost, type Row } from '../row.ts';
import { programResult } from '../world.ts';

const size = ['10000', '10'];

/**
 * Part 10, in the lab: `explain` as it ships, beside a running daemon, against what one would look at by hand; and in a
 * large cluster against a small one. How long it takes elsewhere is measured by `explain-outside.ts`.
 */
export async function explain({ quick }: LabOptions): Promise<readonly Row[]> {
  const measured = await programResult<readonly MeasuredExplanation[]>('explain-service', ...size, quick ? '3' : '5');
  const [few, many] = measured;
  if (few === undefined || many === undefined) throw new Error('explain was not measured');
  const { seconds, startSeconds, classicSeconds } = many;
  return [
    {
      part: 10,
      what: '10,000 x 10: ipvsadm -Ln, iptables-save, ipset list, ip address against explain of one Service',
      value: classicSeconds / seconds,
      unit: 'x',
      bar: atLeast(2),
      note: `${classicSeconds.toFixed(2)} s : ${seconds.toFixed(2)} s, of which ${startSeconds.toFixed(2)} s the start of a tool`,
    },
    {
      part: 10,
      what: `explain at 10,000 x 10 against ${few.services} x 10`,
      value: seconds / few.seconds,
      unit: 'x',
      bar: atMost(1.5),
      note: `${seconds.toFixed(2)} s : ${few.seconds.toFixed(2)} s`,
    },
  ];
}
