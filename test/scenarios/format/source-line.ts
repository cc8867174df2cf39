/** A line of a scenario file that is neither blank nor a remark. */
export interface SourceLine {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
}

/** A line at the margin with the indented lines below it. */
export interface Block {
  readonly head: SourceLine;
  readonly body: readonly SourceLine[];
}

/** Lines of the text without blank ones and remarks, which begin with `#`. */
export function sourceLines(text: string): readonly SourceLine[] {
  const lines = text.split('\n').map((line, index) => ({ number: index + 1, text: line.trimEnd() }));
  return lines.filter((line) => line.text !== '' && !line.text.trimStart().startsWith('#'));
}

/** Puts indented lines to the line above them that is not. An indented first line is a block of its own. */
export function blocksOf(lines: readonly SourceLine[]): readonly Block[] {
  const blocks: { head: SourceLine; body: SourceLine[] }[] = [];
  for (const line of lines) {
    const last = blocks.at(-1);
    if (last !== undefined && line.text.startsWith(' ')) last.body.push(line);
    else blocks.push({ head: line, body: [] });
  }
  return blocks;
}
