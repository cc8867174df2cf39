import type { LabOptions } from '../lab-options.ts';
import type { Row } from '../row.ts';
import { atMost, exactly } from '../row.ts';
import { median } from '../statistics.ts';
import { steadyStateResult } from '../world.ts';

/** What `programs/steady-state.ts` prints. */
interface SteadyState {
  readonly change: {
    readonly medianMs: number;
    readonly p99Ms: number;
    readonly planMedianMs: number;
    readonly exchangeMedianMs: number;
    /** Changes that were applied with one datagram of one message, and nothing read. */
    readonly oneDatagram: number;
    readonly changes: number;
  };
  readonly heapBytes: number;
  readonly audit: { readonly ms: number; readonly messages: number; readonly requests: number };
  readonly restart: {
    readonly ms: number;
    readonly writes: number;
    readonly dumpMs: number;
    readonly rulesMs: number;
    readonly requests: number;
  };
}

const [small, medium, half, large] = [100, 1_000, 5_000, 10_000] as const;

/** Parts 3 and 4: what one change costs in clusters of four sizes, and what an audit and a restart cost. */
export async function steadyState({ quick }: LabOptions): Promise<readonly Row[]> {
  const runs = new Map<number, SteadyState[]>();
  const sizes = quick ? [small, half, large] : [small, medium, half, large, large, half, medium, small];
  for (const services of sizes) {
    const result = await steadyStateResult<SteadyState>(services, quick ? 300 : 500);
    runs.set(services, [...(runs.get(services) ?? []), result]);
  }
  const of = (services: number, value: (run: SteadyState) => number) => median((runs.get(services) ?? []).map(value));
  return [...changeRows(of, [...runs.keys()]), ...restartRows(of)];
}

type Of = (services: number, value: (run: SteadyState) => number) => number;

function changeRows(of: Of, sizes: readonly number[]): Row[] {
  const changeMs = (services: number) => of(services, ({ change }) => change.medianMs);
  const each = (value: (services: number) => number) => sizes.map((size) => value(size).toFixed(2)).join(', ');
  const split = `planned in ${of(large, ({ change }) => change.planMedianMs).toFixed(2)} ms, in the kernel and on the way there ${of(large, ({ change }) => change.exchangeMedianMs).toFixed(2)} ms`;
  const sizeList = sizes.join(', ');
  const heapKb = (services: number) => of(services, (run) => run.heapBytes) / 1000;
  return [
    {
      part: 3,
      what: 'one change at 10,000 x 10: applied with one datagram and no reading',
      value: of(large, ({ change }) => change.oneDatagram / change.changes) * 100,
      unit: '%',
      bar: exactly(100),
      note: `of ${of(large, ({ change }) => change.changes)} changes`,
    },
    {
      part: 3,
      what: 'one change at 10,000 x 10: event to acknowledgement, p99',
      value: of(large, ({ change }) => change.p99Ms),
      unit: 'ms',
      bar: atMost(5),
      note: `median ${changeMs(large).toFixed(2)} ms: ${split}`,
    },
    {
      part: 3,
      what: 'the same against 100 x 10: median',
      value: changeMs(large) / changeMs(small),
      unit: 'x',
      bar: atMost(1.5),
      note: `ms at ${sizeList} Services: ${each(changeMs)}`,
    },
    {
      part: 3,
      what: 'the same: heap used by a change',
      value: heapKb(large) / heapKb(small),
      unit: 'x',
      bar: atMost(1.5),
      note: `kB at ${sizeList} Services: ${each(heapKb)}`,
    },
  ];
}

function restartRows(of: Of): Row[] {
  const { restart, audit } = {
    restart: (value: keyof SteadyState['restart']) => of(large, (run) => run.restart[value]),
    audit: (value: keyof SteadyState['audit']) => of(large, (run) => run.audit[value]),
  };
  return [
    {
      part: 4,
      what: 'restart at 10,000 x 10 with nothing changed: writes',
      value: restart('writes'),
      unit: '',
      bar: exactly(0),
      note: `${restart('ms').toFixed(0)} ms, of which the dump (${restart('requests')} requests) ${restart('dumpMs').toFixed(0)}, reading the rules ${restart('rulesMs').toFixed(0)}`,
    },
    {
      part: 4,
      what: 'audit at 10,000 x 10 with nothing changed: writes',
      value: audit('messages'),
      unit: '',
      bar: exactly(0),
      note: `${audit('ms').toFixed(0)} ms, ${audit('requests')} requests`,
    },
  ];
}
