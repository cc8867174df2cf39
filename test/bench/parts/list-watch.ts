import { runAgainstApi } from '../api-run.ts';
import type { Stage } from '../event-loop-stage.ts';
import type { Row } from '../row.ts';
import { atMost } from '../row.ts';
import { median } from '../statistics.ts';

const size = { services: 10_000, endpointsPerService: 10 };

/** Part 7: what listing a cluster over TLS costs, in a process that does nothing else. Outside the lab. */
export async function listWatch(quick: boolean): Promise<readonly Row[]> {
  const runs: { list: { list: Stage }; end: { burst: Stage; services: number }; listMb: number }[] = [];
  for (let run = 0; run < (quick ? 1 : 3); run++) {
    runs.push(await runAgainstApi({ client: 'list-watch', size, burst: 'allObjects', events: 4 * size.services }));
  }
  if (runs.some(({ end }) => end.services !== size.services)) throw new Error('the client has not listed all Services');
  const of = (value: (run: (typeof runs)[number]) => number) => median(runs.map(value));
  const part = { part: 7, what: 'listing 10,000 Services and 100,000 endpoints' };
  return [
    {
      ...part,
      what: `${part.what}: CPU`,
      value: of(({ list: { list } }) => list.cpuSeconds),
      unit: 's',
      bar: atMost(1.5),
      note: `${of(({ listMb }) => listMb).toFixed(0)} MB of JSON in ${of(({ list: { list } }) => list.seconds).toFixed(1)} s, event loop blocked ${of(({ list: { list } }) => list.blockedMs).toFixed(0)} ms at most`,
    },
    {
      ...part,
      what: 'the same: peak of RSS',
      value: of(({ list: { list } }) => list.peakRssMb),
      unit: 'MB',
      bar: atMost(130),
      note: `after 40,000 events more ${of(({ end }) => end.burst.peakRssMb).toFixed(0)} MB, ${of(({ end }) => end.burst.cpuSeconds).toFixed(1)} CPU s`,
    },
  ];
}
