import { readdirSync, readFileSync } from 'node:fs';

/** Numbers of all processes that can be seen. */
export function processIds(procDirectory: string): readonly string[] {
  return readdirSync(procDirectory).filter((name) => /^\d+$/.test(name));
}

/** A file of a process; empty when the process has ended meanwhile, or may not be looked at. */
export function processText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
