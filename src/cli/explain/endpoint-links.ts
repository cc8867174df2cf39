import type { EndpointFacts, ExplainFacts, PathFacts, PortFacts, ServiceFacts } from './facts.ts';
import { broken, counted, type Link, ok, suspect } from './link.ts';

const name = 'endpoints';

/** The endpoints of each port: are there any, and are there any for the policies of the Service? */
export function endpointLinks(facts: ExplainFacts): readonly Link[] {
  const { service } = facts;
  if (service === undefined) return [];
  return facts.ports.map((port) => portLink(service, port, facts));
}

function portLink(service: ServiceFacts, port: PortFacts, facts: ExplainFacts): Link {
  const { endpoints } = port;
  const problem = emptyLink(service, port) ?? unusableLink(service, port) ?? policyLink(service, port, facts);
  if (problem !== undefined) return problem;
  const used = endpoints.filter(({ usedCluster, usedLocal }) => usedCluster || usedLocal).length;
  const rest = endpoints.length - used;
  const out = rest === 0 ? '' : `, ${rest} not used: ${reasons(endpoints)}`;
  return ok(name, `port ${portName(port)}: ${used} of ${endpoints.length} used${out}`);
}

function emptyLink(service: ServiceFacts, { endpoints, slicePorts, ...port }: PortFacts): Link | undefined {
  if (endpoints.length > 0) return undefined;
  if (service.slices === 0) {
    const remedy = 'its selector has to match the labels of Pods, or somebody has to make EndpointSlices for it';
    return broken(name, `Service ${service.key} has no EndpointSlice`, remedy);
  }
  if (slicePorts.length > 0) {
    const found = [...new Set(slicePorts)].map((each) => JSON.stringify(each)).join(', ');
    const remedy = 'the targetPort has to be the name of a containerPort of its Pods, and names of ports have to agree';
    return broken(
      name,
      `The EndpointSlices have ports ${found} and none ${JSON.stringify(port.name)} of ${port.protocol}`,
      remedy,
    );
  }
  const remedy = 'no Pod matches its selector, or none has an address yet; look at kubectl get pods with its selector';
  return broken(name, `Service ${service.key} has no endpoint for port ${portName(port)}`, remedy);
}

function unusableLink(service: ServiceFacts, { endpoints, ...port }: PortFacts): Link | undefined {
  if (endpoints.some(({ ready }) => ready)) return undefined;
  if (endpoints.some(({ serving, terminating }) => serving && terminating)) return undefined;
  const count = endpoints.length === 1 ? 'The only endpoint' : `None of the ${endpoints.length} endpoints`;
  const verb = endpoints.length === 1 ? 'is not ready' : 'is ready';
  const remedy = 'their readiness probes fail or they are only starting; look at kubectl describe pod';
  return broken(name, `${count} of port ${portName(port)} of ${service.key} ${verb}`, remedy);
}

/** Policy Local is exact for inside; for outside it falls back to other nodes, whose answers some clients do not get. */
function policyLink(service: ServiceFacts, { endpoints, ...port }: PortFacts, facts: ExplainFacts): Link | undefined {
  const hasLocal = endpoints.some(({ usedLocal }) => usedLocal);
  if (hasLocal) return undefined;
  const own = facts.paths.filter((path) => path.portName === port.name);
  const inside = own.filter(({ kind }) => kind === 'cluster IP');
  const outside = own.filter(({ kind }) => kind !== 'cluster IP');
  const where = `no endpoint of port ${portName(port)} is on node ${facts.node}`;
  if (service.internalPolicy === 'Local' && inside.length > 0) {
    const remedy = 'run a Pod of it on this node, or set internalTrafficPolicy to Cluster';
    return broken(name, `The internal traffic policy of ${service.key} is Local and ${where}`, remedy);
  }
  if (service.externalPolicy !== 'Local' || outside.length === 0) return undefined;
  const remedy =
    'come in through a node that has one, as load balancers do that ask the health check port, or set externalTrafficPolicy to Cluster';
  const what = `The external traffic policy of ${service.key} is Local and ${where}`;
  return isDropped(outside) || facts.client?.kind === 'outside'
    ? broken(name, what, remedy)
    : suspect(name, what, remedy);
}

function isDropped(paths: readonly PathFacts[]): boolean {
  return paths.every(({ wanted }) => wanted.length === 0);
}

function reasons(endpoints: readonly EndpointFacts[]): string {
  const counts = new Map<string, number>();
  for (const endpoint of endpoints) {
    const reason = whyUnused(endpoint);
    if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => `${count} ${reason}`).join(', ');
}

/** Why an endpoint gets nothing new; undefined for one that does. */
export function whyUnused(endpoint: EndpointFacts): string | undefined {
  if (endpoint.usedCluster || endpoint.usedLocal) return undefined;
  if (endpoint.terminating) return endpoint.serving ? 'terminating, and others are ready' : 'terminating';
  if (!endpoint.ready) return 'not ready';
  if (endpoint.nodeHints !== undefined || endpoint.zoneHints !== undefined) {
    const places = [...(endpoint.nodeHints ?? []), ...(endpoint.zoneHints ?? [])];
    return `hinted for ${places.join(' ')}`;
  }
  return 'on another node';
}

function portName({ name: given, port, protocol }: Pick<PortFacts, 'name' | 'port' | 'protocol'>): string {
  return given === '' ? `${port}/${protocol}` : `${given} (${port}/${protocol})`;
}

/** What came of connections to the Pods themselves. */
export function answerLinks({ ports }: ExplainFacts): readonly Link[] {
  const tried = ports.flatMap((port) => port.endpoints.filter(({ answer }) => answer !== undefined));
  if (tried.length === 0) return [];
  const pods = 'Pods';
  const bad = tried.find(({ answer }) => answer !== 'open');
  const open = tried.filter(({ answer }) => answer === 'open').length;
  if (bad === undefined) return [ok(pods, `${counted(tried.length, 'endpoint')} tried, all accept connections`)];
  const report = open === 0 ? broken : suspect;
  const many = tried.length === 1 ? '' : ` (${open} of ${tried.length} accept them)`;
  if (bad.answer === 'refused') {
    const remedy = 'nothing listens there, so compare the targetPort with the port that its program listens on';
    return [report(pods, `The Pod at ${bad.key} refuses connections${many}`, remedy)];
  }
  const remedy = 'look at the network between this node and that Pod: routes, tunnel, network policy, firewall, MTU';
  return [report(pods, `The Pod at ${bad.key} cannot be reached from this node${many}`, remedy)];
}
