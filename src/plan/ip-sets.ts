import type { IpFamily } from '../model/ip.ts';
import type { IpSet, IpSetName, IpSetType } from '../model/ip-set.ts';

/** What a set is for. Each role has one set per family. */
export type SetRole =
  | 'loopBack'
  | 'clusterIp'
  | 'externalIp'
  | 'externalIpLocal'
  | 'loadBalancer'
  | 'loadBalancerFirewall'
  | 'loadBalancerLocal'
  | 'loadBalancerSourceIp'
  | 'loadBalancerSourceCidr'
  | 'nodePortTcp'
  | 'nodePortLocalTcp'
  | 'nodePortUdp'
  | 'nodePortLocalUdp'
  | 'nodePortSctp'
  | 'nodePortLocalSctp'
  | 'healthCheckNodePort'
  | 'ipvsIps';

interface SetDescription {
  readonly name: string;
  readonly type: IpSetType;
  /** Comment of the packet filter rules that use the set; not stored in the set. */
  readonly comment: string;
}

const descriptions: Readonly<Record<SetRole, SetDescription>> = {
  loopBack: {
    name: 'KUBE-LOOP-BACK',
    type: 'hash:ip,port,ip',
    comment: 'Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose',
  },
  clusterIp: {
    name: 'KUBE-CLUSTER-IP',
    type: 'hash:ip,port',
    comment: 'Kubernetes service cluster ip + port for masquerade purpose',
  },
  externalIp: {
    name: 'KUBE-EXTERNAL-IP',
    type: 'hash:ip,port',
    comment: 'Kubernetes service external ip + port for masquerade and filter purpose',
  },
  externalIpLocal: {
    name: 'KUBE-EXTERNAL-IP-LOCAL',
    type: 'hash:ip,port',
    comment: 'Kubernetes service external ip + port with externalTrafficPolicy=local',
  },
  loadBalancer: { name: 'KUBE-LOAD-BALANCER', type: 'hash:ip,port', comment: 'Kubernetes service lb portal' },
  loadBalancerFirewall: {
    name: 'KUBE-LOAD-BALANCER-FW',
    type: 'hash:ip,port',
    comment: 'Kubernetes service load balancer ip + port for load balancer with sourceRange',
  },
  loadBalancerLocal: {
    name: 'KUBE-LOAD-BALANCER-LOCAL',
    type: 'hash:ip,port',
    comment: 'Kubernetes service load balancer ip + port with externalTrafficPolicy=local',
  },
  loadBalancerSourceIp: {
    name: 'KUBE-LOAD-BALANCER-SOURCE-IP',
    type: 'hash:ip,port,ip',
    comment: 'Kubernetes service load balancer ip + port + source IP for packet filter purpose',
  },
  loadBalancerSourceCidr: {
    name: 'KUBE-LOAD-BALANCER-SOURCE-CIDR',
    type: 'hash:ip,port,net',
    comment: 'Kubernetes service load balancer ip + port + source cidr for packet filter purpose',
  },
  nodePortTcp: {
    name: 'KUBE-NODE-PORT-TCP',
    type: 'bitmap:port',
    comment: 'Kubernetes nodeport TCP port for masquerade purpose',
  },
  nodePortLocalTcp: {
    name: 'KUBE-NODE-PORT-LOCAL-TCP',
    type: 'bitmap:port',
    comment: 'Kubernetes nodeport TCP port with externalTrafficPolicy=local',
  },
  nodePortUdp: {
    name: 'KUBE-NODE-PORT-UDP',
    type: 'bitmap:port',
    comment: 'Kubernetes nodeport UDP port for masquerade purpose',
  },
  nodePortLocalUdp: {
    name: 'KUBE-NODE-PORT-LOCAL-UDP',
    type: 'bitmap:port',
    comment: 'Kubernetes nodeport UDP port with externalTrafficPolicy=local',
  },
  nodePortSctp: {
    name: 'KUBE-NODE-PORT-SCTP-HASH',
    type: 'hash:ip,port',
    comment: "Kubernetes nodeport SCTP port for masquerade purpose with type 'hash ip:port'",
  },
  nodePortLocalSctp: {
    name: 'KUBE-NODE-PORT-LOCAL-SCTP-HASH',
    type: 'hash:ip,port',
    comment: "Kubernetes nodeport SCTP port with externalTrafficPolicy=local with type 'hash ip:port'",
  },
  healthCheckNodePort: {
    name: 'KUBE-HEALTH-CHECK-NODE-PORT',
    type: 'bitmap:port',
    comment: 'Kubernetes health check node port',
  },
  ipvsIps: { name: 'KUBE-IPVS-IPS', type: 'hash:ip', comment: 'Addresses on the ipvs interface' },
};

/** Most entries of a set, the same as upstream's so that either side accepts the other's sets. */
const maxElements = 65_536;

/** Longest set name that the kernel takes. */
const maxNameLength = 31;

export const setRoles = Object.keys(descriptions) as readonly SetRole[];

const catalogue: Readonly<Record<IpFamily, ReadonlyMap<SetRole, IpSet>>> = {
  IPv4: new Map(setRoles.map((role) => [role, describeSet(role, 'IPv4')])),
  IPv6: new Map(setRoles.map((role) => [role, describeSet(role, 'IPv6')])),
};

/** The set of a role and family, named and shaped as upstream makes it. */
export function ipSetFor(role: SetRole, family: IpFamily): IpSet {
  return catalogue[family].get(role) as IpSet;
}

/** All seventeen sets of a family. */
export function allIpSets(family: IpFamily): readonly IpSet[] {
  return [...catalogue[family].values()];
}

/** Comment of the rules that match on the set. */
export function setComment(role: SetRole): string {
  return descriptions[role].comment;
}

function describeSet(role: SetRole, family: IpFamily): IpSet {
  const { name, type } = descriptions[role];
  const familyName = family === 'IPv4' ? name : name.replace(/^KUBE-/, 'KUBE-6-').slice(0, maxNameLength);
  const set = { name: familyName as IpSetName, type, maxElements };
  return type === 'bitmap:port' ? set : { ...set, family };
}
