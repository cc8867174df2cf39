import { describe, expect, it } from '@jest/globals';
import type { ProxyConfig } from '../../../../src/config/config.ts';
import type { IpFamily } from '../../../../src/model/ip.ts';
import { checkFamilies } from '../../../../src/app/node/check-families.ts';
import { silentLog } from '../../../../src/observe/log.ts';
import { cidr, ip, planConfig } from '../../../support/builders.ts';

function check(families: readonly IpFamily[], changes: Partial<ProxyConfig> = {}) {
  const errors: unknown[] = [];
  const infos: unknown[] = [];
  const config = {
    bindAddress: ip('0.0.0.0'),
    nodePortAddresses: [cidr('192.168.0.0/24')],
    localDetection: { mode: 'BridgeInterface', interfaceName: 'cbr0' },
    ipvs: planConfig().ipvs,
    ...changes,
  } as unknown as ProxyConfig; // what is looked at
  const refusal = checkFamilies({
    config,
    families,
    node: { name: 'node-1', addresses: [ip('fd00::1'), ip('192.168.0.10')], podCidrs: [], zone: '', leaving: false },
    log: {
      ...silentLog,
      error: (message, error) => errors.push([message, error]),
      info: (_message, fields) => infos.push(fields),
    },
  });
  return { refusal, errors, infos };
}

describe('checkFamilies', () => {
  it('returns why the program cannot run', () => {
    const { refusal, errors } = check(['IPv4']);
    expect(refusal?.message).toMatch(/^no support for the primary IP family "IPv6"/);
    expect(errors).toEqual([]);
  });

  it('logs in one line what is probably not meant so', () => {
    const { refusal, errors } = check(['IPv6'], { metricsBindAddress: { host: ip('127.0.0.1'), port: 10_249 } });
    expect(refusal).toBeUndefined();
    expect(errors).toEqual([
      [
        'Configuration may be incomplete or incorrect',
        'this node has IPv6 only, and metricsBindAddress is IPv4; nodePortAddresses has no IPv6 address',
      ],
    ]);
  });

  it('says nothing where all is well', () => {
    const all = check(['IPv6', 'IPv4'], { nodePortAddresses: 'primary' });
    expect(all).toEqual({ refusal: undefined, errors: [], infos: [] });
  });

  it.each<[string, ProxyConfig['localDetection']]>([
    ['a network of the primary family', { mode: 'ClusterCIDR', clusterCidrs: [cidr('10.244.0.0/16')] }],
    ['pod networks', { mode: 'NodeCIDR' }],
    ['an interface that can be one', { mode: 'BridgeInterface', interfaceName: 'not an interface' }],
  ])('says what follows from having no way to tell local traffic: without %s', (_name, localDetection) => {
    expect(check(['IPv6', 'IPv4'], { localDetection }).infos).toEqual([
      {
        family: 'IPv6',
        detectLocalMode: localDetection.mode,
        effect: 'of the traffic to cluster IPs only what the node sends itself is masqueraded',
      },
    ]);
  });
});
