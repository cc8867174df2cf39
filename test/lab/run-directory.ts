import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kernel } from './kernels.ts';
import { say } from './lab-error.ts';
import type { LabOptions } from './options.ts';

const guestScripts = ['uml-init.sh', 'world.sh'];
/** Of the launcher's environment: they name things that the guest does not have. */
const droppedVariables = ['TMPDIR', 'XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS'];
/** Below this many open files, hostfs may run out of them. */
const fewOpenFiles = 4096;

/**
 * Makes the directory through which launcher and guest talk before there is a channel: guest scripts, settings,
 * arguments, environment, standard input. The name is short, because socket paths end at 107 bytes.
 */
export function createRunDirectory(options: LabOptions, kernel: Kernel, stdin: Buffer | undefined): string {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'lab-'));
  for (const script of guestScripts) {
    copyFileSync(join(import.meta.dirname, 'guest', script), join(directory, script));
    chmodSync(join(directory, script), 0o755);
  }
  for (const writable of options.writableDirectories) {
    mkdirSync(writable, { recursive: true });
  }
  writeFileSync(join(directory, 'argv'), nulTerminated(options.command));
  writeFileSync(join(directory, 'env'), nulTerminated(guestEnvironment(kernel)));
  writeFileSync(join(directory, 'conf'), settings(options, kernel));
  if (stdin !== undefined) {
    writeFileSync(join(directory, 'stdin'), stdin);
  }
  return directory;
}

export function removeRunDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

function guestEnvironment(kernel: Kernel): string[] {
  const variables: NodeJS.ProcessEnv = { ...process.env, LAB: kernel.backend };
  for (const name of droppedVariables) {
    delete variables[name];
  }
  if (process.stdout.isTTY && !variables.NO_COLOR) {
    variables.FORCE_COLOR ??= '1';
  }
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}

/** The shell assignments that `world.sh` reads. */
function settings(options: LabOptions, kernel: Kernel): string {
  const workingDirectory = realpathSync(process.cwd());
  const isUml = kernel.backend === 'uml';
  const values = {
    LAB_CWD: workingDirectory,
    LAB_HOSTNAME: options.hostName,
    // ipv6 and ip_vs first, so that their settings exist; all else loads itself on first use
    LAB_MODULES: options.modules ?? (isUml && kernel.isBuiltIn ? '' : 'ipv6 ip_vs'),
    LAB_MODDIR: isUml ? kernel.moduleDirectory : '',
    LAB_IPTABLES: options.iptables ?? (isUml && !kernel.hasNftables ? 'legacy' : 'nft'),
    LAB_TMPFS_TMP: !options.keepTmp && !isBelow(workingDirectory, '/tmp') ? 1 : 0,
    LAB_SHELL: options.verb === 'shell' ? 1 : 0,
    LAB_BEAT: options.timeTravel ? 30 : 0.25,
    LAB_MAXFILES: openFilesLimit(),
    LAB_ROWS: process.stdout.rows ?? 24,
    LAB_COLUMNS: process.stdout.columns ?? 80,
  };
  const lines = Object.entries(values).map(([name, value]) => `${name}=${shellQuote(String(value))}`);
  return `${lines.join('\n')}\nLAB_RW=(${options.writableDirectories.map(shellQuote).join(' ')})\n`;
}

function openFilesLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const hard = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? 2 ** 20);
  if (hard < fewOpenFiles) {
    say(`the hard limit of open files is ${hard}: commands that read many files may fail (ulimit -Hn 65536)`);
  }
  return Math.min(2 ** 20, hard);
}

function isBelow(path: string, directory: string): boolean {
  return `${path}/`.startsWith(`${directory}/`);
}

function nulTerminated(texts: readonly string[]): string {
  return texts.map((text) => `${text}\0`).join('');
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
