import {
  type CompletionShell,
  completionShells,
  listingOptions,
  statusCompletion,
} from '../../cli/ipvs-status/status-completion.ts';
import { outputForms, servicesOptionTable } from '../../cli/services/services-options.ts';
import { writeAll } from './write-all.ts';

/** Prints the completion script of a shell; the exit code. */
export function printCompletion(shell: string, program: string): number {
  if (!isKnown(shell)) {
    const problem = `--completion takes ${completionShells.join(', ')}, not ${JSON.stringify(shell)}`;
    writeAll(2, Buffer.from(`${program}: ${problem}\n`));
    return 2;
  }
  const own = Object.keys(servicesOptionTable).map((name) => ({ name }));
  const forms = ['o', 'output'].map((name) => ({ name, choices: outputForms }));
  const completion = { name: 'completion', choices: completionShells };
  const options = [...listingOptions, ...own.filter(({ name }) => name !== 'output'), ...forms, completion];
  writeAll(1, Buffer.from(statusCompletion(shell, options)));
  return 0;
}

function isKnown(shell: string): shell is CompletionShell {
  return (completionShells as readonly string[]).includes(shell);
}
