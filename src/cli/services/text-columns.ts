/** One column of a table. */
export interface Column {
  readonly heading: string;
  readonly align: 'left' | 'right';
  /** Narrowest it may get where the table is too wide; absent for one that is never cut. */
  readonly least?: number;
}

/** Widths of columns for these rows, no wider altogether than `width`, as far as columns may be cut. */
export function columnWidths(
  columns: readonly Column[],
  rows: Iterable<readonly string[]>,
  width: number,
): readonly number[] {
  const widths = columns.map(({ heading }) => heading.length);
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  let excess = widths.reduce((sum, each) => sum + each, 0) + gap.length * (columns.length - 1) - width;
  while (excess > 0) {
    const widest = widestThatShrinks(columns, widths);
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

const gap = '  ';

function widestThatShrinks(columns: readonly Column[], widths: readonly number[]): number | undefined {
  let widest: number | undefined;
  for (const [index, { least }] of columns.entries()) {
    const width = widths[index] ?? 0;
    if (least === undefined || width <= least) continue;
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = index;
  }
  return widest;
}

/** The cells as one line, without blanks at its end. */
export function rowText(columns: readonly Column[], widths: readonly number[], cells: readonly string[]): string {
  const texts = columns.map(({ align }, index) => {
    const width = widths[index] ?? 0;
    const text = shortened(cells[index] ?? '', width);
    return align === 'right' ? text.padStart(width) : text.padEnd(width);
  });
  return texts.join(gap).trimEnd();
}

/** The text, cut off with a dot-dot-dot in its middle where it is too long: names differ at both ends. */
export function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  if (width < 4) return text.slice(0, width);
  const tail = Math.floor((width - 1) / 2);
  return `${text.slice(0, width - 1 - tail)}…${text.slice(text.length - tail)}`;
}
