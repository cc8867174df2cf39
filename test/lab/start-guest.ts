import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { chooseProcessor } from './choose-processor.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';
import type { Kernel, UmlKernel } from './kernels.ts';
import { LabError } from './lab-error.ts';
import { chooseMemoryDirectory } from './memory-directory.ts';
import type { LabOptions } from './options.ts';

/** A started guest. */
export interface Guest {
  readonly group: GuardedProcess;
  /** Lines both ways; see `guest/world.sh`. */
  readonly control: Duplex;
  readonly stdout: Readable | undefined;
  readonly stderr: Readable | undefined;
  /** What the kernel says. */
  readonly logs: readonly Readable[];
}

const systemPath = '/usr/sbin:/usr/bin:/sbin:/bin';
/** Drivers that are built in would fill the world with devices. */
const quietDevices = ['dummy.numdummies=0', 'ifb.numifbs=0', 'fb_tunnels=none'];

/** Starts the guest on the kernel; the world in it then finishes itself from the run directory. */
export function startGuest(kernel: Kernel, options: LabOptions, runDirectory: string): Guest {
  return kernel.backend === 'uml' ? startUml(kernel, options, runDirectory) : startOnHost(runDirectory);
}

function startUml(kernel: UmlKernel, options: LabOptions, runDirectory: string): Guest {
  const terminal = options.verb === 'shell' ? 'inherit' : undefined;
  const [file, ...args] = [...binding(options), kernel.file, ...umlArguments(options, runDirectory)];
  const group = startGuarded(file as string, args, runDirectory, {
    stdio: [terminal ?? 'ignore', terminal ?? 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    env: {
      PATH: systemPath,
      HOME: runDirectory,
      TMPDIR: chooseMemoryDirectory(options.memoryMib, options.memoryDirectory),
    },
  });
  const [, stdout, stderr, log, control, commandStdout, commandStderr] = pipesOf(group);
  return {
    group,
    control: needed(control),
    stdout: commandStdout ?? undefined,
    stderr: commandStderr ?? undefined,
    logs: [stdout, stderr, log].filter((stream) => stream !== null && stream !== undefined),
  };
}

/** The program, with arguments, that keeps what it starts on one processor. */
function binding({ processor }: LabOptions): readonly string[] {
  const chosen = processor === 'auto' ? chooseProcessor() : processor;
  return chosen === undefined || chosen === 'any' ? [] : ['taskset', '-c', String(chosen)];
}

/** Descriptors: 3 kernel log, 4 control channel, 5 and 6 the command's output. */
function umlArguments(options: LabOptions, runDirectory: string): string[] {
  const memory = `mem=${options.memoryMib}M`;
  const root = ['root=none', 'rootfstype=hostfs', 'rootflags=/', 'ro'];
  const init = [`init=${join(runDirectory, 'uml-init.sh')}`, `LABDIR=${runDirectory}`, 'noreboot'];
  const lines = ['con=null', 'con0=null,fd:3', 'ssl=null', 'ssl0=fd:4,fd:4', 'ssl1=null,fd:5', 'ssl2=null,fd:6'];
  return [
    memory,
    `uml_dir=${runDirectory}/`,
    'umid=u',
    ...root,
    ...init,
    options.verbose ? 'loglevel=7' : 'loglevel=5',
    ...lines,
    ...(options.verb === 'shell' ? ['con1=fd:0,fd:1'] : []),
    ...(options.timeTravel ? ['time-travel'] : []),
    ...quietDevices,
    ...options.kernelArguments,
  ];
}

/** Namespaces of the host's kernel. Descriptor 3 is the control channel. */
function startOnHost(runDirectory: string): Guest {
  const namespaces = ['--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];
  const args = [...namespaces, '/bin/bash', join(runDirectory, 'world.sh')];
  const group = startGuarded('unshare', args, runDirectory, {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { PATH: systemPath, LABDIR: runDirectory, LAB_BACKEND: 'host' },
  });
  const [, stdout, stderr, control] = pipesOf(group);
  return { group, control: needed(control), stdout: stdout ?? undefined, stderr: stderr ?? undefined, logs: [] };
}

/** The streams by descriptor. Each is a socket and goes both ways, which the type of `stdio` does not say. */
function pipesOf(group: GuardedProcess): readonly (Duplex | null | undefined)[] {
  return group.process.stdio as unknown as readonly (Duplex | null | undefined)[];
}

function needed(stream: Duplex | null | undefined): Duplex {
  if (!stream) {
    throw new LabError(`the guest did not start: ${systemPath} has no such program, or it may not be executed`);
  }
  return stream;
}
