import { paint, type Terminal } from '../terminal.ts';
import { amountText } from './amount-text.ts';
import { ownerText, stateText, virtualServerText } from './services-table.ts';
import type { ShownRealServer } from './service-view.ts';
import { type Column, columnWidths, rowText, shortened } from './text-columns.ts';
import { historyLength, type RatedVirtualServer, totalRates } from './traffic-rates.ts';
import type { SortOrder, WatchState } from './watch-state.ts';

/** What a frame of the live view shows. */
export interface FrameInput {
  readonly rated: readonly RatedVirtualServer[];
  readonly state: WatchState;
  readonly terminal: Terminal;
  readonly rows: number;
  /** Name of the node; empty when it is unknown. */
  readonly node: string;
  /** Time of day of the picture, e.g. `10:22:31`. */
  readonly time: string;
  readonly intervalMs: number;
  /** Why names are missing; empty when they are not. */
  readonly notice: string;
}

/** A frame: exactly as many lines as the screen has rows, and the state with `top` on a row that there is. */
export interface Frame {
  readonly lines: readonly string[];
  readonly state: WatchState;
}

/** Lines above the rows, and the one below. */
const fixedLines = 4;

/** Rows that fit on a screen at a time. */
export function rowsPerPage(rows: number): number {
  return Math.max(1, rows - fixedLines);
}

/** Draws the live view. Pure. */
export function watchFrame(input: FrameInput): Frame {
  const { state, terminal, rows } = input;
  const ordered = [...input.rated].sort(comparisons[state.order]);
  const all = state.help ? [] : ordered.flatMap((rated) => entriesOf(rated, state.withRealServers));
  const page = rowsPerPage(rows);
  const top = Math.max(0, Math.min(state.top, all.length - page));
  const body = state.help ? helpLines(terminal) : bodyLines(all.slice(top, top + page), terminal);
  const lines = [titleLine(input), totalsLine(input, terminal), ...body];
  while (lines.length < rows - 1) lines.push('');
  const footer = footerLine(input, all.length === 0 ? 0 : top + 1, Math.min(top + page, all.length), all.length);
  return {
    lines: [...lines.slice(0, Math.max(0, rows - 1)), footer].slice(-Math.max(1, rows)),
    state: { ...state, top },
  };
}

const byName = (one: RatedVirtualServer, other: RatedVirtualServer) =>
  compareText(nameOf(one), nameOf(other)) || compareText(one.shown.key, other.shown.key);

const comparisons: Readonly<Record<SortOrder, (one: RatedVirtualServer, other: RatedVirtualServer) => number>> = {
  traffic: (one, other) =>
    bytesOf(other) - bytesOf(one) || other.rates.connections - one.rates.connections || byName(one, other),
  connections: (one, other) => other.rates.connections - one.rates.connections || byName(one, other),
  active: (one, other) => activeOf(other) - activeOf(one) || byName(one, other),
  name: byName,
};

/** In the order of letters' numbers, which is the same everywhere. */
function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function nameOf({ shown }: RatedVirtualServer): string {
  return shown.owner === undefined ? '~' : ownerText(shown.owner);
}

function bytesOf({ rates }: RatedVirtualServer): number {
  return rates.incomingBytes + rates.outgoingBytes;
}

function activeOf({ shown }: RatedVirtualServer): number {
  return shown.realServers.reduce((sum, { activeConnections }) => sum + activeConnections, 0);
}

const columns: readonly Column[] = [
  { heading: 'SERVICE', align: 'left', least: 12 },
  { heading: 'VIRTUAL SERVER', align: 'left', least: 14 },
  { heading: 'REAL', align: 'right' },
  { heading: 'ACTIVE', align: 'right' },
  { heading: 'CONN/S', align: 'right' },
  { heading: 'PKT/S', align: 'right' },
  { heading: 'IN B/S', align: 'right' },
  { heading: 'OUT B/S', align: 'right' },
  { heading: '', align: 'left' },
];

/** Columns that a narrow screen does without, the first of them first. */
const expendable = [8, 5, 2, 6];
const enoughForNames = 26;

interface Entry {
  readonly cells: readonly string[];
  readonly isBusy: boolean;
  readonly isDraining: boolean;
}

function entriesOf({ shown, rates, history }: RatedVirtualServer, withRealServers: boolean): readonly Entry[] {
  const leaving = shown.realServers.filter(({ state }) => state !== 'active').length;
  const head: Entry = {
    cells: [
      ownerText(shown.owner),
      virtualServerText(shown.identity),
      `${shown.realServers.length - leaving}${leaving === 0 ? '' : `+${leaving}`}`,
      amountText(shown.realServers.reduce((sum, { activeConnections }) => sum + activeConnections, 0)),
      amountText(rates.connections),
      amountText(rates.packets),
      amountText(rates.incomingBytes),
      amountText(rates.outgoingBytes),
      sparkline(history),
    ],
    isBusy: rates.connections > 0 || rates.packets > 0,
    isDraining: leaving > 0,
  };
  return withRealServers ? [head, ...shown.realServers.map(realServerEntry)] : [head];
}

function realServerEntry(realServer: ShownRealServer): Entry {
  const { address, port, pod, node, activeConnections, state } = realServer;
  const isActive = state === 'active';
  const place = [pod, node].filter(Boolean).join(' on ');
  const endpoint = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  const text = isActive ? endpoint : `${endpoint} ${stateText(realServer)}`;
  return {
    cells: [`  ${place}`, `-> ${text}`, '', amountText(activeConnections), '', '', '', '', ''],
    isBusy: false,
    isDraining: !isActive,
  };
}

const bars = '▁▂▃▄▅▆▇█';

/** The history as bars; the highest stands for its greatest value. */
export function sparkline(history: readonly number[]): string {
  const greatest = Math.max(0, ...history);
  if (greatest === 0) return '';
  const text = history.map((value) =>
    value === 0 ? ' ' : (bars[Math.ceil((value / greatest) * bars.length) - 1] ?? '▁'),
  );
  return text.join('').padStart(historyLength);
}

function bodyLines(entries: readonly Entry[], terminal: Terminal): readonly string[] {
  const kept = keptColumns(entries, terminal.width);
  const shown = kept.map((index) => columns[index] as Column); // indices of this very list
  const cellsOf = (cells: readonly string[]) => kept.map((index) => cells[index] ?? '');
  const widths = columnWidths(
    shown,
    entries.map(({ cells }) => cellsOf(cells)),
    terminal.width,
  );
  const heading = rowText(
    shown,
    widths,
    shown.map((column) => column.heading),
  );
  const rows = entries.map(({ cells, isBusy, isDraining }) => {
    const text = fitted(rowText(shown, widths, cellsOf(cells)), terminal.width);
    if (isDraining) return paint(terminal, 'yellow', text);
    return isBusy ? text : paint(terminal, 'dim', text);
  });
  return [paint(terminal, 'bold', fitted(heading, terminal.width)), ...rows];
}

function keptColumns(entries: readonly Entry[], width: number): readonly number[] {
  let kept = [...columns.keys()];
  for (const index of expendable) {
    const shown = kept.map((each) => columns[each] as Column); // indices of this very list
    const cells = entries.map((entry) => kept.map((each) => entry.cells[each] ?? ''));
    const needed = columnWidths(shown, cells, 0)
      .slice(2)
      .reduce((sum, each) => sum + each + 2, 0);
    if (needed + enoughForNames <= width) break;
    kept = kept.filter((each) => each !== index);
  }
  return kept;
}

function titleLine({ node, time, terminal, intervalMs, state }: FrameInput): string {
  const left = ['ipvs-status', node].filter(Boolean).join('  ');
  const right = `${state.paused ? 'paused  ' : ''}every ${intervalMs / 1000}s  ${time}`;
  const blanks = ' '.repeat(Math.max(2, terminal.width - left.length - right.length));
  return paint(terminal, 'bold', fitted(left + blanks + right, terminal.width));
}

function totalsLine({ rated }: FrameInput, terminal: Terminal): string {
  const { connections, incomingBytes, outgoingBytes } = totalRates(rated);
  const realServers = rated.reduce((sum, { shown }) => sum + shown.realServers.length, 0);
  const text =
    `${rated.length} virtual servers  ${realServers} real servers  ${amountText(connections)} conn/s  ` +
    `in ${amountText(incomingBytes)}B/s  out ${amountText(outgoingBytes)}B/s`;
  return fitted(text, terminal.width);
}

function footerLine({ notice, state, terminal }: FrameInput, first: number, last: number, count: number): string {
  const keys = `${first}-${last} of ${count}  by ${state.order}  s order  r real servers  p pause  ? help  q quit`;
  const colour = notice === '' ? 'dim' : 'yellow';
  return paint(terminal, colour, fitted(notice === '' ? keys : `q quit  ${notice}`, terminal.width));
}

const explanations: readonly (readonly [keys: string, meaning: string])[] = [
  ['q, Ctrl-C', 'end'],
  ['s', 'order by traffic, new connections, active connections or name'],
  ['r, Enter', 'show real servers, or hide them'],
  ['p', 'stand still, or go on'],
  ['up, down, j, k', 'one row'],
  ['space, b', 'one page; g to the first, G to the last row'],
  ['', ''],
  ['REAL', 'real servers that take connections; after + those that do not any more'],
  ['ACTIVE', 'established connections'],
  ['CONN/S', 'new connections; the bars are the last of them'],
  ['yellow', 'some real servers drain, wait or have weight 0'],
];

function helpLines(terminal: Terminal): readonly string[] {
  return ['', ...explanations.map(([keys, meaning]) => fitted(`  ${keys.padEnd(16)}${meaning}`, terminal.width))];
}

function fitted(text: string, width: number): string {
  return text.length <= width ? text : shortened(text, width);
}
