import type { IpFamily } from '../model/ip.ts';
import type { OutputFilterException } from './service-plan.ts';
import type { RuleDraft, RulePart, RulePlanInput } from './rules-parts.ts';
import { comment, connectionState, inSet, inSetWithComment, jumpTo, markText, text } from './rules-parts.ts';

/** Chains of the filter table, in the order in which upstream makes them. */
export const filterChains = [
  'KUBE-FORWARD',
  'KUBE-NODE-PORT',
  'KUBE-PROXY-FIREWALL',
  'KUBE-SOURCE-RANGES-FIREWALL',
  'KUBE-IPVS-FILTER',
  'KUBE-IPVS-OUT-FILTER',
] as const;

type FilterChain = (typeof filterChains)[number];

/** The one chain whose rules exclude each other, so that their order means nothing. */
export const outputFilterChain: FilterChain = 'KUBE-IPVS-OUT-FILTER';

/**
 * Rules of the filter table: source ranges of load balancers, health check ports, and the refusal of whatever else
 * listens on a service address only because the address is bound to this node.
 */
export function filterRules(input: RulePlanInput): readonly RuleDraft[] {
  return [
    ...forwardRules(input),
    rule('KUBE-NODE-PORT', ...inSetWithComment('healthCheckNodePort', input.family, 'dst'), jumpTo('ACCEPT')),
    ...sourceRangeRules(input),
    ...accessRules(input),
    ...outputRules(input.outputFilters),
  ];
}

function forwardRules(input: RulePlanInput): readonly RuleDraft[] {
  const mark = markText(input.masqueradeBit);
  const marked: RulePart = { text: `-m mark --mark ${mark}/${mark}`, needs: 'mark' };
  return [
    rule('KUBE-FORWARD', comment('kubernetes forwarding rules'), marked, jumpTo('ACCEPT')),
    rule(
      'KUBE-FORWARD',
      comment('kubernetes forwarding conntrack rule'),
      connectionState('RELATED,ESTABLISHED'),
      jumpTo('ACCEPT'),
    ),
  ];
}

function sourceRangeRules({ family, nonEmptySets }: RulePlanInput): readonly RuleDraft[] {
  const allowed = (['loadBalancerSourceCidr', 'loadBalancerSourceIp'] as const).filter((role) =>
    nonEmptySets.has(role),
  );
  const firewall = nonEmptySets.has('loadBalancerFirewall')
    ? [
        rule(
          'KUBE-PROXY-FIREWALL',
          ...inSetWithComment('loadBalancerFirewall', family, 'dst,dst'),
          jumpTo('KUBE-SOURCE-RANGES-FIREWALL'),
        ),
      ]
    : [];
  return [
    ...firewall,
    ...allowed.map((role) =>
      rule('KUBE-SOURCE-RANGES-FIREWALL', ...inSetWithComment(role, family, 'dst,dst,src'), jumpTo('RETURN')),
    ),
    rule('KUBE-SOURCE-RANGES-FIREWALL', jumpTo('DROP')),
  ];
}

const echoRequest: Readonly<Record<IpFamily, string>> = {
  IPv4: '-p icmp -m icmp --icmp-type 8',
  IPv6: '-p ipv6-icmp -m icmp6 --icmpv6-type 128',
};

/** Known address and port: go on; anything else new to an address of ours: refused. */
function accessRules({ family, answerPing = false }: RulePlanInput): readonly RuleDraft[] {
  const services = ['loadBalancer', 'clusterIp', 'externalIp', 'externalIpLocal'] as const;
  const reject: RulePart = { text: '-j REJECT', needs: 'REJECT' };
  return [
    ...services.map((role) => rule('KUBE-IPVS-FILTER', inSet(role, family, 'dst,dst'), jumpTo('RETURN'))),
    rule('KUBE-IPVS-FILTER', inSet('healthCheckNodePort', family, 'dst'), jumpTo('RETURN')),
    ...(answerPing ? [rule('KUBE-IPVS-FILTER', text(echoRequest[family]), jumpTo('RETURN'))] : []),
    // Without one of the rules above this one would refuse Services.
    {
      ...rule('KUBE-IPVS-FILTER', connectionState('NEW'), inSet('ipvsIps', family, 'dst'), reject),
      dependsOn: [...services, 'healthCheckNodePort'],
    },
  ];
}

/** Sorted, so that the same exceptions always make the same rules. A process of the node sends from the address itself. */
function outputRules(exceptions: readonly OutputFilterException[]): readonly RuleDraft[] {
  const matches = exceptions.map(({ address, protocol, port }) => ({
    source: `-s ${address}`,
    server: `-m ipvs --vaddr ${address} --vproto ${protocol.toLowerCase()} --vport ${port}`,
  }));
  const distinct = new Map(matches.map((match) => [match.server, match]));
  return [...distinct.values()]
    .sort((a, b) => (a.server < b.server ? -1 : 1))
    .map(({ source, server }) =>
      rule(outputFilterChain, text(source), { text: server, needs: 'ipvs' }, jumpTo('DROP')),
    );
}

function rule(chain: FilterChain, ...parts: readonly RulePart[]): RuleDraft {
  return { table: 'filter', chain, parts };
}
