import type { LoadedSettings } from '../../config/effective-config.ts';
import type { Log } from '../../observe/log.ts';
import { IptablesRulesDriver } from '../../kernel/rules/driver.ts';
import { cleanUp } from './cleanup.ts';
import { openKernel } from '../node/open-kernel.ts';

const flavours = ['nft', 'legacy'] as const;

/**
 * Does what `--cleanup` asks for; the exit code. What is removed is printed on standard output first; with `--dry-run` it
 * is only printed.
 */
export async function runCleanup(settings: LoadedSettings, log: Log): Promise<number> {
  const { config } = settings;
  const kernel = await openKernel(log, { mayLackSubsystems: true });
  const dryRun = settings.flags['dry-run'] === 'true';
  try {
    const failures = await cleanUp({
      drivers: { ...kernel, rules: flavours.map((flavour) => new IptablesRulesDriver({ flavour })) },
      config,
      dryRun,
      print: (line) => process.stdout.write(`${line}\n`),
    });
    if (failures.length === 0) return 0;
    log.error('encountered an error while tearing down rules', failures[0], { failures: failures.length });
    return 1;
  } finally {
    kernel.close();
  }
}
