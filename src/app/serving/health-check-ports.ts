import type { ProxyConfig } from '../../config/config.ts';
import type { Service } from '../../kubernetes/objects/service.ts';
import type { IpFamily } from '../../model/ip.ts';
import type { ServiceKey } from '../../model/service-key.ts';
import type { ServiceHealthPort, ServiceHealthServers } from '../../observe/service-health.ts';
import type { NodeFacts } from '../../plan/node-facts.ts';
import type { ServicePlan } from '../../plan/service-plan.ts';
import type { PlannedService } from '../rounds/plan-follower.ts';
import { familyOf, isLoopback, prefixLengthOf } from '../../model/ip.ts';

/** The servers of each family that works on this node. */
export type HealthServersByFamily = ReadonlyMap<IpFamily, ServiceHealthServers>;

/** Keeps the health ports of Services as their plans say. */
export class HealthCheckPorts {
  readonly #servers: HealthServersByFamily;
  readonly #config: Pick<ProxyConfig, 'nodePortAddresses'>;

  constructor(servers: HealthServersByFamily, config: Pick<ProxyConfig, 'nodePortAddresses'>) {
    this.#servers = servers;
    this.#config = config;
  }

  /** Takes note of a plan; `settle` acts on it. */
  follow({ key, service, plan }: PlannedService): void {
    for (const [family, servers] of this.#servers) {
      if (service === undefined || plan === undefined || !hasHealthPort(service, plan, family)) servers.withdraw(key);
      else servers.serve(portOf(key, service, plan), plan.localReadyEndpoints[family]);
    }
  }

  /** Opens and closes ports. */
  async settle(facts: NodeFacts): Promise<void> {
    const settled = [...this.#servers].map(([family, servers]) => {
      servers.listenOn(healthHosts(family, facts, this.#config));
      return servers.settle();
    });
    await Promise.all(settled);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((servers) => servers.close()));
  }
}

/** Only the families in which the Service has a cluster IP are served. */
function hasHealthPort(service: Service, plan: ServicePlan, family: IpFamily): boolean {
  return plan.healthCheckNodePort !== 0 && service.clusterIps.some((address) => familyOf(address) === family);
}

function portOf(key: ServiceKey, { namespace, name }: Service, plan: ServicePlan): ServiceHealthPort {
  return { service: key, namespace, name, port: plan.healthCheckNodePort };
}

/**
 * Where the health ports of a family listen: on the addresses that serve node ports, or on the wildcard of the family
 * where the configuration selects all. Pure.
 */
export function healthHosts(
  family: IpFamily,
  facts: Pick<NodeFacts, 'nodeIps' | 'nodePortAddresses'>,
  config: Pick<ProxyConfig, 'nodePortAddresses'>,
): readonly string[] {
  if (selectsAll(family, facts, config)) return [family === 'IPv4' ? '0.0.0.0' : '::'];
  return facts.nodePortAddresses.filter((address) => familyOf(address) === family).sort();
}

/** No range of the family selects all of its addresses, as one that holds every address does. */
function selectsAll(
  family: IpFamily,
  { nodeIps }: Pick<NodeFacts, 'nodeIps'>,
  { nodePortAddresses }: Pick<ProxyConfig, 'nodePortAddresses'>,
): boolean {
  if (nodePortAddresses === 'primary') return isLoopback(nodeIps[family]);
  const ofFamily = nodePortAddresses.filter((cidr) => familyOf(cidr) === family);
  return ofFamily.length === 0 || ofFamily.some((cidr) => prefixLengthOf(cidr) === 0);
}
