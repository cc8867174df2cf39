import { describe, expect, it } from '@jest/globals';
import type { IpAddress } from '../../../src/model/ip.ts';
import type { RuleExtension, RuleSet } from '../../../src/model/rule-set.ts';
import type { RulePlanInput } from '../../../src/plan/rules-parts.ts';
import { type RulePlan, planRules } from '../../../src/plan/plan-rules.ts';
import { emptyInput, fullInput } from '../../support/rule-plans.ts';

/** One node with a filtered load balancer of external policy Local, and a cluster DNS. */
const example: RulePlanInput = {
  ...emptyInput('IPv4'),
  nonEmptySets: new Set([
    'loopBack',
    'clusterIp',
    'externalIpLocal',
    'loadBalancer',
    'loadBalancerLocal',
    'loadBalancerFirewall',
    'loadBalancerSourceCidr',
    'nodePortTcp',
    'nodePortLocalTcp',
    'healthCheckNodePort',
    'ipvsIps',
  ]),
  outputFilters: [{ address: '198.51.100.9' as IpAddress, protocol: 'TCP', port: 80 }],
};

function chains(rules: RuleSet): Record<string, readonly string[]> {
  return Object.fromEntries(rules.chains.map((chain) => [`${chain.table} ${chain.name}`, chain.rules]));
}

function without(...missing: RuleExtension[]): RulePlan {
  return planRules(fullInput('IPv4', { capabilities: { randomFully: true, missing: new Set(missing) } }));
}

describe('planRules', () => {
  it('masquerades within a range of ports, where the protocol has ports', () => {
    const rules = planRules(fullInput('IPv6', { masqueradePorts: { first: 1024, last: 29_999 } }));
    const masquerading = chains(rules)['nat KUBE-POSTROUTING']?.filter((rule) => rule.includes('MASQUERADE'));
    const hairpin = '-m comment --comment "Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose"';
    const loopBack = `${hairpin} -m set --match-set KUBE-6-LOOP-BACK dst,dst,src -j MASQUERADE`;
    const service = '-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE';
    const protocols = ['tcp', 'udp', 'sctp'];
    expect(masquerading).toEqual([
      ...protocols.map((protocol) => `-p ${protocol} ${loopBack} --to-ports 1024-29999`),
      loopBack,
      ...protocols.map((protocol) => `-p ${protocol} ${service} --to-ports 1024-29999 --random-fully`),
      `${service} --random-fully`,
    ]);
  });

  it.each([
    ['IPv4', '-p icmp -m icmp --icmp-type 8 -j RETURN'],
    ['IPv6', '-p ipv6-icmp -m icmp6 --icmpv6-type 128 -j RETURN'],
  ] as const)('lets echo requests in where they are to be answered, %s', (family, rule) => {
    const filter = (answerPing: boolean) =>
      chains(planRules(fullInput(family, { answerPing })))['filter KUBE-IPVS-FILTER'] ?? [];
    expect(filter(true).at(-2)).toBe(rule);
    expect(filter(true).at(-1)).toMatch(/-j REJECT$/);
    expect(filter(true).filter((each) => each !== rule)).toEqual(filter(false));
  });

  it('masquerades in a range only what is marked', () => {
    const missing = new Set<RuleExtension>(['mark']);
    const rules = planRules(
      fullInput('IPv4', {
        masqueradePorts: { first: 1024, last: 29_999 },
        capabilities: { randomFully: true, missing },
      }),
    );
    expect(chains(rules)['nat KUBE-POSTROUTING']?.join()).not.toContain('requiring SNAT');
  });

  it('writes the rules of upstream, rule for rule', () => {
    const externalLocal = 'Kubernetes service external ip + port with externalTrafficPolicy=local';
    expect(chains(planRules(example))).toEqual({
      'nat KUBE-SERVICES': [
        '-s 127.0.0.0/8 -j RETURN',
        '-m comment --comment "Kubernetes service lb portal" -m set --match-set KUBE-LOAD-BALANCER dst,dst -j KUBE-LOAD-BALANCER',
        '-m comment --comment "Kubernetes service cluster ip + port for masquerade purpose" -m set --match-set KUBE-CLUSTER-IP dst,dst ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ',
        `-m comment --comment "${externalLocal}" -m set --match-set KUBE-EXTERNAL-IP-LOCAL dst,dst -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ACCEPT`,
        `-m comment --comment "${externalLocal}" -m set --match-set KUBE-EXTERNAL-IP-LOCAL dst,dst -m addrtype --dst-type LOCAL -j ACCEPT`,
        '-m addrtype --dst-type LOCAL -m set ! --match-set KUBE-IPVS-IPS dst -j KUBE-NODE-PORT',
        '-m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT',
        '-m set --match-set KUBE-LOAD-BALANCER dst,dst -j ACCEPT',
      ],
      'nat KUBE-POSTROUTING': [
        '-m comment --comment "Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose" -m set --match-set KUBE-LOOP-BACK dst,dst,src -j MASQUERADE',
        '-m mark ! --mark 0x00004000/0x00004000 -j RETURN',
        '-j MARK --xor-mark 0x00004000',
        '-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
      ],
      'nat KUBE-NODE-PORT': [
        '-p tcp -m comment --comment "Kubernetes nodeport TCP port with externalTrafficPolicy=local" -m set --match-set KUBE-NODE-PORT-LOCAL-TCP dst -j RETURN',
        '-p tcp -m comment --comment "Kubernetes nodeport TCP port for masquerade purpose" -m set --match-set KUBE-NODE-PORT-TCP dst -j KUBE-MARK-MASQ',
      ],
      'nat KUBE-LOAD-BALANCER': [
        '-m comment --comment "Kubernetes service load balancer ip + port with externalTrafficPolicy=local" -m set --match-set KUBE-LOAD-BALANCER-LOCAL dst,dst -j RETURN',
        '-j KUBE-MARK-MASQ',
      ],
      'nat KUBE-MARK-MASQ': ['-j MARK --or-mark 0x00004000'],
      'filter KUBE-FORWARD': [
        '-m comment --comment "kubernetes forwarding rules" -m mark --mark 0x00004000/0x00004000 -j ACCEPT',
        '-m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      ],
      'filter KUBE-NODE-PORT': [
        '-m comment --comment "Kubernetes health check node port" -m set --match-set KUBE-HEALTH-CHECK-NODE-PORT dst -j ACCEPT',
      ],
      'filter KUBE-PROXY-FIREWALL': [
        '-m comment --comment "Kubernetes service load balancer ip + port for load balancer with sourceRange" -m set --match-set KUBE-LOAD-BALANCER-FW dst,dst -j KUBE-SOURCE-RANGES-FIREWALL',
      ],
      'filter KUBE-SOURCE-RANGES-FIREWALL': [
        '-m comment --comment "Kubernetes service load balancer ip + port + source cidr for packet filter purpose" -m set --match-set KUBE-LOAD-BALANCER-SOURCE-CIDR dst,dst,src -j RETURN',
        '-j DROP',
      ],
      'filter KUBE-IPVS-FILTER': [
        '-m set --match-set KUBE-LOAD-BALANCER dst,dst -j RETURN',
        '-m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN',
        '-m set --match-set KUBE-EXTERNAL-IP dst,dst -j RETURN',
        '-m set --match-set KUBE-EXTERNAL-IP-LOCAL dst,dst -j RETURN',
        '-m set --match-set KUBE-HEALTH-CHECK-NODE-PORT dst -j RETURN',
        '-m conntrack --ctstate NEW -m set --match-set KUBE-IPVS-IPS dst -j REJECT',
      ],
      'filter KUBE-IPVS-OUT-FILTER': ['-s 198.51.100.9 -m ipvs --vaddr 198.51.100.9 --vproto tcp --vport 80 -j DROP'],
    });
  });

  it('writes only what upstream always writes when there is no Service', () => {
    const rules = chains(planRules(emptyInput('IPv4')));
    expect(Object.fromEntries(Object.entries(rules).map(([chain, own]) => [chain, own.length]))).toEqual({
      'nat KUBE-SERVICES': 2,
      'nat KUBE-POSTROUTING': 3,
      'nat KUBE-NODE-PORT': 0,
      'nat KUBE-LOAD-BALANCER': 1,
      'nat KUBE-MARK-MASQ': 1,
      'filter KUBE-FORWARD': 2,
      'filter KUBE-NODE-PORT': 1,
      'filter KUBE-PROXY-FIREWALL': 0,
      'filter KUBE-SOURCE-RANGES-FIREWALL': 1,
      'filter KUBE-IPVS-FILTER': 6,
      'filter KUBE-IPVS-OUT-FILTER': 0,
    });
  });

  it('writes every rule in order when all sets hold entries', () => {
    const rules = chains(planRules(fullInput('IPv4')));
    const targets = (chain: string) => rules[chain]?.map((rule) => rule.replace(/^.*-j /, ''));
    const masq = 'KUBE-MARK-MASQ';
    const acceptExternal = Array.from({ length: 4 }, () => 'ACCEPT');
    expect(targets('nat KUBE-SERVICES')).toEqual(
      ['RETURN', 'KUBE-LOAD-BALANCER', masq, masq].concat(acceptExternal, 'KUBE-NODE-PORT', 'ACCEPT', 'ACCEPT'),
    );
    expect(targets('nat KUBE-NODE-PORT')).toEqual(['RETURN', masq, 'RETURN', masq, 'RETURN', masq]);
    expect(rules['nat KUBE-NODE-PORT']?.map((rule) => rule.slice(0, 7).trim())).toEqual(
      ['tcp', 'tcp', 'udp', 'udp', 'sctp', 'sctp'].map((protocol) => `-p ${protocol}`),
    );
    expect(targets('filter KUBE-SOURCE-RANGES-FIREWALL')).toEqual(['RETURN', 'RETURN', 'DROP']);
  });

  it.each<[string, Partial<RulePlanInput>, string]>([
    ['all', { masqueradeAll: true }, 'dst,dst -j KUBE-MARK-MASQ'],
    ['what does not come from pods', {}, 'dst,dst ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ'],
    ['what the node sends, when nobody can tell', { notLocalMatch: undefined }, 'src,dst -j KUBE-MARK-MASQ'],
  ])('masquerades to cluster IPs %s', (_name, overrides, end) => {
    const rules = chains(planRules(fullInput('IPv4', overrides)))['nat KUBE-SERVICES'];
    const own = rules?.filter((rule) => rule.includes('KUBE-CLUSTER-IP') && rule.endsWith('KUBE-MARK-MASQ'));
    expect(own).toEqual([expect.stringMatching(new RegExp(`KUBE-CLUSTER-IP ${end}$`))]);
  });

  it('uses IPv6 sets and loopback for IPv6', () => {
    const text = JSON.stringify(planRules(fullInput('IPv6')));
    expect(text).toContain('-s ::1/128 -j RETURN');
    expect(text).toContain('KUBE-6-LOAD-BALANCER-SOURCE-CID dst,dst,src');
    expect(text).not.toMatch(/--match-set KUBE-(?!6-)/);
  });

  it.each([
    [0, '0x00000001'],
    [14, '0x00004000'],
    [31, '0x80000000'],
  ])('writes mark bit %i as eight digits', (masqueradeBit, mark) => {
    const rules = chains(planRules(fullInput('IPv4', { masqueradeBit })));
    expect(rules['nat KUBE-MARK-MASQ']).toEqual([`-j MARK --or-mark ${mark}`]);
  });

  it('does not depend on the order of output filters, and writes one rule for two equal ones', () => {
    const { outputFilters } = fullInput('IPv4');
    const shuffled = planRules(fullInput('IPv4', { outputFilters: [...outputFilters, ...outputFilters].reverse() }));
    expect(shuffled).toEqual(planRules(fullInput('IPv4')));
    expect(shuffled.chains.find(({ name }) => name === 'KUBE-IPVS-OUT-FILTER')).toMatchObject({ anyOrder: true });
  });

  it('lists jumps in the order of a clean upstream node', () => {
    const { jumps } = planRules(emptyInput('IPv6'));
    expect(jumps.map(({ table, from, to, comment }) => `${table} ${from} ${to}: ${comment}`)).toEqual([
      'nat PREROUTING KUBE-SERVICES: kubernetes service portals',
      'nat OUTPUT KUBE-SERVICES: kubernetes service portals',
      'nat POSTROUTING KUBE-POSTROUTING: kubernetes postrouting rules',
      'filter INPUT KUBE-IPVS-FILTER: kubernetes ipvs access filter',
      'filter INPUT KUBE-PROXY-FIREWALL: kube-proxy firewall rules',
      'filter INPUT KUBE-NODE-PORT: kubernetes health check rules',
      'filter FORWARD KUBE-PROXY-FIREWALL: kube-proxy firewall rules',
      'filter FORWARD KUBE-FORWARD: kubernetes forwarding rules',
      'filter OUTPUT KUBE-IPVS-OUT-FILTER: kubernetes ipvs access filter',
    ]);
  });
});

describe('planRules where extensions are missing', () => {
  it('has nothing to note where none is', () => {
    expect(without().notes).toEqual([]);
  });

  it('leaves out the output filters without ipvs, and tells', () => {
    const plan = without('ipvs');
    expect(chains(plan)['filter KUBE-IPVS-OUT-FILTER']).toEqual([]);
    expect(plan.notes.map(({ missing, rulesLeftOut }) => [missing, rulesLeftOut.length])).toEqual([['ipvs', 3]]);
    expect(plan.notes[0]?.rulesLeftOut[0]).toMatch(/^KUBE-IPVS-OUT-FILTER: -s 198\.51\.100\.10 -m ipvs/);
  });

  it('leaves out the two rules on bridged traffic without physdev', () => {
    const plan = without('physdev');
    expect(plan.notes[0]?.rulesLeftOut).toHaveLength(2);
    expect(chains(plan)['nat KUBE-SERVICES']).toHaveLength(9);
  });

  it('keeps all rules without comment, but not their comments', () => {
    const plan = without('comment');
    const full = planRules(fullInput('IPv4'));
    expect(JSON.stringify(plan)).not.toContain('--comment');
    expect(plan.chains.map(({ rules }) => rules.length)).toEqual(full.chains.map(({ rules }) => rules.length));
    expect(plan.jumps.every(({ comment }) => comment === '')).toBe(true);
    expect(plan.notes).toEqual([{ missing: 'comment', rulesLeftOut: [] }]);
  });

  it('does not masquerade everything without the match on marks', () => {
    expect(chains(without('mark'))['nat KUBE-POSTROUTING']).toEqual([
      expect.stringContaining('KUBE-LOOP-BACK'),
      '-j MARK --xor-mark 0x00004000',
    ]);
  });

  it('refuses nothing without the match on sets', () => {
    expect(chains(without('set'))['filter KUBE-IPVS-FILTER']).toEqual([]);
    expect(chains(without('set'))['filter KUBE-PROXY-FIREWALL']).toEqual([]);
  });
});

describe('a set that this node does not have', () => {
  it('takes only the rules with it that refer to it', () => {
    const complete = planRules(fullInput('IPv4'));
    const plan = planRules(fullInput('IPv4', { missingSets: new Set(['loadBalancerSourceIp']) }));
    const left = plan.notes.find(({ missing }) => missing === 'loadBalancerSourceIp')?.rulesLeftOut ?? [];
    expect(left).toEqual([expect.stringContaining('KUBE-LOAD-BALANCER-SOURCE-IP dst,dst,src -j RETURN')]);
    const count = (rules: RulePlan) => rules.chains.reduce((sum, chain) => sum + chain.rules.length, 0);
    expect(count(plan)).toBe(count(complete) - 1);
    expect(JSON.stringify(plan.chains)).not.toContain('SOURCE-IP');
  });

  it('never turns a refusal against Services', () => {
    for (const role of ['clusterIp', 'loadBalancer', 'externalIp', 'externalIpLocal', 'healthCheckNodePort'] as const) {
      const plan = planRules(fullInput('IPv4', { missingSets: new Set([role]) }));
      expect(chains(plan)['filter KUBE-IPVS-FILTER']?.filter((rule) => rule.includes('REJECT'))).toEqual([]);
    }
  });
});
