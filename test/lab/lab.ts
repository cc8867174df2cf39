#!/usr/bin/env node
// The kernel lab: runs a command in a clean, throw-away world on a real kernel with IPVS, and returns its output and
// exit code. See README.md beside this file.
import { spawnSync } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { doctor } from './doctor.ts';
import { GuestSession } from './guest-session.ts';
import { chooseKernel, type Kernel, missingTools } from './kernels.ts';
import { LabError, labExitCodes, say } from './lab-error.ts';
import { type LabOptions, parseLabOptions } from './options.ts';
import { createRunDirectory, removeRunDirectory } from './run-directory.ts';
import { startGuest } from './start-guest.ts';

async function main(): Promise<number> {
  const options = parseLabOptions(process.argv.slice(2), process.env);
  if (options.verb === 'doctor') {
    return doctor(options);
  }
  const missing = missingTools();
  if (missing.length > 0) {
    throw new LabError(`missing tools: ${missing.join(' ')} (packages iproute2 kmod util-linux coreutils)`);
  }
  const kernel = chooseKernel(options);
  if ('problem' in kernel) {
    throw new LabError(`no usable kernel:\n  ${kernel.problem}`);
  }
  if (options.timeTravel && !(kernel.backend === 'uml' && kernel.hasTimeTravel)) {
    throw new LabError("--time-travel needs the lab's own kernel: make lab-kernel");
  }
  return kernel.backend === 'host' && options.verb === 'shell' ? shellOnHost(options, kernel) : run(options, kernel);
}

async function run(options: LabOptions, kernel: Kernel): Promise<number> {
  const stdin = options.handOverStdin ? await buffer(process.stdin) : undefined;
  const runDirectory = createRunDirectory(options, kernel, stdin);
  process.on('exit', () => removeRunDirectory(runDirectory));
  const guest = startGuest(kernel, options, runDirectory);
  process.on('exit', () => guest.group.kill());
  const exitCode = await new GuestSession({ guest, options }).watch();
  if (options.verb === 'shell') {
    spawnSync('stty', ['sane'], { stdio: 'inherit' });
  }
  return exitCode;
}

/** The terminal is handed on as it is, so that job control works. */
function shellOnHost(options: LabOptions, kernel: Kernel): number {
  const runDirectory = createRunDirectory(options, kernel, undefined);
  process.on('exit', () => removeRunDirectory(runDirectory));
  const namespaces = ['--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];
  const { status } = spawnSync('unshare', [...namespaces, '/bin/bash', `${runDirectory}/world.sh`], {
    stdio: 'inherit',
    env: { PATH: process.env.PATH, LABDIR: runDirectory, LAB_BACKEND: 'host' },
  });
  return status ?? labExitCodes.labFailed;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(
    error instanceof LabError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error),
  );
  process.exitCode = labExitCodes.labFailed;
}
