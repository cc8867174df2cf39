import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LabError } from './lab-error.ts';

export type BackendName = 'uml' | 'host';
type Verb = 'run' | 'shell' | 'doctor';

/** What the command line and `KERNEL_LAB` ask for. */
export interface LabOptions {
  readonly verb: Verb;
  readonly backend: BackendName | 'auto';
  /** Memory of the guest; taken from the host only as the guest uses it. */
  readonly memoryMib: number;
  /** The command is ended after this time; 0 for never. */
  readonly timeoutSeconds: number;
  /** Without a heartbeat of the guest for this long it counts as hung; 0 for never. */
  readonly hangSeconds: number;
  /** Host directories that the command may write, absolute. */
  readonly writableDirectories: readonly string[];
  readonly hostName: string;
  /** The host's processor that the guest keeps to; `auto`: one with the fewest guests; `any`: it may move. */
  readonly processor: number | 'auto' | 'any';
  /** Which iptables plain `iptables` is; undefined for nft where the kernel has it. */
  readonly iptables: 'legacy' | 'nft' | undefined;
  /** Modules to load first; undefined for the usual ones. */
  readonly modules: string | undefined;
  readonly kernel: string | undefined;
  readonly moduleDirectory: string | undefined;
  /** Where the file with the guest's memory goes; undefined for the first place that fits. */
  readonly memoryDirectory: string | undefined;
  /** Where to keep the kernel's log; undefined for nowhere. */
  readonly kernelLogFile: string | undefined;
  readonly kernelArguments: readonly string[];
  readonly handOverStdin: boolean;
  readonly timeTravel: boolean;
  readonly keepTmp: boolean;
  readonly verbose: boolean;
  readonly command: readonly string[];
}

const usage = `usage: lab.ts run [options] -- COMMAND [ARGUMENT...]
       lab.ts shell [options] [-- COMMAND [ARGUMENT...]]
       lab.ts doctor
options: --timeout SECONDS  --rw DIRECTORY (repeatable)  --stdin  --mem 2G  --backend auto|uml|host
         --cpu auto|any|NUMBER  --iptables legacy|nft  --modules "NAME..."  --hostname NAME  --hang SECONDS  --tmpdir DIRECTORY
         --keep-tmp  --time-travel  --klog FILE  --append KERNEL_ARGUMENT  --kernel FILE  --moddir DIRECTORY  --verbose`;

const optionTable = {
  append: { type: 'string', multiple: true },
  backend: { type: 'string' },
  cpu: { type: 'string', default: 'auto' },
  hang: { type: 'string', default: '60' },
  hostname: { type: 'string', default: 'lab' },
  iptables: { type: 'string' },
  'keep-tmp': { type: 'boolean', default: false },
  kernel: { type: 'string' },
  klog: { type: 'string' },
  mem: { type: 'string', default: '2G' },
  moddir: { type: 'string' },
  modules: { type: 'string' },
  rw: { type: 'string', multiple: true },
  stdin: { type: 'boolean', default: false },
  'time-travel': { type: 'boolean', default: false },
  timeout: { type: 'string', default: '0' },
  tmpdir: { type: 'string' },
  verbose: { type: 'boolean', default: false },
} as const;

/** Reads the arguments after the program's name. Throws `LabError` for what it does not know. */
export function parseLabOptions(args: readonly string[], environment: NodeJS.ProcessEnv): LabOptions {
  const end = args.indexOf('--');
  const own = end < 0 ? args.slice(1) : args.slice(1, end);
  const command = end < 0 ? [] : args.slice(end + 1);
  const verb = oneOf('command', args[0] ?? '', ['run', 'shell', 'doctor'] as const);
  const values = parse(own);
  if (verb === 'run' && command.length === 0) {
    throw new LabError(`no command to run\n${usage}`);
  }
  return {
    verb,
    backend: oneOf('backend', values.backend ?? (environment.KERNEL_LAB || 'auto'), ['auto', 'uml', 'host'] as const),
    memoryMib: mebibytes(values.mem),
    timeoutSeconds: seconds('timeout', values.timeout),
    hangSeconds: seconds('hang', values.hang),
    writableDirectories: (values.rw ?? []).map(writableDirectory),
    hostName: values.hostname,
    processor: processor(values.cpu),
    iptables:
      values.iptables === undefined ? undefined : oneOf('iptables', values.iptables, ['legacy', 'nft'] as const),
    modules: values.modules,
    kernel: values.kernel,
    moduleDirectory: values.moddir,
    memoryDirectory: values.tmpdir,
    kernelLogFile: values.klog,
    kernelArguments: values.append ?? [],
    handOverStdin: values.stdin,
    timeTravel: values['time-travel'],
    keepTmp: values['keep-tmp'],
    verbose: values.verbose,
    command: verb === 'shell' && command.length === 0 ? [environment.SHELL || '/bin/bash'] : command,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: optionTable, allowPositionals: false }).values;
  } catch (error) {
    throw new LabError(`${error instanceof Error ? error.message : String(error)} (is "--" missing?)\n${usage}`);
  }
}

function oneOf<const T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) {
    throw new LabError(`${name} "${value}": expected one of ${allowed.join(', ')}\n${usage}`);
  }
  return found;
}

function seconds(name: string, value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number) || number < 0) {
    throw new LabError(`--${name} "${value}": expected a number of seconds, 0 or more`);
  }
  return number;
}

function processor(value: string): number | 'auto' | 'any' {
  if (value === 'auto' || value === 'any') return value;
  if (/^\d+$/.test(value)) return Number(value);
  throw new LabError(`--cpu "${value}": expected auto, any, or the number of a processor`);
}

function mebibytes(value: string): number {
  const match = /^(\d+)([MG])?$/i.exec(value);
  if (!match) {
    throw new LabError(`--mem "${value}": expected a size such as 512M or 2G`);
  }
  return Number(match[1]) * (match[2]?.toUpperCase() === 'G' ? 1024 : 1);
}

function writableDirectory(value: string): string {
  const directory = resolve(value);
  if (directory.includes(',')) {
    throw new LabError(`--rw "${directory}": a comma cannot be part of the name`);
  }
  return directory;
}
