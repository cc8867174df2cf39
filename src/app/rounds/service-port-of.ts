import type { Service, ServicePort } from '../../kubernetes/objects/service.ts';
import type { VirtualServerIdentity } from '../../model/virtual-server.ts';

/** The port of a Service that a virtual server of its stands for; undefined for one that it does not have any more. */
export function servicePortOf(service: Service, identity: VirtualServerIdentity): ServicePort | undefined {
  if (identity.kind !== 'address') return undefined;
  const { address, port, protocol } = identity;
  const ofProtocol = service.ports.filter((each) => each.protocol === protocol);
  const own = ofProtocol.find((each) => each.port === port);
  const onNodes = ofProtocol.find((each) => each.nodePort === port);
  if (own === undefined || onNodes === undefined) return own ?? onNodes;
  const addresses = [...service.clusterIps, ...service.externalIps, ...service.loadBalancerIps];
  return addresses.includes(address) ? own : onNodes;
}
