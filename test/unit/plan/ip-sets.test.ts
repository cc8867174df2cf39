import { describe, expect, it } from '@jest/globals';
import { allIpSets, ipSetFor, setComment, setRoles } from '../../../src/plan/ip-sets.ts';

describe('the catalogue of sets', () => {
  it('names the seventeen IPv4 sets as upstream does', () => {
    expect(allIpSets('IPv4').map(({ name, type }) => `${name} ${type}`)).toEqual([
      'KUBE-LOOP-BACK hash:ip,port,ip',
      'KUBE-CLUSTER-IP hash:ip,port',
      'KUBE-EXTERNAL-IP hash:ip,port',
      'KUBE-EXTERNAL-IP-LOCAL hash:ip,port',
      'KUBE-LOAD-BALANCER hash:ip,port',
      'KUBE-LOAD-BALANCER-FW hash:ip,port',
      'KUBE-LOAD-BALANCER-LOCAL hash:ip,port',
      'KUBE-LOAD-BALANCER-SOURCE-IP hash:ip,port,ip',
      'KUBE-LOAD-BALANCER-SOURCE-CIDR hash:ip,port,net',
      'KUBE-NODE-PORT-TCP bitmap:port',
      'KUBE-NODE-PORT-LOCAL-TCP bitmap:port',
      'KUBE-NODE-PORT-UDP bitmap:port',
      'KUBE-NODE-PORT-LOCAL-UDP bitmap:port',
      'KUBE-NODE-PORT-SCTP-HASH hash:ip,port',
      'KUBE-NODE-PORT-LOCAL-SCTP-HASH hash:ip,port',
      'KUBE-HEALTH-CHECK-NODE-PORT bitmap:port',
      'KUBE-IPVS-IPS hash:ip',
    ]);
  });

  it('cuts IPv6 names to the 31 characters that the kernel takes', () => {
    const names = allIpSets('IPv6').map(({ name }) => name);
    expect(names.filter((name) => name.length === 31)).toEqual([
      'KUBE-6-LOAD-BALANCER-SOURCE-CID',
      'KUBE-6-NODE-PORT-LOCAL-SCTP-HAS',
    ]);
    expect(names.every((name) => name.startsWith('KUBE-6-') && name.length <= 31)).toBe(true);
  });

  it('has no name twice in both families together', () => {
    const names = [...allIpSets('IPv4'), ...allIpSets('IPv6')].map(({ name }) => name);
    expect(new Set(names).size).toBe(34);
  });

  it('gives the family to all but the sets of ports, and room for 65536 entries to each', () => {
    for (const set of allIpSets('IPv6')) {
      expect(set.maxElements).toBe(65_536);
      expect(set.family).toBe(set.type === 'bitmap:port' ? undefined : 'IPv6');
    }
  });

  it('gives one and the same set for a role and family', () => {
    expect(setRoles).toHaveLength(17);
    expect(ipSetFor('clusterIp', 'IPv6')).toBe(ipSetFor('clusterIp', 'IPv6'));
    expect(ipSetFor('clusterIp', 'IPv6').name).toBe('KUBE-6-CLUSTER-IP');
  });

  it('has a comment of its own for each role', () => {
    expect(new Set(setRoles.map(setComment)).size).toBe(17);
  });
});
