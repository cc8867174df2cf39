import type { IpAddress, IpFamily } from '../../src/model/ip.ts';
import type { RuleCapabilities } from '../../src/model/rule-set.ts';
import type { RulePlanInput } from '../../src/plan/rules-parts.ts';
import { setRoles } from '../../src/plan/ip-sets.ts';

const everything: RuleCapabilities = { randomFully: true, missing: new Set() };

/** An input that makes every rule appear, with the CIDR form of local detection; parts can be overridden. */
export function fullInput(family: IpFamily, overrides: Partial<RulePlanInput> = {}): RulePlanInput {
  const addresses = family === 'IPv4' ? ['198.51.100.9', '198.51.100.10'] : ['2001:db8::9', '2001:db8::10'];
  return {
    family,
    masqueradeBit: 14,
    masqueradeAll: false,
    notLocalMatch: family === 'IPv4' ? '! -s 10.244.0.0/16' : '! -s fd00:10:244::/56',
    nonEmptySets: new Set(setRoles),
    outputFilters: [
      { address: addresses[0] as IpAddress, protocol: 'TCP', port: 80 },
      { address: addresses[0] as IpAddress, protocol: 'UDP', port: 53 },
      { address: addresses[1] as IpAddress, protocol: 'SCTP', port: 9 },
    ],
    capabilities: everything,
    missingSets: new Set(),
    ...overrides,
  };
}

/** An input without any Service. */
export function emptyInput(family: IpFamily): RulePlanInput {
  return fullInput(family, { nonEmptySets: new Set(), outputFilters: [] });
}
