import type { ProxyConfig } from '../config/config.ts';
import type { IptablesRulesDriver } from '../kernel/rules/driver.ts';
import type { Cidr, IpFamily } from '../model/ip.ts';
import type { RuleCapabilities, RuleSet } from '../model/rule-set.ts';
import type { Log } from '../observe/log.ts';
import { ipSetFor } from '../plan/ip-sets.ts';
import { planRules } from '../plan/plan-rules.ts';
import { detectLocal } from '../plan/rules-local-detector.ts';
import type { RuleInputs } from '../reconcile/rules-keeper.ts';

export interface RulePlannerOptions {
  readonly config: Pick<ProxyConfig, 'masqueradeBit' | 'masqueradeAll' | 'localDetection'>;
  readonly driver: IptablesRulesDriver;
  /** Pod networks of this node, as last known. */
  readonly podCidrs: () => readonly Cidr[];
  readonly log: Log;
}

/** Plans the rules with what this node's packet filter can do, which is found out once per family. */
export function rulePlanner(options: RulePlannerOptions): (inputs: RuleInputs) => Promise<RuleSet> {
  const known = new Map<IpFamily, RuleCapabilities>();
  return async ({ family, filledRoles, outputFilters }) => {
    const capabilities = known.get(family) ?? (await probe(options, family));
    known.set(family, capabilities);
    const { notes: _reported, ...rules } = planRules({
      family,
      masqueradeBit: options.config.masqueradeBit,
      masqueradeAll: options.config.masqueradeAll,
      notLocalMatch: detectLocal(options.config.localDetection, family, options.podCidrs()),
      nonEmptySets: filledRoles,
      outputFilters,
      capabilities,
    });
    return rules;
  };
}

async function probe({ driver, log }: RulePlannerOptions, family: IpFamily): Promise<RuleCapabilities> {
  const capabilities = await driver.capabilities(family, ipSetFor('clusterIp', family).name);
  if (capabilities.missing.size > 0) {
    const missing = [...capabilities.missing].join(', ');
    log.warning('The packet filter lacks extensions: rules that need them are left out', { family, missing });
  }
  return capabilities;
}
