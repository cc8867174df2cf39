import type { EndpointFacts, ExplainFacts, PathFacts, PortFacts, ServiceFacts } from '../../cli/explain/facts.ts';
import type { ClusterTables } from '../../cluster/tables.ts';
import type { Service, ServicePort } from '../../kubernetes/objects/service.ts';
import { familyOf, type IpAddress, type IpFamily } from '../../model/ip.ts';
import type { ServiceKey } from '../../model/service-key.ts';
import type { NodeFacts } from '../../plan/node-facts.ts';
import { ipSetFor } from '../../plan/ip-sets.ts';
import { portEndpoints } from '../../plan/port-endpoints.ts';
import type { PlannedSetEntry, PlannedVirtualServer, ServicePlan } from '../../plan/service-plan.ts';
import { usableEndpoints } from '../../plan/usable-endpoints.ts';
import type { FoundService } from './find-service.ts';

/** What the object says. */
export function serviceFacts(service: Service, found: FoundService): ServiceFacts {
  return {
    key: service.key,
    type: service.type,
    isHeadless: service.type !== 'ExternalName' && service.clusterIps.length === 0,
    proxyName: found.proxyName,
    internalPolicy: service.internalTrafficPolicy,
    externalPolicy: service.externalTrafficPolicy,
    problems: found.problems.filter((problem) => !problem.endsWith('ignored')),
    sourceRanges: service.loadBalancerSourceRanges,
    slices: found.tables.slicesOf(service.key).length,
  };
}

/** Every port of the Service in each of its families, with its endpoints and what uses them. */
export function portFacts(service: Service, tables: ClusterTables, node: NodeFacts): readonly PortFacts[] {
  const families = service.clusterIps.map(familyOf);
  return service.ports.flatMap((port) => families.map((family) => onePort(service, port, family, tables, node)));
}

function onePort(
  service: Service,
  port: ServicePort,
  family: IpFamily,
  tables: ClusterTables,
  node: NodeFacts,
): PortFacts {
  const slices = tables.slicesOf(service.key).filter((slice) => slice.family === family);
  const endpoints = [...portEndpoints(slices, port, family, node.nodeName).values()];
  const usable = usableEndpoints(endpoints, node);
  const keysOf = (list: typeof usable.cluster) => new Set(list.map(({ key }) => key));
  const [cluster, local] = [keysOf(usable.cluster), keysOf(usable.local)];
  return {
    name: port.name,
    port: port.port,
    protocol: port.protocol,
    family,
    slicePorts: slices.flatMap((slice) => slice.ports.map(({ name }) => name)),
    endpoints: endpoints.map(({ key, endpoint, local: isLocal }): EndpointFacts => {
      const { ready, serving, terminating, nodeName, zoneHints, nodeHints } = endpoint;
      return {
        key,
        ready,
        serving,
        terminating,
        nodeName,
        local: isLocal,
        ...(zoneHints && { zoneHints }),
        ...(nodeHints && { nodeHints }),
        usedCluster: cluster.has(key),
        usedLocal: local.has(key),
      };
    }),
  };
}

/** A path as it is wanted; the kernel's part is looked up afterwards. */
export type WantedPath = Omit<PathFacts, 'kernel' | 'bound' | 'onNode' | 'entries'> & {
  readonly planned: PlannedVirtualServer | undefined;
  readonly plannedEntries: readonly PlannedSetEntry[];
};

/** Every address and port of the Service that this node is to serve, and those that it is not to, with the reason. */
export function wantedPaths(
  service: Service,
  plan: ServicePlan,
  holderOf: (planned: PlannedVirtualServer) => ServiceKey | undefined,
): readonly WantedPath[] {
  const served = plan.virtualServers.flatMap((planned): readonly WantedPath[] => {
    const { identity, scheduler, persistenceTimeoutSeconds } = planned.virtualServer;
    if (identity.kind !== 'address') return [];
    const { address, port, protocol } = identity;
    const kind = kindOf(service, address);
    const own = service.ports.find((each) => each.protocol === protocol && portOf(each, kind) === port);
    const holder = holderOf(planned);
    return [
      {
        kind,
        address,
        port,
        protocol,
        portName: own?.name ?? '',
        ...(holder !== undefined && holder !== plan.key && { heldBy: holder }),
        scheduler,
        persistenceSeconds: persistenceTimeoutSeconds,
        wanted: planned.realServers.map(({ key }) => key),
        waiting: [...planned.waiting],
        toBeBound: plan.boundAddresses.includes(address),
        planned,
        plannedEntries: entriesOf(plan, address, port, planned),
      },
    ];
  });
  return [...served, ...unservedPaths(service, plan)];
}

function portOf(port: ServicePort, kind: PathFacts['kind']): number {
  return kind === 'node port' ? port.nodePort : port.port;
}

function kindOf({ clusterIps, externalIps, loadBalancerIps }: Service, address: IpAddress): PathFacts['kind'] {
  if (clusterIps.includes(address)) return 'cluster IP';
  if (loadBalancerIps.includes(address)) return 'load balancer IP';
  return externalIps.includes(address) ? 'external IP' : 'node port';
}

/** Addresses of the Service that have no virtual server, where the plan says why. */
function unservedPaths(service: Service, plan: ServicePlan): readonly WantedPath[] {
  const addresses = [...service.clusterIps, ...service.externalIps, ...service.loadBalancerIps];
  const served = new Set(
    plan.virtualServers.flatMap(({ virtualServer: { identity } }) =>
      identity.kind === 'address' ? [identity.address] : [],
    ),
  );
  return addresses.flatMap((address) => {
    const note = plan.notes.find(({ message }) => message.startsWith(`${address} `));
    const [port] = service.ports;
    if (served.has(address) || note === undefined || port === undefined) return [];
    return [
      {
        kind: kindOf(service, address),
        address,
        port: port.port,
        protocol: port.protocol,
        portName: port.name,
        notServed: note.message,
        scheduler: '',
        persistenceSeconds: 0,
        wanted: [],
        waiting: [],
        toBeBound: false,
        planned: undefined,
        plannedEntries: [],
      },
    ];
  });
}

/** Entries on the address, on the node port, and for the Pods of this node that are behind it. */
function entriesOf(
  plan: ServicePlan,
  address: IpAddress,
  port: number,
  { realServers }: PlannedVirtualServer,
): readonly PlannedSetEntry[] {
  const servers = new Set(realServers.map((server) => `${server.address} ${server.port}`));
  return plan.setEntries.filter(({ entry, role, family }) => {
    if (family !== familyOf(address)) return false;
    if (entry.type === 'bitmap:port') return entry.port === port && role !== 'healthCheckNodePort';
    if (role === 'loopBack' && entry.type === 'hash:ip,port,ip') return servers.has(`${entry.address} ${entry.port}`);
    return entry.address === address && (!('port' in entry) || entry.port === port);
  });
}

/** Names of the sets that the entries are in. */
export function setNamesOf(paths: readonly WantedPath[]): readonly string[] {
  const names = paths.flatMap(({ plannedEntries }) =>
    plannedEntries.map(({ role, family }) => ipSetFor(role, family).name),
  );
  return [...new Set(names)];
}

/** Whether the client is a Pod, this node, or somebody else. */
export function clientFacts(
  address: IpAddress,
  ports: readonly PortFacts[],
  node: NodeFacts,
  isInPodNetwork: (address: IpAddress) => boolean,
): NonNullable<ExplainFacts['client']> {
  const own = ports.flatMap(({ endpoints }) => endpoints).filter(({ key }) => addressOf(key) === address);
  const isPod = own.length > 0 || isInPodNetwork(address);
  const kind = node.foreignAddresses.has(address) ? 'node' : isPod ? 'pod' : 'outside';
  return { address, kind, isLocalEndpoint: own.some(({ local }) => local) };
}

/** The address of `address:port`. */
export function addressOf(key: string): string {
  return key.slice(0, key.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}
