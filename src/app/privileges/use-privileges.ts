import { existsSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ProxyConfig } from '../../config/config.ts';
import { IptablesRulesDriver } from '../../kernel/rules/driver.ts';
import { systemFlavour } from '../../kernel/rules/find-iptables.ts';
import { type CommandRunner, commandRunner } from '../../kernel/rules/run-command.ts';
import { oomScoreFile } from '../node/oom-score.ts';

const programLimits = { timeoutMs: 30_000, maxOutputBytes: 1024 * 1024 };

/**
 * Does what the daemon has no rights for once it has dropped them: lowers the OOM score adjustment (SYS_RESOURCE), and
 * has iptables-legacy load its modules (SYS_MODULE). All else, such as settings under `/proc/sys`, user 0 may do
 * without capabilities, and other modules are loaded by the kernel. What fails here is told when it is needed.
 */
export async function usePrivileges(options: {
  readonly config: Pick<ProxyConfig, 'oomScoreAdjustment' | 'proxier'>;
  readonly run?: CommandRunner;
  readonly writeFile?: (path: string, text: string) => void;
  readonly procDirectory?: string;
  /** Where programs are looked for, as in the environment. */
  readonly path?: string;
}): Promise<void> {
  const { config, writeFile = writeFileSync, run = commandRunner(programLimits) } = options;
  const { procDirectory = '/proc', path = process.env['PATH'] ?? '' } = options;
  try {
    writeFile(oomScoreFile, String(config.oomScoreAdjustment));
  } catch {
    // tried again, and told, once the daemon works
  }
  const { iptablesFlavour, operation } = config.proxier;
  if (iptablesFlavour === 'nft' || operation.mode !== 'active' || hasLegacyModules(procDirectory)) return;
  try {
    if (iptablesFlavour === 'auto' && (isOfNft(path) || (await systemFlavour(run, 'IPv4')) !== 'legacy')) return;
    await new IptablesRulesDriver({ flavour: 'legacy', run, procDirectory }).families();
  } catch {
    // tried again, and told, when the daemon looks for iptables
  }
}

/** Whether `iptables` is a link to the program of nft, as distributions have it: looking is quicker than running it. */
function isOfNft(path: string): boolean {
  const found = path
    .split(':')
    .map((directory) => join(directory, 'iptables'))
    .find((each) => existsSync(each));
  return found !== undefined && basename(realpathSync(found)).includes('nft');
}

/** These files are there once iptables-legacy has its modules, which only programs load. */
function hasLegacyModules(procDirectory: string): boolean {
  return ['ip_tables_names', 'ip6_tables_names'].every((name) => existsSync(join(procDirectory, 'net', name)));
}
