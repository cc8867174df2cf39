import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { IpFamily } from '../../../src/model/ip.ts';
import type { IptablesFlavour } from '../../../src/kernel/rules/iptables-version.ts';
import type { RulePlanInput } from '../../../src/plan/rules-parts.ts';
import { DriverError } from '../../../src/kernel/errors.ts';
import { IptablesRulesDriver } from '../../../src/kernel/rules/driver.ts';
import { ipSetFor } from '../../../src/plan/ip-sets.ts';
import { planRules } from '../../../src/plan/plan-rules.ts';
import { extensionsWithout, PacketFilter } from './packet-filter.ts';
import { Programs } from '../../support/programs.ts';
import { emptyInput, fullInput } from '../../support/rule-plans.ts';

const programs = new Programs();

afterAll(() => programs.close());

const combinations: readonly (readonly [IptablesFlavour, IpFamily])[] = [
  ['legacy', 'IPv4'],
  ['legacy', 'IPv6'],
  ['nft', 'IPv4'],
  ['nft', 'IPv6'],
];

const variants: readonly (readonly [string, Partial<RulePlanInput>])[] = [
  ['masqueradeAll and mark bit 31', { masqueradeAll: true, masqueradeBit: 31 }],
  ['no local detection and mark bit 0', { notLocalMatch: undefined, masqueradeBit: 0 }],
  ['a bridge interface', { notLocalMatch: '! -i cbr0' }],
  ['a range of ports for masquerading', { masqueradePorts: { first: 1024, last: 29_999 } }],
  ['answers to ping', { answerPing: true }],
  ['an interface prefix', { notLocalMatch: '! -i veth+' }],
  ['no --random-fully', { capabilities: { randomFully: false, missing: new Set() } }],
  ['no comments', { capabilities: { randomFully: true, missing: new Set(['comment']) } }],
];

const interferences = [
  ['a deleted rule', 'nat', '-D KUBE-POSTROUTING 1', 'rule 1 is missing'],
  ['a flushed chain', 'filter', '-F KUBE-IPVS-FILTER', 'rule 1 is missing'],
  ['a rule of somebody else', 'filter', '-A KUBE-FORWARD -j DROP', 'rule 3 is not ours: -j DROP'],
  ['a deleted jump', 'filter', '-D INPUT 1', 'the jump to KUBE-IPVS-FILTER is missing'],
  ['a flushed built-in chain', 'filter', '-F FORWARD', 'the jump to KUBE-PROXY-FIREWALL is missing'],
  [
    'a jump that stands twice',
    'filter',
    '-I INPUT -m comment --comment "kubernetes health check rules" -j KUBE-NODE-PORT',
    'the jump to KUBE-NODE-PORT stands there 2 times',
  ],
  [
    'a jump in the wrong place',
    'filter',
    '-D INPUT 1\n-A INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER',
    'the jump to KUBE-PROXY-FIREWALL stands before that to KUBE-IPVS-FILTER',
  ],
] as const;

describe.each(combinations)('iptables %s, %s', (flavour, family) => {
  const filter = new PacketFilter(flavour, family, programs);
  const driver = new IptablesRulesDriver({ flavour, run: filter.run });
  const wanted = planRules(fullInput(family));
  // Programs take their time in the lab: all the cases in one combination of each flavour and family, one in the others.
  const isThorough = (flavour === 'legacy') === (family === 'IPv4');
  const chosen = <T>(cases: readonly T[]) => (isThorough ? cases : cases.slice(0, 1));
  const someSet = ipSetFor('clusterIp', family).name;

  beforeAll(() => filter.makeSets());
  beforeEach(() => filter.reset());
  afterAll(() => filter.clear());

  it('works', async () => {
    if (flavour === 'nft') await filter.flushNftables();
    expect(await driver.families()).toContain(family);
  });

  it('finds every extension and leaves no chain of the probe behind', async () => {
    expect(await driver.capabilities(family, someSet)).toEqual({ randomFully: true, missing: new Set() });
    expect(await filter.save()).not.toContain('PROBE');
  });

  it('tells which extensions are missing, and holds the rules that remain', async () => {
    process.env.XTABLES_LIBDIR = extensionsWithout('ipvs', 'physdev');
    try {
      const capabilities = await driver.capabilities(family, someSet);
      expect(capabilities).toEqual({ randomFully: true, missing: new Set(['physdev', 'ipvs']) });
      const possible = planRules(fullInput(family, { capabilities }));
      await driver.apply(possible);
      expect(await driver.compare(possible)).toEqual([]);
    } finally {
      delete process.env.XTABLES_LIBDIR;
    }
  });

  it('refuses to probe the match on sets with a set that does not exist', async () => {
    await expect(driver.capabilities(family, 'NO-SUCH-SET')).rejects.toThrow('NO-SUCH-SET does not exist');
  });

  it('writes once what it then finds in place', async () => {
    expect(await driver.compare(wanted)).not.toEqual([]);
    await driver.apply(wanted);
    expect(filter.restored).toHaveLength(1);
    expect(await driver.compare(wanted)).toEqual([]);
    await driver.apply(wanted);
    expect(filter.restored).toHaveLength(1);
    expect(await driver.capabilities(family, someSet)).toEqual({ randomFully: true, missing: new Set() });
    expect(filter.restored).toHaveLength(1);
  });

  it('places the jumps as on a clean upstream node', async () => {
    await driver.apply(wanted);
    const saved = (await filter.save()).split('\n');
    const targets = (chain: string) =>
      saved.filter((line) => line.startsWith(`-A ${chain} `)).map((line) => line.replace(/^.*-j /, ''));
    expect(targets('INPUT')).toEqual(['KUBE-IPVS-FILTER', 'KUBE-PROXY-FIREWALL', 'KUBE-NODE-PORT']);
    expect(targets('FORWARD')).toEqual(['KUBE-PROXY-FIREWALL', 'KUBE-FORWARD']);
    expect(targets('PREROUTING')).toEqual(['KUBE-SERVICES']);
    expect(targets('OUTPUT').sort()).toEqual(['KUBE-IPVS-OUT-FILTER', 'KUBE-SERVICES']);
    expect(targets('POSTROUTING')).toEqual(['KUBE-POSTROUTING']);
  });

  it.each(chosen(variants))('reads back the rules of %s as equal', async (_name, overrides) => {
    const rules = planRules(fullInput(family, overrides));
    await driver.apply(rules);
    expect(await driver.compare(rules)).toEqual([]);
  });

  it('tells one local detection from another', async () => {
    await driver.apply(wanted);
    const other = planRules(fullInput(family, { notLocalMatch: '! -i cbr0' }));
    const problems = (await driver.compare(other)).map(({ chain, problem }) => `${chain}: ${problem}`);
    expect(problems).toEqual([
      expect.stringMatching(/^KUBE-SERVICES: rule 3 is missing: .*! -i cbr0/),
      expect.stringMatching(/^KUBE-SERVICES: rule 3 is not ours: ! -s /),
    ]);
  });

  it('adopts what upstream left without a write, whatever the order of its output filters', async () => {
    for (const table of ['nat', 'filter'] as const) {
      const chains = wanted.chains.filter((chain) => chain.table === table);
      const jumps = wanted.jumps.filter((jump) => jump.table === table).toReversed();
      await filter.change(
        table,
        ...chains.map(({ name }) => `:${name} - [0:0]`),
        ...jumps.map(({ from, to, comment }) => `-I ${from} -m comment --comment "${comment}" -j ${to}`),
        ...chains.flatMap(({ name, rules, anyOrder }) =>
          (anyOrder === true ? rules.toReversed() : rules).map((rule) => `-A ${name} ${rule}`),
        ),
      );
    }
    await driver.apply(wanted);
    expect(filter.restored).toEqual([]);
  });

  it('writes only the chains that change when a set fills', async () => {
    await driver.apply(planRules(emptyInput(family)));
    const filled = planRules({ ...emptyInput(family), nonEmptySets: new Set(['clusterIp']) });
    await driver.apply(filled);
    const declared = filter.restored[1]?.split('\n').filter((line) => /^[*:]/.test(line));
    expect(declared).toEqual(['*nat', ':KUBE-SERVICES - [0:0]']);
    expect(await driver.compare(filled)).toEqual([]);
  });

  it('leaves rules and chains of others as they are and where they are', async () => {
    await filter.change(
      'filter',
      ':OTHERS - [0:0]',
      '-A OTHERS -p tcp --dport 7 -j DROP',
      '-A INPUT -p tcp --dport 22 -j ACCEPT',
      '-A INPUT -j OTHERS',
      '-A INPUT -p udp -j DROP',
    );
    const before = await filter.rulesOf('filter', 'INPUT');
    await driver.apply(wanted);
    expect((await filter.rulesOf('filter', 'INPUT')).slice(3)).toEqual(before);
    expect(await filter.rulesOf('filter', 'OTHERS')).toHaveLength(1);
    await driver.remove(wanted);
    expect(await filter.rulesOf('filter', 'INPUT')).toEqual(before);
    expect(await filter.rulesOf('filter', 'OTHERS')).toHaveLength(1);
  });

  it.each(chosen(interferences))('sees and repairs %s', async (_name, table, change, problem) => {
    await filter.change('filter', '-A INPUT -p tcp -j ACCEPT');
    await driver.apply(wanted);
    await filter.change(table, change);
    expect((await driver.compare(wanted))[0]?.problem).toContain(problem);
    await driver.apply(wanted);
    expect(await driver.compare(wanted)).toEqual([]);
    expect(await filter.rulesOf('filter', 'INPUT')).toHaveLength(4);
    expect((await filter.rulesOf('filter', 'INPUT')).at(-1)).toBe('-p tcp -j ACCEPT');
  });

  it('moves its jump before host ports, and lets other rules stand first', async () => {
    await driver.apply(wanted);
    await filter.change(
      'nat',
      ':CNI-HOSTPORT-DNAT - [0:0]',
      '-I PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
      '-I OUTPUT -p tcp -j RETURN',
    );
    const hostPorts = '-m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT';
    const problem = `the jump to KUBE-SERVICES stands behind host ports: ${hostPorts}`;
    expect(await driver.compare(wanted)).toEqual([{ family, table: 'nat', chain: 'PREROUTING', problem }]);
    await driver.apply(wanted);
    const ours = '-m comment --comment "kubernetes service portals" -j KUBE-SERVICES';
    expect(await filter.rulesOf('nat', 'PREROUTING')).toEqual([ours, hostPorts]);
    expect(await filter.rulesOf('nat', 'OUTPUT')).toEqual(['-p tcp -j RETURN', ours]);
    expect(await driver.compare(wanted)).toEqual([]);
  });

  it('removes its jumps and chains, twice, and empties a chain that others refer to', async () => {
    await driver.apply(wanted);
    await filter.change('nat', '-A POSTROUTING -p tcp -j KUBE-MARK-MASQ');
    await driver.remove(wanted);
    await driver.remove(wanted);
    const left = (await filter.save()).split('\n');
    expect(left.filter((line) => line.includes('KUBE-'))).toEqual([
      ':KUBE-MARK-MASQ - [0:0]',
      '-A POSTROUTING -p tcp -j KUBE-MARK-MASQ',
    ]);
  });

  it('removes nothing where nothing is', async () => {
    await driver.remove(wanted);
    expect(filter.restored).toEqual([]);
  });

  it('names the line that iptables refuses and leaves the table as it was', async () => {
    const set = ipSetFor('loopBack', family).name;
    await filter.destroySet(set);
    const failure = await driver.apply(wanted).catch((error: unknown) => error);
    await filter.makeSets();
    expect(failure).toBeInstanceOf(DriverError);
    expect(String(failure)).toContain(`Set ${set} doesn't exist`);
    expect(String(failure)).toMatch(new RegExp(`> \\d+: -A KUBE-POSTROUTING .*${set}`));
    expect(await filter.save()).not.toContain('KUBE-');
  });
});
