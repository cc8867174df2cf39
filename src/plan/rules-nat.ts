import type { SetRole } from './ip-sets.ts';
import type { RuleDraft, RulePart, RulePlanInput } from './rules-parts.ts';
import { ipSetFor } from './ip-sets.ts';
import { addressType, comment, inSet, inSetWithComment, jumpTo, markText, text } from './rules-parts.ts';

/** Chains of the nat table, in the order in which upstream makes them. */
export const natChains = [
  'KUBE-SERVICES',
  'KUBE-POSTROUTING',
  'KUBE-NODE-PORT',
  'KUBE-LOAD-BALANCER',
  'KUBE-MARK-MASQ',
] as const;

type NatChain = (typeof natChains)[number];

/**
 * Rules of the nat table: they mark what is to be masqueraded, masquerade it, and accept service traffic before host
 * ports of others can take it. Nothing is translated here: that is done by IPVS.
 */
export function natRules(input: RulePlanInput): readonly RuleDraft[] {
  return [
    ...servicesRules(input),
    ...loadBalancerRules(input),
    ...nodePortRules(input),
    ...postroutingRules(input),
    rule('KUBE-MARK-MASQ', { text: `-j MARK --or-mark ${markText(input.masqueradeBit)}`, needs: 'MARK' }),
  ];
}

function servicesRules(input: RulePlanInput): readonly RuleDraft[] {
  const { family } = input;
  const loopback = family === 'IPv4' ? '127.0.0.0/8' : '::1/128';
  return [
    rule('KUBE-SERVICES', text(`-s ${loopback}`), jumpTo('RETURN')),
    ...onSet(input, 'loadBalancer', (role) =>
      rule('KUBE-SERVICES', ...inSetWithComment(role, family, 'dst,dst'), jumpTo('KUBE-LOAD-BALANCER')),
    ),
    ...onSet(input, 'clusterIp', () => clusterIpMasquerade(input)),
    ...onSet(input, 'externalIp', (role) =>
      rule('KUBE-SERVICES', ...inSetWithComment(role, family, 'dst,dst'), jumpTo('KUBE-MARK-MASQ')),
    ),
    ...acceptExternalIps(input, 'externalIp'),
    ...acceptExternalIps(input, 'externalIpLocal'),
    rule('KUBE-SERVICES', addressType('--dst-type LOCAL'), ...notVirtual(input), jumpTo('KUBE-NODE-PORT')),
    ...onSet(input, 'clusterIp', (role) => rule('KUBE-SERVICES', inSet(role, family, 'dst,dst'), jumpTo('ACCEPT'))),
    ...onSet(input, 'loadBalancer', (role) => rule('KUBE-SERVICES', inSet(role, family, 'dst,dst'), jumpTo('ACCEPT'))),
  ];
}

/**
 * Every address of ours is local to the node, but only the node's own serve node ports: a Service whose port happens to
 * be the node port of another keeps its own rules. Upstream matches the port alone.
 */
function notVirtual({ family, missingSets, capabilities }: RulePlanInput): readonly RulePart[] {
  if (missingSets.has('ipvsIps') || capabilities.missing.has('set')) return [];
  return [{ text: `-m set ! --match-set ${ipSetFor('ipvsIps', family).name} dst`, needs: 'set', set: 'ipvsIps' }];
}

/** Without a way to tell local traffic, only what a node process sends is masqueraded: its source is the address itself. */
function clusterIpMasquerade(input: RulePlanInput): RuleDraft {
  const notLocal = input.masqueradeAll ? undefined : input.notLocalMatch;
  const directions = input.masqueradeAll || notLocal !== undefined ? 'dst,dst' : 'src,dst';
  const parts = inSetWithComment('clusterIp', input.family, directions);
  const extra = notLocal === undefined ? [] : [text(notLocal)];
  return rule('KUBE-SERVICES', ...parts, ...extra, jumpTo('KUBE-MARK-MASQ'));
}

/** From outside (neither bridged nor from this node), or once the address is local. */
function acceptExternalIps(input: RulePlanInput, role: SetRole): readonly RuleDraft[] {
  if (!input.nonEmptySets.has(role)) return [];
  const match = inSetWithComment(role, input.family, 'dst,dst');
  const notBridged: RulePart = { text: '-m physdev ! --physdev-is-in', needs: 'physdev' };
  return [
    rule('KUBE-SERVICES', ...match, notBridged, addressType('! --src-type LOCAL'), jumpTo('ACCEPT')),
    rule('KUBE-SERVICES', ...match, addressType('--dst-type LOCAL'), jumpTo('ACCEPT')),
  ];
}

function loadBalancerRules(input: RulePlanInput): readonly RuleDraft[] {
  return [
    ...onSet(input, 'loadBalancerLocal', (role) =>
      rule('KUBE-LOAD-BALANCER', ...inSetWithComment(role, input.family, 'dst,dst'), jumpTo('RETURN')),
    ),
    rule('KUBE-LOAD-BALANCER', jumpTo('KUBE-MARK-MASQ')),
  ];
}

/** Sets of node ports in the order of their rules: of each protocol those that keep the client address come first. */
const nodePortSets = [
  { role: 'nodePortLocalTcp', protocol: 'tcp', directions: 'dst', target: 'RETURN' },
  { role: 'nodePortTcp', protocol: 'tcp', directions: 'dst', target: 'KUBE-MARK-MASQ' },
  { role: 'nodePortLocalUdp', protocol: 'udp', directions: 'dst', target: 'RETURN' },
  { role: 'nodePortUdp', protocol: 'udp', directions: 'dst', target: 'KUBE-MARK-MASQ' },
  { role: 'nodePortLocalSctp', protocol: 'sctp', directions: 'dst,dst', target: 'RETURN' },
  { role: 'nodePortSctp', protocol: 'sctp', directions: 'dst,dst', target: 'KUBE-MARK-MASQ' },
] as const;

function nodePortRules(input: RulePlanInput): readonly RuleDraft[] {
  return nodePortSets.flatMap(({ role, protocol, directions, target }) =>
    onSet(input, role, () => {
      const match = inSetWithComment(role, input.family, directions);
      return rule('KUBE-NODE-PORT', text(`-p ${protocol}`), ...match, jumpTo(target));
    }),
  );
}

function postroutingRules(input: RulePlanInput): readonly RuleDraft[] {
  const mark = markText(input.masqueradeBit);
  const randomFully = input.capabilities.randomFully ? ' --random-fully' : '';
  const hairpin = input.nonEmptySets.has('loopBack') ? inSetWithComment('loopBack', input.family, 'dst,dst,src') : [];
  return [
    ...(hairpin.length > 0 ? masquerade(input, hairpin, '') : []),
    rule('KUBE-POSTROUTING', { text: `-m mark ! --mark ${mark}/${mark}`, needs: 'mark' }, jumpTo('RETURN')),
    rule('KUBE-POSTROUTING', { text: `-j MARK --xor-mark ${mark}`, needs: 'MARK' }),
    // Without the rule on the mark this one would masquerade everything that leaves the node.
    ...masquerade(input, [comment('kubernetes service traffic requiring SNAT')], randomFully).map(
      (draft): RuleDraft => ({ ...draft, dependsOn: ['mark'] }),
    ),
  ];
}

/** Only protocols with ports can be given a range of them; the rule without one is for the others. */
function masquerade(
  { masqueradePorts: ports }: RulePlanInput,
  match: readonly RulePart[],
  options: string,
): readonly RuleDraft[] {
  const target = (range: string): RulePart => ({ text: `-j MASQUERADE${range}${options}`, needs: 'MASQUERADE' });
  const everything = rule('KUBE-POSTROUTING', ...match, target(''));
  if (ports === undefined) return [everything];
  const inRange = target(` --to-ports ${ports.first}-${ports.last}`);
  const protocols = ['tcp', 'udp', 'sctp'];
  return [
    ...protocols.map((protocol) => rule('KUBE-POSTROUTING', text(`-p ${protocol}`), ...match, inRange)),
    everything,
  ];
}

function onSet(input: RulePlanInput, role: SetRole, make: (role: SetRole) => RuleDraft): readonly RuleDraft[] {
  return input.nonEmptySets.has(role) ? [make(role)] : [];
}

function rule(chain: NatChain, ...parts: readonly RulePart[]): RuleDraft {
  return { table: 'nat', chain, parts };
}
