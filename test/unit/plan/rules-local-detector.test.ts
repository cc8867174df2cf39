import { describe, expect, it } from '@jest/globals';
import type { LocalDetection } from '../../../src/config/config.ts';
import type { Cidr } from '../../../src/model/ip.ts';
import { detectLocal } from '../../../src/plan/rules-local-detector.ts';

const cidrs = ['fd00:10:244::/56', '10.244.0.0/16', '10.245.0.0/16'] as Cidr[];

describe('detectLocal', () => {
  it.each<[string, LocalDetection, 'IPv4' | 'IPv6', string | undefined]>([
    ['first cluster CIDR of IPv4', { mode: 'ClusterCIDR', clusterCidrs: cidrs }, 'IPv4', '! -s 10.244.0.0/16'],
    ['first cluster CIDR of IPv6', { mode: 'ClusterCIDR', clusterCidrs: cidrs }, 'IPv6', '! -s fd00:10:244::/56'],
    ['no cluster CIDR of the family', { mode: 'ClusterCIDR', clusterCidrs: cidrs.slice(1) }, 'IPv6', undefined],
    ['no cluster CIDR', { mode: 'ClusterCIDR', clusterCidrs: [] }, 'IPv4', undefined],
    ['pod CIDR of the node', { mode: 'NodeCIDR' }, 'IPv4', '! -s 10.1.2.0/24'],
    ['no pod CIDR of the family', { mode: 'NodeCIDR' }, 'IPv6', undefined],
    ['bridge', { mode: 'BridgeInterface', interfaceName: 'cbr0' }, 'IPv6', '! -i cbr0'],
    ['prefix', { mode: 'InterfaceNamePrefix', interfacePrefix: 'veth' }, 'IPv4', '! -i veth+'],
    [
      'prefix as long as a whole name',
      { mode: 'InterfaceNamePrefix', interfacePrefix: 'a23456789012345' },
      'IPv4',
      '! -i a23456789012345',
    ],
    ['bridge that is too long', { mode: 'BridgeInterface', interfaceName: 'a234567890123456' }, 'IPv4', undefined],
    ['bridge with a line break', { mode: 'BridgeInterface', interfaceName: 'a\n-F' }, 'IPv4', undefined],
    ['empty bridge', { mode: 'BridgeInterface', interfaceName: '' }, 'IPv4', undefined],
  ])('%s', (_name, detection, family, expected) => {
    expect(detectLocal(detection, family, ['10.1.2.0/24' as Cidr])).toBe(expected);
  });
});
