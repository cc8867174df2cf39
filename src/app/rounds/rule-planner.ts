import type { ProxierSettings, ProxyConfig } from '../../config/config.ts';
import type { IptablesRulesDriver } from '../../kernel/rules/driver.ts';
import type { Cidr, IpFamily } from '../../model/ip.ts';
import type { RuleCapabilities, RuleExtension, RuleSet } from '../../model/rule-set.ts';
import type { Log } from '../../observe/log.ts';
import { ipSetFor, setComment, setRoles } from '../../plan/ip-sets.ts';
import { neededExtensions, planRules, type RuleNote } from '../../plan/plan-rules.ts';
import type { RulePlanInput } from '../../plan/rules-parts.ts';
import { detectLocal } from '../../plan/rules-local-detector.ts';
import type { RuleInputs } from '../../reconcile/rules-keeper.ts';

export interface RulePlannerOptions {
  readonly config: Pick<ProxyConfig, 'masqueradeBit' | 'masqueradeAll' | 'localDetection'> & {
    readonly proxier: Pick<ProxierSettings, 'masqueradePorts' | 'answerPing'>;
  };
  readonly driver: Pick<IptablesRulesDriver, 'capabilities'>;
  /** Pod networks of this node, as last known. */
  readonly podCidrs: () => readonly Cidr[];
  readonly log: Log;
  /** Told of what does not work for want of an extension, once each. */
  readonly onLeftOut?: (family: IpFamily, missing: string, lost: string) => void;
}

/** What is known of the packet filter of a family. */
interface Known extends RuleCapabilities {
  /** Extensions that were asked for. */
  readonly asked: ReadonlySet<RuleExtension>;
}

const nothingKnown: Known = { asked: new Set(), randomFully: true, missing: new Set() };

/**
 * Plans the rules with what this node's packet filter can do. That is found out for what the rules need, once per family
 * and extension: where such rules are in place, without a write.
 */
export function rulePlanner(options: RulePlannerOptions): (inputs: RuleInputs) => Promise<RuleSet> {
  const known = new Map<IpFamily, Known>();
  const reported = new Set<string>();
  return async ({ family, filledRoles, missingRoles, outputFilters }) => {
    const input = {
      family,
      masqueradeBit: options.config.masqueradeBit,
      masqueradeAll: options.config.masqueradeAll,
      masqueradePorts: options.config.proxier.masqueradePorts,
      answerPing: options.config.proxier.answerPing ?? false,
      notLocalMatch: detectLocal(options.config.localDetection, family, options.podCidrs()),
      nonEmptySets: filledRoles,
      outputFilters,
      capabilities: known.get(family) ?? nothingKnown,
      missingSets: missingRoles,
    };
    const capabilities = await learn(options, input, known.get(family) ?? nothingKnown);
    known.set(family, capabilities);
    const { notes, ...rules } = planRules({ ...input, capabilities });
    for (const note of notes) report(note, family, reported, options);
    return rules;
  };
}

/** Asks for what the rules need and is not known yet. The match on sets can be probed with any set that is there. */
async function learn({ driver }: RulePlannerOptions, input: RulePlanInput, known: Known): Promise<Known> {
  const { family, missingSets } = input;
  const open = new Set([...neededExtensions(input)].filter((extension) => !known.asked.has(extension)));
  if (open.size === 0) return known;
  const role = setRoles.find((candidate) => !missingSets.has(candidate)) ?? 'clusterIp';
  const { randomFully, missing } = await driver.capabilities(family, ipSetFor(role, family).name, open);
  return {
    asked: new Set([...known.asked, ...open]),
    randomFully: open.has('MASQUERADE') ? randomFully : known.randomFully,
    missing: new Set([...known.missing, ...[...missing].filter((extension) => open.has(extension))]),
  };
}

/** What does not work without an extension; without a set, what the set is for. */
const lostWithout: Readonly<Record<RuleExtension, string>> = {
  comment: 'nothing: the rules stand without their comments',
  mark: 'masquerading of Service traffic: clients outside of the pod network may get no answer',
  MARK: 'masquerading of Service traffic: clients outside of the pod network may get no answer',
  MASQUERADE: 'masquerading of Service traffic: clients outside of the pod network may get no answer',
  set: 'masquerading, source ranges, and the protection of host ports on Service addresses',
  addrtype: 'masquerading of node ports, and the precedence of Services over host ports',
  conntrack: 'the acceptance of answers where FORWARD drops, and the protection of host ports on Service addresses',
  physdev: 'the precedence of external IPs over host ports, for traffic from outside',
  ipvs: 'the refusal of processes of this node that loadBalancerSourceRanges leave out',
  REJECT: 'the protection of host ports: programs of the node can be reached through Service addresses',
};

/** Each set of rules left out is told once, with what does not work for it. */
function report(
  { missing, rulesLeftOut }: RuleNote,
  family: IpFamily,
  reported: Set<string>,
  { log, onLeftOut }: RulePlannerOptions,
): void {
  const text = `${family} ${missing} ${rulesLeftOut.join('\n')}`;
  if (rulesLeftOut.length === 0 || reported.has(text)) return;
  reported.add(text);
  const lost = isExtension(missing) ? lostWithout[missing] : setComment(missing);
  if (isExtension(missing)) onLeftOut?.(family, missing, lost);
  log.warning('The packet filter lacks an extension or a set: the rules that need it are left out', {
    family,
    missing,
    lost,
    rules: rulesLeftOut.join('; '),
  });
}

function isExtension(missing: RuleNote['missing']): missing is RuleExtension {
  return Object.hasOwn(lostWithout, missing);
}
