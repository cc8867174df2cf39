import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Whether the kernel has a module: `unknown` where nothing on this machine says so. */
export type ModuleState = 'loaded' | 'builtIn' | 'available' | 'missing' | 'unknown';

export interface KernelModulesOptions {
  /** Where proc, sys and lib are; `/` by default. */
  readonly root?: string;
  /** Release of the kernel, as the directory of its modules is named. */
  readonly release?: string;
}

/** Symbols of the kernel's configuration whose names do not follow from those of their modules. Read at 6.12. */
const symbols: Readonly<Record<string, string>> = {
  xt_set: 'NETFILTER_XT_SET',
  xt_mark: 'NETFILTER_XT_MARK',
  xt_MASQUERADE: 'NETFILTER_XT_TARGET_MASQUERADE',
  ipt_REJECT: 'IP_NF_TARGET_REJECT',
  ip6t_REJECT: 'IP6_NF_TARGET_REJECT',
  br_netfilter: 'BRIDGE_NETFILTER',
  nf_conntrack_netlink: 'NF_CT_NETLINK',
};

/**
 * What the kernel can load, found out without loading anything: from /sys/module, /proc/modules, the lists of the
 * modules' directory, and the configuration where the kernel shows it.
 */
export class KernelModules {
  readonly #root: string;
  readonly #directory: string;
  readonly #texts = new Map<string, string | undefined>();

  constructor(options: KernelModulesOptions = {}) {
    this.#root = options.root ?? '/';
    this.#directory = `lib/modules/${options.release ?? release()}`;
  }

  state(name: string): ModuleState {
    if (existsSync(join(this.#root, 'sys/module', name)) || this.#isLoaded(name)) return 'loaded';
    if (lists(this.#text(`${this.#directory}/modules.builtin`), name)) return 'builtIn';
    const dependencies = this.#text(`${this.#directory}/modules.dep`);
    if (lists(dependencies, name)) return 'available';
    const configured = this.#configured(name);
    if (configured === 'y') return 'builtIn';
    if (dependencies !== undefined || configured === 'n') return 'missing';
    return 'unknown';
  }

  #isLoaded(name: string): boolean {
    return new RegExp(`^${name} `, 'm').test(this.#text('proc/modules') ?? '');
  }

  /** `m` says little where the directory of the modules is not to be seen. */
  #configured(name: string): 'y' | 'm' | 'n' | undefined {
    const text = this.#text('proc/config.gz');
    if (text === undefined) return undefined;
    const names =
      symbols[name] ?? `(?:${name.toUpperCase()}|${name.toUpperCase().replace('XT_', 'NETFILTER_XT_MATCH_')})`;
    const value = new RegExp(`^CONFIG_${names}=([ym])$`, 'm').exec(text)?.[1];
    return value === 'y' || value === 'm' ? value : 'n';
  }

  #text(path: string): string | undefined {
    if (!this.#texts.has(path)) this.#texts.set(path, readText(join(this.#root, path)));
    return this.#texts.get(path);
  }
}

function readText(path: string): string | undefined {
  try {
    const bytes = readFileSync(path);
    return path.endsWith('.gz') ? gunzipSync(bytes).toString('latin1') : bytes.toString('utf8');
  } catch {
    return undefined; // what cannot be read says nothing
  }
}

/** Modules are files of their name, with `-` for some `_`, compressed or not. */
function lists(text: string | undefined, name: string): boolean {
  return (
    text !== undefined && new RegExp(`^\\S*/${name.replaceAll('_', '[_-]')}\\.ko(?:\\.\\w+)?(?::|$)`, 'm').test(text)
  );
}
