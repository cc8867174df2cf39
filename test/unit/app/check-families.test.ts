import { describe, expect, it } from '@jest/globals';
import type { ProxyConfig } from '../../../src/config/config.ts';
import type { IpFamily } from '../../../src/model/ip.ts';
import { checkFamilies } from '../../../src/app/check-families.ts';
import { silentLog } from '../../../src/observe/log.ts';
import { cidr, ip, planConfig } from '../../support/builders.ts';

function check(families: readonly IpFamily[], changes: Partial<ProxyConfig> = {}) {
  const errors: unknown[] = [];
  const config = {
    bindAddress: ip('0.0.0.0'),
    nodePortAddresses: [cidr('192.168.0.0/24')],
    localDetection: { mode: 'NodeCIDR' },
    ipvs: planConfig().ipvs,
    ...changes,
  } as unknown as ProxyConfig; // what is looked at
  const refusal = checkFamilies({
    config,
    families,
    node: { name: 'node-1', addresses: [ip('fd00::1'), ip('192.168.0.10')], podCidrs: [], zone: '', leaving: false },
    log: { ...silentLog, error: (message, error) => errors.push([message, error]) },
  });
  return { refusal, errors };
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
    expect(check(['IPv6', 'IPv4'], { nodePortAddresses: 'primary' })).toEqual({ refusal: undefined, errors: [] });
  });
});
