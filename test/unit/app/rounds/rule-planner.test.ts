import type { ProxierSettings } from '../../../../src/config/config.ts';
import type { Cidr, IpFamily } from '../../../../src/model/ip.ts';
import type { RuleExtension } from '../../../../src/model/rule-set.ts';
import type { SetRole } from '../../../../src/plan/ip-sets.ts';
import type { Log } from '../../../../src/observe/log.ts';
import { describe, expect, it } from '@jest/globals';
import { rulePlanner } from '../../../../src/app/rounds/rule-planner.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { cidr } from '../../../support/builders.ts';

function setup(missing: readonly RuleExtension[] = [], podCidrs: readonly Cidr[] = []) {
  const warnings: Record<string, unknown>[] = [];
  const log: Log = { ...silentLog, warning: (_message, fields = {}) => warnings.push(fields) };
  const probes: string[] = [];
  const left: string[] = [];
  const asked: string[] = [];
  const node = { podCidrs };
  const proxier: Pick<ProxierSettings, 'masqueradePorts'> = {};
  const plan = rulePlanner({
    config: { masqueradeBit: 14, masqueradeAll: false, localDetection: { mode: 'NodeCIDR' }, proxier },
    driver: {
      capabilities: async (family, set, wanted) => {
        probes.push(`${family} ${set}`);
        asked.push([...(wanted ?? [])].sort().join(' '));
        return { randomFully: true, missing: new Set(missing) };
      },
    },
    podCidrs: () => node.podCidrs,
    log,
    onLeftOut: (family, what, lost) => left.push(`${family} ${what} ${lost}`),
  });
  const planFamily = (
    family: IpFamily = 'IPv4',
    missingRoles: ReadonlySet<SetRole> = new Set(),
    filled: readonly SetRole[] = ['clusterIp'],
  ) => plan({ family, filledRoles: new Set(filled), outputFilters: [], missingRoles, version: '' });
  return { planFamily, warnings, left, asked, probes, node, proxier };
}

describe('rulePlanner', () => {
  it('finds out once per family what the packet filter can do', async () => {
    const { planFamily, probes } = setup();
    for (const family of ['IPv4', 'IPv4', 'IPv6', 'IPv4'] as const) await planFamily(family);
    expect(probes.map((probe) => probe.split(' ')[0])).toEqual(['IPv4', 'IPv6']);
  });

  it('asks for what the rules need and no more, and later for what they need then', async () => {
    const { planFamily, asked, left } = setup(['physdev']);
    await planFamily();
    await planFamily('IPv4', new Set(), ['clusterIp', 'externalIp']);
    await planFamily('IPv4', new Set(), ['clusterIp', 'externalIp']);
    expect(asked).toEqual(['MARK MASQUERADE REJECT addrtype comment conntrack mark set', 'physdev']);
    expect(left.map((each) => each.split(' ')[1])).toEqual(['physdev']);
  });

  it('follows the ports that masqueraded connections may have', async () => {
    const { planFamily, proxier } = setup();
    const masquerading = async () => {
      const { chains } = await planFamily();
      const rules = chains.flatMap((chain) => chain.rules).filter((rule) => rule.includes('-j MASQUERADE'));
      return rules.map((rule) => rule.replace(/^(-p \w+ )?.* -j/, '$1-j'));
    };
    expect(await masquerading()).toEqual(['-j MASQUERADE --random-fully']);
    Object.assign(proxier, { masqueradePorts: { first: 1024, last: 29_999 } });
    expect(await masquerading()).toEqual([
      '-p tcp -j MASQUERADE --to-ports 1024-29999 --random-fully',
      '-p udp -j MASQUERADE --to-ports 1024-29999 --random-fully',
      '-p sctp -j MASQUERADE --to-ports 1024-29999 --random-fully',
      '-j MASQUERADE --random-fully',
    ]);
  });

  it('tells once what is missing, and what is lost with it', async () => {
    const { planFamily, warnings, left } = setup(['REJECT', 'comment']);
    await planFamily();
    await planFamily();
    expect(left).toEqual([
      'IPv4 REJECT the protection of host ports: programs of the node can be reached through Service addresses',
    ]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({
      family: 'IPv4',
      missing: 'REJECT',
      lost: 'the protection of host ports: programs of the node can be reached through Service addresses',
      rules: expect.stringContaining('KUBE-IPVS-FILTER: '),
    });
  });

  it('tells what a missing set is for', async () => {
    const { planFamily, warnings } = setup();
    await planFamily('IPv4', new Set(['clusterIp']));
    expect(warnings.map(({ lost }) => lost)).toContain('Kubernetes service cluster ip + port for masquerade purpose');
  });

  it('takes the pod networks as they are at the time', async () => {
    const { planFamily, node } = setup([], [cidr('10.244.1.0/24')]);
    const text = async () => JSON.stringify(await planFamily());
    expect(await text()).toContain('! -s 10.244.1.0/24');
    node.podCidrs = [cidr('10.244.9.0/24')];
    expect(await text()).toContain('! -s 10.244.9.0/24');
  });
});
