import type { IpFamily } from '../../model/ip.ts';
import type { CommandResult, CommandRunner } from './run-command.ts';
import {
  type IptablesFlavour,
  type IptablesVersion,
  isUsableVersion,
  parseIptablesVersion,
} from './iptables-version.ts';
import { CommandError } from './run-command.ts';

const versionParameter = '--version';

/** The programs of one family and flavour. */
export interface Iptables {
  readonly family: IpFamily;
  readonly flavour: IptablesFlavour;
  readonly save: string;
  readonly restore: string;
}

/**
 * A runner that asks each program for its version only once: what is installed does not change under a process. A
 * program that did not come to its end is asked again.
 */
export function rememberVersions(run: CommandRunner): CommandRunner {
  const known = new Map<string, Promise<CommandResult>>();
  return (command) => {
    if (command.parameters[0] !== versionParameter) return run(command);
    const result = known.get(command.file) ?? run(command);
    known.set(command.file, result);
    result.catch((error: unknown) => {
      if (!isNotInstalled(error)) known.delete(command.file);
    });
    return result;
  };
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
      return programsOf(name, family, flavour);
    }
  }
  return undefined;
}

/** The programs named after the flavour, whether or not they are installed. */
export function iptablesNamed(family: IpFamily, flavour: IptablesFlavour): Iptables {
  return programsOf(`${plainName(family)}-${flavour}`, family, flavour);
}

/** The flavour of the plain program of a family: the system's choice. Undefined when it is not installed. */
export async function systemFlavour(run: CommandRunner, family: IpFamily): Promise<IptablesFlavour | undefined> {
  return (await versionOf(run, plainName(family)))?.flavour;
}

function programsOf(name: string, family: IpFamily, flavour: IptablesFlavour): Iptables {
  return { family, flavour, save: `${name}-save`, restore: `${name}-restore` };
}

function plainName(family: IpFamily): string {
  return family === 'IPv4' ? 'iptables' : 'ip6tables';
}

async function versionOf(run: CommandRunner, name: string): Promise<IptablesVersion | undefined> {
  try {
    const { exitCode, stdout } = await run({ file: name, parameters: [versionParameter] });
    return exitCode === 0 ? parseIptablesVersion(stdout) : undefined;
  } catch (error) {
    if (isNotInstalled(error)) return undefined;
    throw error;
  }
}

function isNotInstalled(error: unknown): boolean {
  return error instanceof CommandError && error.code === 'COMMAND_NOT_FOUND';
}
