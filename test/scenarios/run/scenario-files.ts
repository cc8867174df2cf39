import { globSync } from 'node:fs';
import { join } from 'node:path';

/** Directory of the scenarios. */
export const scenarioDirectory = join(__dirname, '..');

/** All files with scenarios, as paths below their directory. */
export function scenarioFiles(): readonly string[] {
  return globSync('*/*.txt', { cwd: scenarioDirectory }).sort();
}
