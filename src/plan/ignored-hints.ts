import type { PortEndpoint, TopologyFacts } from './usable-endpoints.ts';

/** Hints of endpoints of one service port that do not count on this node. */
export interface IgnoredHints {
  /** As kube-proxy has it: 2 where all endpoints have such hints, 7 where one has none. */
  readonly verbosity: 2 | 7;
  readonly kind: 'node' | 'zone';
  /** In words. */
  readonly reason: string;
}

/**
 * Why `usableEndpoints` does not look at hints that there are; nothing where they count, or where there are none. Zone
 * hints are not asked where those for nodes count. Pure.
 */
export function ignoredHints(
  endpoints: readonly PortEndpoint[],
  { nodeName, zone }: TopologyFacts,
): readonly IgnoredHints[] {
  const ready = endpoints.flatMap(({ endpoint }) => (endpoint.ready ? [endpoint] : []));
  const forNodes = fateOf(
    ready.map(({ nodeHints }) => nodeHints ?? []),
    nodeName,
  );
  if (forNodes === 'used') return [];
  const forZones = fateOf(
    ready.map(({ zoneHints }) => zoneHints ?? []),
    zone,
  );
  const unnamed = zone === '' ? 'this node has no zone' : 'no endpoint is hinted for the zone of this node';
  return [...ignored('node', forNodes, 'no endpoint is hinted for this node'), ...ignored('zone', forZones, unnamed)];
}

type Fate = 'none' | 'incomplete' | 'unnamed' | 'used';

/** What becomes of hints of one kind: a list for each ready endpoint. */
function fateOf(hints: readonly (readonly string[])[], place: string): Fate {
  if (hints.every((each) => each.length === 0)) return 'none';
  if (hints.some((each) => each.length === 0)) return 'incomplete';
  return place !== '' && hints.some((each) => each.includes(place)) ? 'used' : 'unnamed';
}

function ignored(kind: IgnoredHints['kind'], fate: Fate, unnamed: string): readonly IgnoredHints[] {
  if (fate === 'unnamed') return [{ verbosity: 2, kind, reason: unnamed }];
  if (fate === 'incomplete') return [{ verbosity: 7, kind, reason: 'an endpoint has no such hint' }];
  return [];
}
