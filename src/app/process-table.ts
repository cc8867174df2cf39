import { readdirSync } from 'node:fs';

/** Numbers of all processes that can be seen. */
export function processIds(procDirectory: string): readonly string[] {
  return readdirSync(procDirectory).filter((name) => /^\d+$/.test(name));
}
