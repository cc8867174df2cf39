import { readFileSync } from 'node:fs';

/** A program that the proxier has started, and that has ended. */
export interface StartedProgram {
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  /** With its arguments. */
  readonly command: string;
}

/** What `note-programs.cjs` has written. */
export function readPrograms(file: string): readonly StartedProgram[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => {
    const [startMs, endMs, ...words] = line.split(' ');
    return { startMs: Number(startMs), endMs: Number(endMs), command: words.join(' ') };
  });
}

/** A program takes this long where the lab has a processor for itself; on a node, a few milliseconds. */
const usualProgramMs = 150;
/** What the take-over may take where programs take no longer than that. */
const promisedMs = 2_000;

/**
 * How long the take-over may take here: two seconds, and where programs take longer than usual, for the machine is busy
 * with something else, as many times as much. Pure.
 */
export function takeOverBarMs(programs: readonly StartedProgram[]): number {
  const spentMs = programs.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  const meanMs = programs.length === 0 ? 0 : spentMs / programs.length;
  return promisedMs * Math.max(1, meanMs / usualProgramMs);
}
