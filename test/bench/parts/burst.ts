import { runAgainstApi } from '../api-run.ts';
import type { Stage } from '../event-loop-stage.ts';
import type { Row } from '../row.ts';
import { atMost } from '../row.ts';
import { median } from '../statistics.ts';

const size = { services: 10_000, endpointsPerService: 10 };

/**
 * Part 5: 20,000 events at once, each of which changes the endpoints of a Service, from TLS to encoded messages. Outside
 * the lab, where the client has a processor for itself; the kernel is left out, for its work is done in another thread.
 */
export async function burst(quick: boolean): Promise<readonly Row[]> {
  const runs: { list: { list: Stage }; end: { burst: Stage; rounds: number; messages: number } }[] = [];
  for (let run = 0; run < (quick ? 1 : 3); run++) {
    runs.push(await runAgainstApi({ client: 'burst', size, burst: 'endpoints', events: 2 * size.services }));
  }
  const of = (value: (run: (typeof runs)[number]) => number) => median(runs.map(value));
  return [
    {
      part: 5,
      what: '20,000 events at once: event loop blocked at most',
      value: of(({ end }) => end.burst.blockedMs),
      unit: 'ms',
      bar: atMost(50),
      note: `outside the lab; ${of(({ end }) => end.rounds)} rounds, ${of(({ end }) => end.messages)} messages, ${of(({ end }) => end.burst.cpuSeconds).toFixed(1)} CPU s; listing and planning everything before: ${of(({ list }) => list.list.blockedMs).toFixed(0)} ms`,
    },
  ];
}
