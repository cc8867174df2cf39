/** One line of the table. Ratios and counts are compared with a bar; what has none is there to explain the others. */
export interface Row {
  /** Number of the part, as in docs/benchmarks.md. */
  readonly part: number;
  readonly what: string;
  readonly value: number;
  readonly unit: 'x' | 'ms' | 's' | 'MB' | '%' | '';
  readonly bar?: Bar;
  /** What the value was made of. */
  readonly note: string;
}

export interface Bar {
  readonly kind: 'atMost' | 'atLeast' | 'exactly';
  readonly limit: number;
}

export const atMost = (limit: number): Bar => ({ kind: 'atMost', limit });
export const atLeast = (limit: number): Bar => ({ kind: 'atLeast', limit });
export const exactly = (limit: number): Bar => ({ kind: 'exactly', limit });

/** Whether the value keeps its bar. A value that is no number never does. */
export function passes({ value, bar }: Row): boolean {
  if (bar === undefined) return true;
  switch (bar.kind) {
    case 'atMost':
      return value <= bar.limit;
    case 'atLeast':
      return value >= bar.limit;
    case 'exactly':
      return value === bar.limit;
  }
}

/** The rows as a Markdown table. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    String(row.part),
    row.what,
    row.bar === undefined ? '' : `${signs[row.bar.kind]} ${withUnit(row.bar.limit, row.unit)}`,
    withUnit(row.value, row.unit),
    row.bar === undefined ? '' : passes(row) ? 'pass' : 'FAIL',
    row.note,
  ]);
  const head = ['', 'what', 'bar', 'measured', '', 'made of'];
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...cells.map((line) => line[column]?.length ?? 0)),
  );
  const lines = [head, widths.map((width) => '-'.repeat(width)), ...cells];
  return lines
    .map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
    .join('\n');
}

const signs = { atMost: '<=', atLeast: '>=', exactly: '=' } as const;

function withUnit(value: number, unit: Row['unit']): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 0.1 || value === 0 ? 2 : 4;
  const text = Number.isInteger(value) ? String(value) : value.toFixed(digits);
  return unit === 'x' ? `${text}x` : `${text} ${unit}`.trimEnd();
}
