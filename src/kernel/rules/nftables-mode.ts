import type { CommandResult, CommandRunner } from './run-command.ts';
import { DriverError } from '../errors.ts';
import { CommandError } from './run-command.ts';

/** How `nft list tables` prints the tables that mode nftables of kube-proxy has, one per family. */
const tableLine = /^table (ip6?) kube-proxy$/gm;

/**
 * Removes the tables of kube-proxy's mode nftables; their names, none where there are none, or no `nft`. Nothing of
 * others is in them. Throws `DriverError`.
 */
export async function removeNftablesMode(run: CommandRunner): Promise<readonly string[]> {
  const listed = await nft(run, ['list', 'tables']);
  if (listed === undefined) return [];
  const removed: string[] = [];
  for (const [, family = ''] of listed.matchAll(tableLine)) {
    await nft(run, ['delete', 'table', family, 'kube-proxy']);
    removed.push(`table ${family} kube-proxy`);
  }
  return removed;
}

/** What nft prints; undefined where it is not installed. */
async function nft(run: CommandRunner, parameters: readonly string[]): Promise<string | undefined> {
  const operation = `nft ${parameters.join(' ')}`;
  let result: CommandResult;
  try {
    result = await run({ file: 'nft', parameters });
  } catch (cause) {
    if (cause instanceof CommandError && cause.code === 'COMMAND_NOT_FOUND') return undefined;
    throw new DriverError('rules', operation, { detail: String(cause) }, { cause });
  }
  if (result.exitCode === 0) return result.stdout;
  throw new DriverError('rules', operation, { detail: `exit code ${result.exitCode}: ${result.stderr.trim()}` });
}
