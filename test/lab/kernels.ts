import { spawnSync } from 'node:child_process';
import { accessSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackendName, LabOptions } from './options.ts';

/** User-mode Linux: the kernel is an ordinary process. */
export interface UmlKernel {
  readonly backend: 'uml';
  readonly file: string;
  readonly release: string;
  /** Holds a directory named as the release. */
  readonly moduleDirectory: string;
  readonly description: string;
  readonly hasNftables: boolean;
  /** Everything is built in: no modules to load. */
  readonly isBuiltIn: boolean;
  /** Only the lab's own kernel can skip idle time. */
  readonly hasTimeTravel: boolean;
}

/** The kernel of this machine, in namespaces of its own. */
export interface HostKernel {
  readonly backend: 'host';
}

/** Why a backend cannot be used, with what to do about it. */
export interface Unusable {
  readonly problem: string;
}

export type Kernel = UmlKernel | HostKernel;

type KernelRequest = Pick<LabOptions, 'backend' | 'kernel' | 'moduleDirectory' | 'timeTravel' | 'verb'>;

/** Directory with kernels and modules that were built for the lab. */
function labCacheDirectory(): string {
  return process.env.KERNEL_LAB_CACHE || join(import.meta.dirname, '../../.cache/kernel-lab');
}

/** The kernel to run on, or what is wrong with each one. */
export function chooseKernel(request: KernelRequest): Kernel | Unusable {
  const order: readonly BackendName[] =
    request.backend !== 'auto' ? [request.backend] : request.timeTravel ? ['uml'] : ['host', 'uml'];
  const problems: string[] = [];
  for (const backend of order) {
    const found = backend === 'host' ? findHostKernel() : findUmlKernel(request);
    if (!('problem' in found)) {
      return found;
    }
    problems.push(`${backend}: ${found.problem}`);
  }
  return { problem: problems.join('\n  ') };
}

export function findUmlKernel(request: Pick<KernelRequest, 'kernel' | 'moduleDirectory'>): UmlKernel | Unusable {
  const own = join(labCacheDirectory(), 'linux');
  const file = request.kernel ?? (exists(own) ? own : '/usr/bin/linux.uml');
  if (!exists(file)) {
    return { problem: `${file} is missing: apt-get install -y --no-install-recommends user-mode-linux` };
  }
  const release = spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout?.trim();
  if (!release) {
    return { problem: `${file} does not run on this machine` };
  }
  const candidates = [request.moduleDirectory, join(labCacheDirectory(), 'modules'), '/usr/lib/uml/modules'];
  const directories = candidates.filter((directory) => directory !== undefined);
  const moduleDirectory = directories.find((directory) => exists(join(directory, release)));
  if (moduleDirectory === undefined) {
    return { problem: `no modules for kernel ${release} (looked in ${directories.join(', ')})` };
  }
  return describeUmlKernel(file, release, moduleDirectory);
}

function describeUmlKernel(file: string, release: string, moduleDirectory: string): UmlKernel {
  const modules = join(moduleDirectory, release);
  const isBuiltIn = readFileSync(join(modules, 'modules.builtin'), 'utf8').includes('/ip_vs.ko');
  const hasNftables = isBuiltIn || exists(join(modules, 'updates', 'nft_nat.ko'));
  const description = isBuiltIn
    ? "the lab's own kernel, with time travel"
    : hasNftables
      ? "Debian's kernel with modules for nftables"
      : "Debian's kernel, without nftables: run test/lab/kernel/build.sh modules";
  return {
    backend: 'uml',
    file,
    release,
    moduleDirectory,
    description,
    hasNftables,
    isBuiltIn,
    hasTimeTravel: isBuiltIn,
  };
}

export function findHostKernel(): HostKernel | Unusable {
  if (process.getuid?.() !== 0) {
    return { problem: "not root, so the host's own kernel cannot be used" };
  }
  if (!exists('/proc/net/ip_vs')) {
    spawnSync('modprobe', ['-q', 'ip_vs'], { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });
  }
  return exists('/proc/net/ip_vs') ? { backend: 'host' } : { problem: "the host's kernel has no ip_vs" };
}

/** Programs that every backend needs and that are not here. */
export function missingTools(): readonly string[] {
  const tools = [
    'bash',
    'chroot',
    'insmod',
    'ip',
    'modprobe',
    'mount',
    'pivot_root',
    'setsid',
    'stty',
    'taskset',
    'unshare',
  ];
  return tools.filter((tool) => !isInstalled(tool));
}

/** Whether a system program is installed, whatever PATH says. */
export function isInstalled(tool: string): boolean {
  return ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((directory) => exists(join(directory, tool)));
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
