import { existsSync } from 'node:fs';
import { release } from 'node:os';
import type { LoadedSettings } from '../../config/effective-config.ts';
import type { IptablesRulesDriver } from '../../kernel/rules/driver.ts';
import type { IpFamily } from '../../model/ip.ts';
import { vitalModules } from '../../model/kernel-modules.ts';
import type { Kernel } from './open-kernel.ts';

export interface InventoryInputs {
  readonly settings: LoadedSettings;
  readonly kernel: Pick<Kernel, 'addon'>;
  readonly rules: Pick<IptablesRulesDriver, 'flavour'>;
  readonly families: readonly IpFamily[];
  /** Where the sys file system is mounted; `/sys` by default. */
  readonly sysDirectory?: string;
}

/** Kernel modules that Services need or use. Those built into the kernel show only when they have parameters. */
const modules = [...vitalModules, 'xt_ipvs', 'br_netfilter', 'nf_tables'];

/** What was found on this node, for the log line of the start. */
export async function inventory(inputs: InventoryInputs): Promise<Readonly<Record<string, string>>> {
  const { settings, kernel, rules, families, sysDirectory = '/sys' } = inputs;
  return {
    kernel: release(),
    modules: modules.filter((name) => existsSync(`${sysDirectory}/module/${name}`)).join(','),
    families: families.join(','),
    iptables: await rules.flavour(),
    netlink: kernel.addon === undefined ? 'package' : 'addon',
    objects: settings.manifests.length > 0 ? 'manifests' : 'API server',
    scheduler: settings.config.ipvs.scheduler,
    localDetection: settings.config.localDetection.mode,
  };
}
