import type { Endpoint } from '../kubernetes/objects/endpoint-slice.ts';
import type { RealServerKey } from '../model/real-server.ts';

/** An endpoint of one service port. */
export interface PortEndpoint {
  /** Key of the real server that it is. */
  readonly key: RealServerKey;
  readonly endpoint: Endpoint;
  readonly port: number;
  readonly local: boolean;
}

/** Which endpoints the two kinds of traffic policy use. */
export interface UsableEndpoints {
  /** For traffic of policy Cluster. */
  readonly cluster: readonly PortEndpoint[];
  /** For traffic of policy Local. */
  readonly local: readonly PortEndpoint[];
}

export interface TopologyFacts {
  readonly nodeName: string;
  readonly zone: string;
}

/**
 * Endpoints to send traffic to, for each traffic policy on its own: the ready ones, else those that are serving while
 * they terminate. Hints narrow the cluster list only. Source: EndpointSlice API, conditions and hints; KEP-1669, KEP-2433.
 */
export function usableEndpoints(endpoints: readonly PortEndpoint[], topology: TopologyFacts): UsableEndpoints {
  return { cluster: clusterEndpoints(endpoints, topology), local: localEndpoints(endpoints) };
}

function clusterEndpoints(endpoints: readonly PortEndpoint[], topology: TopologyFacts): readonly PortEndpoint[] {
  const ready = endpoints.filter(isReady);
  const hinted = ready.length > 0 ? applyHints(ready, topology) : ready;
  return hinted.length > 0 ? hinted : endpoints.filter(isServingTerminating);
}

function localEndpoints(endpoints: readonly PortEndpoint[]): readonly PortEndpoint[] {
  const local = endpoints.filter((candidate) => candidate.local);
  const ready = local.filter(isReady);
  return ready.length > 0 ? ready : local.filter(isServingTerminating);
}

function applyHints(ready: readonly PortEndpoint[], { nodeName, zone }: TopologyFacts): readonly PortEndpoint[] {
  return (
    hintedFor(ready, nodeName, (candidate) => candidate.endpoint.nodeHints) ??
    hintedFor(ready, zone, (candidate) => candidate.endpoint.zoneHints) ??
    ready
  );
}

/** Endpoints hinted for `place`; undefined when one of them has no hints or none names the place. */
function hintedFor(
  ready: readonly PortEndpoint[],
  place: string,
  hintsOf: (candidate: PortEndpoint) => readonly string[] | undefined,
): readonly PortEndpoint[] | undefined {
  if (place === '' || !ready.every((candidate) => (hintsOf(candidate)?.length ?? 0) > 0)) return undefined;
  const chosen = ready.filter((candidate) => hintsOf(candidate)?.includes(place));
  return chosen.length > 0 ? chosen : undefined;
}

function isReady(candidate: PortEndpoint): boolean {
  return candidate.endpoint.ready;
}

function isServingTerminating(candidate: PortEndpoint): boolean {
  return candidate.endpoint.serving && candidate.endpoint.terminating;
}
