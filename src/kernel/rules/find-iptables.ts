import type { IpFamily } from '../../model/ip.ts';
import type { CommandRunner } from './run-command.ts';
import {
  type IptablesFlavour,
  type IptablesVersion,
  isUsableVersion,
  parseIptablesVersion,
} from './iptables-version.ts';
import { CommandError } from './run-command.ts';

/** The programs of one family and flavour. */
export interface Iptables {
  readonly family: IpFamily;
  readonly flavour: IptablesFlavour;
  readonly save: string;
  readonly restore: string;
}

/**
 * The programs of a family and flavour: those named after the flavour, else the plain ones where they are of that
 * flavour. Undefined when there are none, or only ones before release 1.6.2, which do not share the tables safely.
 */
export async function findIptables(
  run: CommandRunner,
  family: IpFamily,
  flavour: IptablesFlavour,
): Promise<Iptables | undefined> {
  const plain = plainName(family);
  for (const name of [`${plain}-${flavour}`, plain]) {
    const version = await versionOf(run, name);
    if (version?.flavour === flavour && isUsableVersion(version)) {
      return { family, flavour, save: `${name}-save`, restore: `${name}-restore` };
    }
  }
  return undefined;
}

/** The flavour of the plain program of a family: the system's choice. Undefined when it is not installed. */
export async function systemFlavour(run: CommandRunner, family: IpFamily): Promise<IptablesFlavour | undefined> {
  return (await versionOf(run, plainName(family)))?.flavour;
}

function plainName(family: IpFamily): string {
  return family === 'IPv4' ? 'iptables' : 'ip6tables';
}

async function versionOf(run: CommandRunner, name: string): Promise<IptablesVersion | undefined> {
  try {
    const { exitCode, stdout } = await run({ file: name, parameters: ['--version'] });
    return exitCode === 0 ? parseIptablesVersion(stdout) : undefined;
  } catch (error) {
    if (error instanceof CommandError && error.code === 'COMMAND_NOT_FOUND') return undefined;
    throw error;
  }
}
