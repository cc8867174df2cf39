import { describe, expect, it } from '@jest/globals';
import { servicePortOf } from '../../../../src/app/rounds/service-port-of.ts';
import type { Protocol } from '../../../../src/model/service-key.ts';
import { aService, ip } from '../../../support/builders.ts';

const ports = [
  { name: 'http', protocol: 'TCP', port: 80, nodePort: 30080 },
  { name: 'odd', protocol: 'TCP', port: 30080, nodePort: 30081 },
  { name: 'dns', protocol: 'UDP', port: 80, nodePort: 0 },
] as const;
const web = aService({ clusterIps: [ip('10.96.0.1')], externalIps: [ip('192.0.2.1')], ports });

describe('servicePortOf', () => {
  it.each<[string, Protocol, number, string | undefined]>([
    ['10.96.0.1', 'TCP', 80, 'http'],
    ['10.96.0.1', 'UDP', 80, 'dns'],
    ['192.168.7.1', 'TCP', 30081, 'odd'],
    // A port of its own on addresses of the Service, the node port of another one elsewhere.
    ['10.96.0.1', 'TCP', 30080, 'odd'],
    ['192.0.2.1', 'TCP', 30080, 'odd'],
    ['192.168.7.1', 'TCP', 30080, 'http'],
    ['10.96.0.1', 'SCTP', 80, undefined],
    ['10.96.0.1', 'TCP', 81, undefined],
  ])('%s %s %i', (address, protocol, port, expected) => {
    expect(servicePortOf(web, { kind: 'address', address: ip(address), protocol, port })?.name).toBe(expected);
  });

  it('has none for a firewall mark', () => {
    expect(servicePortOf(web, { kind: 'firewallMark', firewallMark: 80, family: 'IPv4' })).toBeUndefined();
  });
});
