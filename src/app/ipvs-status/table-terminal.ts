import { type Terminal, terminalOf } from '../../cli/terminal.ts';

/** What a table is written to. */
export interface TableOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** How wide tables are and whether they have colours: in a pipe or a file nothing is cut off, unless COLUMNS says so. */
export function tableTerminal(
  { isTTY, columns }: TableOutput,
  environment: Readonly<Record<string, string | undefined>>,
): Terminal {
  const isTerminal = isTTY === true;
  const terminal = terminalOf({ isTerminal, columns, environment });
  const isBounded = isTerminal || Number(environment['COLUMNS']) > 0;
  return isBounded ? terminal : { ...terminal, width: Number.POSITIVE_INFINITY };
}
