import { hangingLines, paint, type Terminal, wrapWords } from '../terminal.ts';
import { type Difference, differenceKinds, type DiffReport, type OtherObject } from './diff-report.ts';

const signs = { missing: '-', unwanted: '+', different: '~' } as const;
const colours = { missing: 'red', unwanted: 'green', different: 'yellow' } as const;
const meanings = {
  missing: 'wanted, and not in the kernel',
  different: 'in the kernel, and not as wanted',
  unwanted: 'in the kernel, ours, and not wanted',
} as const;

/** The report as text; `all` lists what belongs to others item by item. Pure. */
export function diffText(report: DiffReport, terminal: Terminal, all: boolean): string {
  const { node, objects, wanted, differences } = report;
  const heading = `Node ${node}: ${wanted} things wanted for the Services of ${objects}, compared with the kernel.`;
  const lines = [
    ...wrapWords(heading, terminal.width),
    ...report.absent.flatMap((each) => hangingLines('absent:', each, 9, terminal.width)),
    ...report.problems.flatMap((each) => hangingLines('object:', each, 9, terminal.width)),
    ...differenceKinds.flatMap((kind) => kindLines(kind, differences, terminal)),
    ...otherLines('Draining: weight 0, until their connections have ended', report.draining, terminal, true),
    ...otherLines(
      "Left by kube-proxy: not in the way of what is ours, and nobody's any more",
      report.leftovers,
      terminal,
      true,
    ),
    ...otherLines('Of others: left alone', report.foreign, terminal, all),
    '',
    verdict(differences, terminal),
  ];
  return `${lines.join('\n')}\n`;
}

/** The report for programs. Pure. */
export function diffJson(report: DiffReport): string {
  return `${JSON.stringify({ same: report.differences.length === 0, ...report }, undefined, 2)}\n`;
}

function kindLines(kind: string, differences: readonly Difference[], terminal: Terminal): readonly string[] {
  const own = differences.filter((difference) => difference.kind === kind);
  if (own.length === 0) return [];
  const lines = own.flatMap(({ how, object, details, service }) => [
    `  ${paint(terminal, colours[how], signs[how])} ${object}${service === undefined ? '' : paint(terminal, 'dim', `  of ${service}`)}`,
    ...details.map((detail) => `      ${detail}`),
  ]);
  return ['', paint(terminal, 'bold', `${kind} (${own.length})`), ...lines];
}

function otherLines(
  title: string,
  objects: readonly OtherObject[],
  terminal: Terminal,
  isListed: boolean,
): readonly string[] {
  if (objects.length === 0) return [];
  const heading = paint(terminal, 'bold', `${title} (${objects.length})`);
  if (isListed) return ['', heading, ...objects.map(({ kind, object }) => `  ${kind} ${object}`)];
  const kinds = new Map<string, number>();
  for (const { kind } of objects) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const counts = [...kinds].map(([kind, count]) => `${count} of kind ${kind}`).join(', ');
  return ['', heading, `  ${counts}; --all lists them`];
}

function verdict(differences: readonly Difference[], terminal: Terminal): string {
  if (differences.length === 0) return paint(terminal, 'green', 'The kernel is as wanted.');
  const counts = (['missing', 'different', 'unwanted'] as const).flatMap((how) => {
    const count = differences.filter((difference) => difference.how === how).length;
    return count === 0 ? [] : [`${count} ${how} (${signs[how]} ${meanings[how]})`];
  });
  const total = `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}`;
  return wrapWords(`${paint(terminal, 'red', total)}: ${counts.join(', ')}.`, terminal.width).join('\n');
}
