import type { TrafficCounts } from './traffic.ts';

/** What was measured while something happened to the node. */
export interface Phase {
  readonly name: string;
  readonly counts: TrafficCounts;
  /** Further things that were checked. */
  readonly checks: readonly Check[];
  /** Times that are told and not judged: the lab is slow. */
  readonly measured: readonly string[];
}

export interface Check {
  readonly what: string;
  readonly ok: boolean;
  readonly seen: string;
}

const faultNames = [
  'refused',
  'cut',
  'lost',
  'wrong',
  'streamCut',
  'streamLost',
  'streamWrong',
  'udpRefused',
  'udpLost',
  'udpWrong',
] as const;

/** How many connections, streams and datagrams met something else than the right answer. */
function faults(counts: TrafficCounts): number {
  return faultNames.reduce((sum, name) => sum + counts[name], 0);
}

/** The counts of generators that ran at the same time. */
export function together(all: readonly TrafficCounts[]): TrafficCounts {
  const [first] = all;
  if (first === undefined) throw new Error('nothing was counted');
  return all.slice(1).reduce<TrafficCounts>((sum, counts) => {
    const added = Object.entries(sum).map(([name, value]) => {
      const other = counts[name as keyof TrafficCounts];
      return [name, typeof value === 'number' && typeof other === 'number' ? value + other : value];
    });
    return {
      ...(Object.fromEntries(added) as unknown as TrafficCounts), // the same names and types as before
      seconds: Math.max(sum.seconds, counts.seconds),
      slowestMs: Math.max(sum.slowestMs, counts.slowestMs),
      fault: sum.fault || counts.fault,
    };
  }, first);
}

const columns: readonly (readonly [string, (counts: TrafficCounts) => string])[] = [
  ['seconds', (counts) => counts.seconds.toFixed(1)],
  ['new conn.', (counts) => String(counts.answered)],
  ['per s', (counts) => (counts.answered / counts.seconds).toFixed(0)],
  ['refused', (counts) => String(counts.refused)],
  ['cut', (counts) => String(counts.cut)],
  ['lost', (counts) => String(counts.lost)],
  ['wrong', (counts) => String(counts.wrong)],
  ['streams', (counts) => String(counts.streams)],
  ['messages', (counts) => String(counts.streamMessages)],
  ['cut', (counts) => String(counts.streamCut)],
  ['lost/wrong', (counts) => String(counts.streamLost + counts.streamWrong)],
  ['UDP', (counts) => String(counts.udpAnswered)],
  ['bad UDP', (counts) => String(counts.udpRefused + counts.udpLost + counts.udpWrong)],
  ['slowest ms', (counts) => counts.slowestMs.toFixed(0)],
];

/** The table of all phases, then what else was checked. */
export function reportText(phases: readonly Phase[]): string {
  const head = ['phase', ...columns.map(([name]) => name)];
  const rows = phases.map(({ name, counts }) => [name, ...columns.map(([, value]) => value(counts))]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return [
    line(head),
    ...rows.map(line),
    '',
    ...phases.flatMap(({ counts, name }) => (counts.fault === '' ? [] : [`first fault in ${name}: ${counts.fault}`])),
    ...phases.flatMap(({ checks, measured }) => [
      ...checks.map(({ what, ok, seen }) => `${ok ? 'ok    ' : 'FAILED'} ${what}: ${seen}`),
      ...measured.map((text) => `       ${text}`),
    ]),
  ].join('\n');
}

/** Whether no traffic met a fault, there was traffic in every phase, and all checks hold. */
export function isAsPromised(phases: readonly Phase[]): boolean {
  return phases.every(
    ({ counts, checks }) =>
      faults(counts) === 0 && counts.answered > 0 && counts.udpAnswered > 0 && checks.every(({ ok }) => ok),
  );
}
