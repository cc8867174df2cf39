import type { Service } from '../kubernetes/objects/service.ts';

/** Whether load balancers are to ask each node for local endpoints. */
export function isLocalLoadBalancer({ type, externalTrafficPolicy }: Service): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

/** External policy Local counts where external traffic can come at all. */
export function isExternalPolicyLocal(service: Service): boolean {
  if (service.externalTrafficPolicy !== 'Local') return false;
  return service.type !== 'ClusterIP' || service.externalIps.length > 0;
}
