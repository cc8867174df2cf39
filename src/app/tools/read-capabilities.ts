import type { KernelModules } from '../../kernel/kernel-modules.ts';
import type { SavedRules } from '../../kernel/rules/parse-save.ts';
import { probesAnswered } from '../../kernel/rules/probe-extensions.ts';
import { type RuleCapabilities, type RuleExtension, ruleExtensions } from '../../model/rule-set.ts';
import type { IpFamily } from '../../model/ip.ts';

/** Modules that have an extension, any of them. */
const modules: Readonly<Record<RuleExtension, (family: IpFamily) => readonly string[]>> = {
  comment: () => ['xt_comment'],
  mark: () => ['xt_mark'],
  addrtype: () => ['xt_addrtype'],
  conntrack: () => ['xt_conntrack'],
  set: () => ['xt_set'],
  physdev: () => ['xt_physdev'],
  ipvs: () => ['xt_ipvs'],
  MARK: () => ['xt_mark'],
  MASQUERADE: () => ['xt_MASQUERADE'],
  REJECT: (family) => (family === 'IPv4' ? ['ipt_REJECT'] : ['ip6t_REJECT']),
};

/** The modules that have an extension, any of them. */
export function modulesOfExtension(extension: RuleExtension, family: IpFamily): readonly string[] {
  return modules[extension](family);
}

/**
 * What the packet filter can do, as far as reading tells: extensions that rules in place use are there, and those are
 * missing whose module the kernel does not have. The daemon finds it out by writing a rule.
 */
export function readCapabilities(
  saved: SavedRules | undefined,
  family: IpFamily,
  kernelModules: Pick<KernelModules, 'state'>,
): RuleCapabilities {
  const used = saved === undefined ? new Set<string>() : probesAnswered(saved);
  const isMissing = (extension: RuleExtension) =>
    !used.has(extension) && modules[extension](family).every((name) => kernelModules.state(name) === 'missing');
  const written = saved?.tables.get('nat')?.get('KUBE-POSTROUTING')?.rules ?? [];
  const masquerades = written.filter((rule) => rule.includes('-j MASQUERADE'));
  return {
    randomFully: used.has('random-fully') || masquerades.length === 0,
    missing: new Set(ruleExtensions.filter(isMissing)),
  };
}
