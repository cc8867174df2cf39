import { describe, expect, it } from '@jest/globals';
import type { ProxyConfig } from '../../../src/config/config.ts';
import { familyAdvice, type FamilyFacts } from '../../../src/config/family-advice.ts';
import { cidr, ip, planConfig } from '../../support/builders.ts';

type CheckedConfig = Parameters<typeof familyAdvice>[0];

const ipv4 = cidr('10.244.0.0/16');
const ipv6 = cidr('fd00:10:244::/56');
const notSet = 'nodePortAddresses is not set, so node ports are served on all local IPs; consider "primary"';

function advice(config: Partial<CheckedConfig> = {}, facts: Partial<FamilyFacts> = {}) {
  return familyAdvice(
    {
      bindAddress: ip('0.0.0.0'),
      nodePortAddresses: [cidr('192.168.0.0/24')],
      localDetection: { mode: 'ClusterCIDR', clusterCidrs: [ipv4] },
      ipvs: planConfig().ipvs,
      healthzBindAddress: { host: ip('0.0.0.0'), port: 10_256 },
      metricsBindAddress: { host: ip('127.0.0.1'), port: 10_249 },
      ...config,
    },
    { supported: ['IPv4', 'IPv6'], nodeAddresses: [ip('192.168.0.10')], podCidrs: [], ...facts },
  );
}

const clusterCidrs = (...list: (typeof ipv4)[]): Partial<CheckedConfig> => ({
  localDetection: { mode: 'ClusterCIDR', clusterCidrs: list },
});

describe('familyAdvice, the primary family', () => {
  it('says nothing where all is well', () => {
    expect(advice()).toEqual({ primary: 'IPv4', fatal: undefined, complaints: [] });
  });

  it.each<[string, string, Partial<ProxyConfig>, Partial<FamilyFacts>]>([
    ["of the Node's first address", 'IPv6', {}, { supported: ['IPv4'], nodeAddresses: [ip('fd00::1'), ip('1.2.3.4')] }],
    ['of the bind address', 'IPv6', { bindAddress: ip('fd00::1') }, { supported: ['IPv4'] }],
    ['of a node without iptables', 'IPv4', {}, { supported: ['IPv6'] }],
  ])('ends the start when it does not work: that %s', (_name, family, config, facts) => {
    const { fatal } = advice(config, facts);
    expect(fatal).toMatch(new RegExp(`^no support for the primary IP family "${family}": `));
    expect(fatal?.includes('ip6tables')).toBe(family === 'IPv6');
  });

  it.each<[string, Partial<ProxyConfig>, Partial<FamilyFacts>]>([
    ['works while the other does not', {}, { supported: ['IPv4'] }],
    [
      'is the only one there is, where nothing says another',
      clusterCidrs(ipv6),
      { supported: ['IPv6'], nodeAddresses: [] },
    ],
    ['is IPv4 where nothing says another', clusterCidrs(ipv4), { nodeAddresses: [] }],
    [
      'is that of the bind address rather than of the Node',
      { bindAddress: ip('10.0.0.1') },
      { supported: ['IPv4'], nodeAddresses: [ip('fd00::1')] },
    ],
    ['is not told by a wildcard', { bindAddress: ip('::') }, { supported: ['IPv4'] }],
  ])('%s', (_name, config, facts) => {
    expect(advice(config, facts).fatal).toBeUndefined();
  });
});

describe('familyAdvice, settings of the other family', () => {
  it.each<[string, Partial<CheckedConfig>, Partial<FamilyFacts>, string]>([
    [
      'clusterCIDRs of a node with one family',
      clusterCidrs(ipv6),
      { supported: ['IPv4'] },
      'kube-proxy configuration is incorrect: this node has IPv4 only, and clusterCIDRs has IPv6 networks only',
    ],
    [
      'pod networks that tell local traffic',
      { localDetection: { mode: 'NodeCIDR' } },
      { podCidrs: [ipv6] },
      'kube-proxy configuration is incorrect: IPv4 comes first in this cluster, and spec.podCIDRs of the Node has IPv6 networks only',
    ],
  ])('end the start: %s', (_name, config, facts, message) => {
    expect(advice(config, facts).fatal).toBe(message);
  });

  it.each<[string, Partial<CheckedConfig>, Partial<FamilyFacts>, readonly string[]]>([
    [
      'clusterCIDRs of a node with both',
      clusterCidrs(ipv6),
      {},
      ['IPv4 comes first in this cluster, and clusterCIDRs has IPv6 networks only'],
    ],
    ['one of two clusterCIDRs', { ...clusterCidrs(ipv6, ipv4), nodePortAddresses: [ipv4, ipv6] }, {}, []],
    [
      'pod networks that tell nothing',
      {},
      { supported: ['IPv4'], podCidrs: [ipv6] },
      ['this node has IPv4 only, and spec.podCIDRs of the Node has IPv6 networks only'],
    ],
    [
      'excluded networks and listeners of a node with one family',
      {
        ipvs: planConfig({ excludeCidrs: [ipv6] }).ipvs,
        healthzBindAddress: { host: ip('fd00::1'), port: 1 },
        metricsBindAddress: { host: ip('::1'), port: 2 },
      },
      { supported: ['IPv4'] },
      [
        'this node has IPv4 only, and ipvs.excludeCIDRs has IPv6 networks only',
        'this node has IPv4 only, and healthzBindAddress is IPv6',
        'this node has IPv4 only, and metricsBindAddress is IPv6',
      ],
    ],
    [
      'the same of a node with both, and wildcards',
      { ipvs: planConfig({ excludeCidrs: [ipv6] }).ipvs, healthzBindAddress: { host: ip('::'), port: 1 } },
      {},
      [],
    ],
  ])('are told: %s', (_name, config, facts, complaints) => {
    expect(advice(config, facts)).toEqual({ primary: 'IPv4', fatal: undefined, complaints });
  });
});

describe('familyAdvice, nodePortAddresses', () => {
  it.each<[string, Partial<CheckedConfig>, Partial<FamilyFacts>, readonly string[]]>([
    ['none', { nodePortAddresses: [] }, {}, [notSet]],
    ['primary', { nodePortAddresses: 'primary' }, {}, []],
    ['primary of a Node without addresses', { nodePortAddresses: 'primary' }, { nodeAddresses: [] }, [notSet]],
    ['of the other family only', { nodePortAddresses: [ipv6] }, {}, ['nodePortAddresses has no IPv4 address']],
    [
      'of one family in a cluster of both',
      clusterCidrs(ipv4, ipv6),
      {},
      ['the cluster has both families, and nodePortAddresses has IPv4 only'],
    ],
    [
      'of one family on a Node with pod networks of both',
      {},
      { podCidrs: [ipv4, ipv6] },
      ['the cluster has both families, and nodePortAddresses has IPv4 only'],
    ],
    ['of both', { ...clusterCidrs(ipv4, ipv6), nodePortAddresses: [ipv4, ipv6] }, {}, []],
    [
      'primary of a Node with both',
      { ...clusterCidrs(ipv4, ipv6), nodePortAddresses: 'primary' },
      { nodeAddresses: [ip('1.2.3.4'), ip('fd00::1')] },
      [],
    ],
  ])('%s', (_name, config, facts, complaints) => {
    expect(advice(config, facts)).toEqual({ primary: 'IPv4', fatal: undefined, complaints });
  });
});
