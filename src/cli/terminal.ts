/** How text may look where it is written to. */
export interface Terminal {
  /** Columns, at least 20. */
  readonly width: number;
  readonly colours: boolean;
}

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'dim' | 'bold';

const codes: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34 };

/** What decides how a terminal is written to. */
export interface TerminalFacts {
  readonly isTerminal: boolean;
  /** Columns of the terminal; undefined where there is none. */
  readonly columns: number | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Colours only on a terminal that has them, and never with NO_COLOR; as wide as the terminal, or as COLUMNS says, else
 * 100 columns. Pure. Source: no-color.org.
 */
export function terminalOf({ isTerminal, columns, environment }: TerminalFacts): Terminal {
  const { NO_COLOR: noColour = '', TERM: term, COLUMNS: stated = '' } = environment;
  const width = columns ?? (Number(stated) || 100);
  return { colours: isTerminal && noColour === '' && term !== 'dumb', width: Math.max(20, width) };
}

/** The text in a colour, where there are any. */
export function paint(terminal: Terminal, colour: Colour, text: string): string {
  return terminal.colours && text !== '' ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text;
}

/** The words in lines of at most `width` columns; a longer word has a line of its own. */
export function wrapWords(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** As `wrapWords`, each line after `indent` blanks and the first after `lead`, which is padded to them. */
export function hangingLines(lead: string, text: string, indent: number, width: number): readonly string[] {
  const blanks = ' '.repeat(indent);
  const lines = wrapWords(text, Math.max(20, width - indent)).map((line) => blanks + line);
  if (lead.length + 1 > indent) return [lead, ...lines];
  return [lead.padEnd(indent) + (lines[0] ?? '').slice(indent), ...lines.slice(1)];
}
