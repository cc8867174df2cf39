import { readFileSync } from 'node:fs';
import { writeAll } from '../ipvs-status/write-all.ts';
import { type Terminal, terminalOf } from '../../cli/terminal.ts';

/** What tools need of the process that they run in. */
export interface ToolWorld {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** The text of a file; `-` is standard input. Throws what the file system says. */
  readonly readFile: (path: string) => string;
}

/** This process. */
export function toolWorld(): ToolWorld {
  const { stdout, env } = process;
  return {
    terminal: terminalOf({ isTerminal: stdout.isTTY, columns: stdout.columns, environment: env }),
    environment: env,
    write: (text) => writeAll(1, Buffer.from(text, 'utf8')),
    writeError: (text) => writeAll(2, Buffer.from(text, 'utf8')),
    readFile: (path) => readFileSync(path === '-' ? 0 : path, 'utf8').replace(/^\uFEFF/, ''),
  };
}
