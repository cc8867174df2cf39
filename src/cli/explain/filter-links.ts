import { familyOf } from '../../model/ip.ts';
import type { ExplainFacts, PathFacts, RuleFacts } from './facts.ts';
import { broken, type Link, ok, suspect, unknown } from './link.ts';
import { repairOf } from './object-links.ts';
import { filterPacket, type FilteredPacket, type FilterVerdict } from './packet-filter.ts';
import { pathName } from './path-links.ts';

/** Whether the firewall of the host lets packets in: IPVS takes them behind INPUT. */
export function inputLinks(facts: ExplainFacts): readonly Link[] {
  if (facts.client?.kind === 'node') return []; // what a process of the node sends does not pass INPUT
  return facts.paths.flatMap((path) => {
    const filter = rulesOf(path, facts)?.filter;
    if (filter === undefined) return [];
    const packet: FilteredPacket = {
      destination: path.address,
      protocol: path.protocol,
      destinationPort: path.port,
      state: 'NEW',
      memberOf: path.entries.filter(({ present }) => present).map(({ set }) => set),
      ...(facts.client !== undefined && { source: facts.client.address }),
    };
    const remedy = `accept packets to ${pathName(path)} in front of it`;
    return verdictLinks(filterPacket(filter, 'INPUT', packet), `packets to ${pathName(path)}`, 'INPUT', remedy);
  });
}

/** Whether the answers of the Pods get through. */
export function forwardLinks(facts: ExplainFacts): readonly Link[] {
  const [path] = facts.paths;
  const filter = path && rulesOf(path, facts)?.filter;
  if (path === undefined || filter === undefined) return [];
  const packet: FilteredPacket = { protocol: path.protocol, state: 'ESTABLISHED', memberOf: [] };
  const remedy = 'accept what is RELATED or ESTABLISHED in front of it, as the rules of KUBE-FORWARD do';
  return verdictLinks(filterPacket(filter, 'FORWARD', packet), 'answers of Pods', 'FORWARD', remedy);
}

function verdictLinks({ kind, by }: FilterVerdict, what: string, chain: string, remedy: string): readonly Link[] {
  const name = 'firewall';
  switch (kind) {
    case 'dropped':
      return [broken(name, `The firewall of this node drops ${what} (${by})`, remedy)];
    case 'unsure':
      return [unknown(name, `${chain} may drop ${what}, as far as can be told: ${by}`)];
    case 'passes':
      return [ok(name, `${what} pass ${chain}`)];
  }
}

/** The sets, and what is in them for this Service. */
export function setLinks(facts: ExplainFacts): readonly Link[] {
  const name = 'sets';
  const absent = facts.sets.find(({ size }) => size === undefined);
  if (absent !== undefined) return [broken(name, `The IP set ${absent.name} is missing`, repairOf(facts))];
  const entries = facts.paths.flatMap((path) => path.entries);
  const missing = entries.filter(({ present }) => !present);
  const full = facts.sets.find(({ size }) => size !== undefined && (size.entries ?? 0) >= size.maxElements);
  const lost = missing.find(({ set }) => set === full?.name);
  if (full !== undefined && lost !== undefined) {
    const what = `The IP set ${full.name} is full (${full.size?.maxElements} entries) and ${lost.entry} is not in it`;
    return [broken(name, what, 'look in the log of ipvs-proxier why it was not made anew with more room')];
  }
  const hairpin = missing.find(({ set }) => /^KUBE-(?:6-)?LOOP-BACK$/.test(set));
  if (hairpin !== undefined && facts.client?.isLocalEndpoint === true) {
    const what = `A Pod that reaches itself through the Service is not masqueraded (${hairpin.entry} is not in ${hairpin.set})`;
    return [broken(name, what, repairOf(facts))];
  }
  const [first] = missing;
  if (first !== undefined) {
    return [
      broken(name, `${first.entry} is not in the IP set ${first.set}, so its rules do not apply`, repairOf(facts)),
    ];
  }
  return [ok(name, `all ${entries.length} entries are there`)];
}

/** Rules that mark, masquerade and accept. */
export function ruleLinks(facts: ExplainFacts): readonly Link[] {
  const name = 'rules';
  return facts.rules.flatMap(({ family, missing }): readonly Link[] => {
    const [first] = missing;
    if (first === undefined) return [ok(name, `${family}: all that the Service needs are there`)];
    const more = missing.length === 1 ? '' : ` and ${missing.length - 1} more`;
    const masquerade = missing.some((each) => /MASQ|POSTROUTING/.test(each));
    const effect = masquerade ? ', so that clients get no answer whose packets have to be masqueraded' : '';
    return [broken(name, `Rules are missing (${family} ${first}${more})${effect}`, repairOf(facts))];
  });
}

/** A Pod that is its own client needs the bridge to send packets back where they came from. */
export function hairpinLinks({ client, settings }: ExplainFacts): readonly Link[] {
  if (client?.isLocalEndpoint !== true) return [];
  const modes = Object.entries(settings).filter(([setting]) => setting.endsWith('/brport/hairpin_mode'));
  if (modes.length === 0 || modes.some(([, value]) => value === '1')) return [];
  const what = 'The bridge does not send packets back to the Pod that they came from (hairpin_mode is 0)';
  return [suspect('hairpin', what, 'set hairpinMode in the configuration of the network plugin')];
}

function rulesOf(path: PathFacts, { rules }: ExplainFacts): RuleFacts | undefined {
  return rules.find(({ family }) => family === familyOf(path.address));
}
