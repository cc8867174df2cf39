import type { ProxyConfig } from '../config/config.ts';
import type { Node } from '../kubernetes/objects/node.ts';
import type { IpAddress, IpFamily } from '../model/ip.ts';
import type { NodeFacts } from './node-facts.ts';
import { familyOf, hostCidr, isInCidr, prefixLengthOf } from '../model/ip.ts';

export interface NodeInputs {
  readonly nodeName: string;
  /** This node as the API has it; undefined while unknown. */
  readonly node: Node | undefined;
  /** The other Nodes, as far as they are known; unless told otherwise the API server gives this one only. */
  readonly otherNodes?: readonly Node[];
  /** Addresses of API servers, as the endpoints of `default/kubernetes` have them. */
  readonly apiServers?: readonly IpAddress[];
  /** Addresses on the node's interfaces other than ours, without loopback and link-local ones. */
  readonly interfaceAddresses: readonly IpAddress[];
  readonly families: readonly IpFamily[];
  readonly config: Pick<ProxyConfig, 'bindAddress' | 'nodePortAddresses'>;
}

const loopback = { IPv4: '127.0.0.1' as IpAddress, IPv6: '::1' as IpAddress };

/** What planning needs to know about this node. Pure. Source: docs/behaviour.md, node addresses. */
export function planNode(inputs: NodeInputs): NodeFacts {
  const nodeIps = nodeIpsOf(inputs);
  return {
    nodeName: inputs.nodeName,
    zone: inputs.node?.zone ?? '',
    knownZones: knownZonesOf(inputs),
    families: inputs.families,
    nodeIps,
    nodePortAddresses: inputs.families.flatMap((family) => nodePortAddressesOf(family, nodeIps, inputs)),
    foreignAddresses: new Set([...inputs.interfaceAddresses, ...(inputs.node?.addresses ?? [])]),
    otherNodeAddresses: new Set([
      ...(inputs.otherNodes?.flatMap((node) => node.addresses) ?? []),
      ...(inputs.apiServers ?? []),
    ]),
  };
}

/** Whether planning with one or the other could give different plans. */
export function sameNodeFacts(a: NodeFacts, b: NodeFacts): boolean {
  return JSON.stringify(comparable(a)) === JSON.stringify(comparable(b));
}

function comparable(facts: NodeFacts): unknown {
  return {
    ...facts,
    knownZones: [...facts.knownZones].sort(),
    nodePortAddresses: [...facts.nodePortAddresses].sort(),
    foreignAddresses: [...facts.foreignAddresses].sort(),
    otherNodeAddresses: [...facts.otherNodeAddresses].sort(),
  };
}

function knownZonesOf({ node, otherNodes = [] }: NodeInputs): ReadonlySet<string> {
  const zones = [node, ...otherNodes].map((each) => each?.zone ?? '');
  return new Set(zones.filter((zone) => zone !== ''));
}

/** The node's own IP per family: a specific bind address, else the Node's first address, else loopback. */
function nodeIpsOf({ node, config }: NodeInputs): Record<IpFamily, IpAddress> {
  const ips = { ...loopback };
  for (const address of [...(node?.addresses ?? [])].reverse()) ips[familyOf(address)] = address;
  const isSpecific = config.bindAddress !== '0.0.0.0' && config.bindAddress !== '::';
  if (isSpecific) ips[familyOf(config.bindAddress)] = config.bindAddress;
  return ips;
}

function nodePortAddressesOf(
  family: IpFamily,
  nodeIps: Readonly<Record<IpFamily, IpAddress>>,
  { config, interfaceAddresses }: NodeInputs,
): readonly IpAddress[] {
  const candidates = interfaceAddresses.filter((address) => familyOf(address) === family);
  const cidrs = selectedCidrs(family, nodeIps, config);
  if (cidrs.length === 0 || cidrs.some((cidr) => prefixLengthOf(cidr) === 0)) return candidates;
  return candidates.filter((address) => cidrs.some((cidr) => isInCidr(address, cidr)));
}

function selectedCidrs(family: IpFamily, nodeIps: Readonly<Record<IpFamily, IpAddress>>, config: NodeInputs['config']) {
  if (config.nodePortAddresses !== 'primary') {
    return config.nodePortAddresses.filter((cidr) => familyOf(cidr) === family);
  }
  const nodeIp = nodeIps[family];
  return nodeIp === loopback[family] ? [] : [hostCidr(nodeIp)];
}
