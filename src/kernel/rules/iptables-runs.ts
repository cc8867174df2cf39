import type { Iptables } from './find-iptables.ts';
import type { CommandResult, CommandRunner } from './run-command.ts';
import type { SavedRules } from './parse-save.ts';
import { DriverError } from '../errors.ts';
import { parseSave, SaveFormatError } from './parse-save.ts';
import { restoreFailure } from './restore-failure.ts';
import { CommandError } from './run-command.ts';

/** How long iptables waits for the lock that it shares with other programs, /run/xtables.lock. */
const lockWaitSeconds = 5;

const restoreParameters = ['-w', String(lockWaitSeconds), '--noflush', '--counters'];

/** All rules of a family. Throws `DriverError`, also where a table of ours holds what iptables cannot show. */
export async function saveRules(run: CommandRunner, iptables: Iptables): Promise<SavedRules> {
  const operation = `read ${iptables.family} rules (${iptables.save})`;
  const { exitCode, stdout, stderr } = await runOrFail(run, iptables.save, [], undefined, operation);
  if (exitCode !== 0) {
    throw new DriverError('rules', operation, { detail: `exit code ${exitCode}: ${stderr.trim()}` });
  }
  const saved = parseOrFail(stdout, operation);
  const unreadable = saved.incompatibleTables.find((table) => table === 'nat' || table === 'filter');
  if (unreadable === undefined) return saved;
  throw new DriverError('rules', operation, {
    detail: `table ${unreadable} holds rules that iptables cannot show`,
    hint: 'they were added by nft: move them to a table of their own',
  });
}

/** Runs one restore. Throws `DriverError` with the words of iptables and the input lines around the bad one. */
export async function restoreRules(run: CommandRunner, iptables: Iptables, input: string): Promise<void> {
  const result = await tryRestore(run, iptables, input);
  if (result.exitCode !== 0) throw restoreFailure(writing(iptables), result, input);
}

/**
 * Runs one restore and tells how it ended, refused input included. Throws `DriverError` when that says nothing about
 * the input: the program did not come to its end, or did not get the lock.
 */
export async function tryRestore(run: CommandRunner, iptables: Iptables, input: string): Promise<CommandResult> {
  const result = await runOrFail(run, iptables.restore, restoreParameters, input, writing(iptables));
  if (result.exitCode === undefined || /xtables lock/.test(result.stderr)) {
    throw restoreFailure(writing(iptables), result, input);
  }
  return result;
}

function writing({ family, restore }: Iptables): string {
  return `write ${family} rules (${restore})`;
}

async function runOrFail(
  run: CommandRunner,
  file: string,
  parameters: readonly string[],
  input: string | undefined,
  operation: string,
): Promise<CommandResult> {
  try {
    return await run(input === undefined ? { file, parameters } : { file, parameters, input });
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    throw new DriverError('rules', operation, { detail: cause.message }, { cause });
  }
}

function parseOrFail(stdout: string, operation: string): SavedRules {
  try {
    return parseSave(stdout);
  } catch (cause) {
    if (!(cause instanceof SaveFormatError)) throw cause;
    throw new DriverError('rules', operation, { detail: cause.message }, { cause });
  }
}
