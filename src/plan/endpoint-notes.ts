import type { EndpointSlice } from '../kubernetes/objects/endpoint-slice.ts';
import type { NodeFacts } from './node-facts.ts';
import type { PlanNote } from './service-plan.ts';
import { unpackPlaces } from '../model/packed-places.ts';

/** The kernel goes through the real servers of a virtual server one by one when one is added, changed or taken away. */
const manyEndpoints = 10_000;
/** Names in one note. */
const shownZones = 3;

/**
 * What is odd about the endpoints of a Service that takes connections: slices are those of one family. Nothing that
 * follows from it changes what is planned. Costs a look at each slice, and one at each endpoint where all have zone
 * hints and none is for the zone of this node. Pure.
 */
export function endpointNotes(
  slices: readonly EndpointSlice[],
  node: Pick<NodeFacts, 'knownZones'>,
): readonly PlanNote[] {
  const notes: PlanNote[] = [];
  let endpoints = 0;
  let withoutPorts = false;
  for (const slice of slices) {
    endpoints += slice.endpoints.length;
    withoutPorts ||= slice.ports.length === 0 && slice.endpoints.length > 0;
  }
  if (withoutPorts) {
    const message = 'an EndpointSlice has endpoints and no port that can be used: its endpoints get no connections';
    notes.push({ code: 'sliceWithoutPorts', message });
  }
  if (endpoints > manyEndpoints) {
    const message = `more than ${manyEndpoints} endpoints: all are served, but each change takes the kernel longer`;
    notes.push({ code: 'manyEndpoints', message });
  }
  const zones = unknownHintedZones(slices, node.knownZones);
  if (zones.length > 0) {
    const named = zones.slice(0, shownZones).map((zone) => JSON.stringify(zone));
    const message = `endpoints are hinted for zones that are not known (${named.join(', ')}): all endpoints are used`;
    notes.push({ code: 'hintsForUnknownZones', message });
  }
  return notes;
}

/**
 * Zones that ready endpoints are hinted for, in name order, where all have such hints and not one zone is known: as that
 * of a Node, or as the place of an endpoint. None where nothing is known to compare with.
 */
function unknownHintedZones(slices: readonly EndpointSlice[], knownZones: ReadonlySet<string>): readonly string[] {
  const hinted = hintedZones(slices);
  if (hinted === undefined) return [];
  for (const zone of hinted) if (knownZones.has(zone)) return [];
  let isAnyKnown = knownZones.size > 0;
  for (const { places } of slices) {
    for (const { zone } of unpackPlaces(places)) {
      if (hinted.has(zone)) return [];
      isAnyKnown ||= zone !== '';
    }
  }
  return isAnyKnown ? [...hinted].sort() : [];
}

/** All zones that ready endpoints are hinted for; undefined when one of them has no such hint, or none is ready. */
function hintedZones(slices: readonly EndpointSlice[]): ReadonlySet<string> | undefined {
  const hinted = new Set<string>();
  let lists: readonly string[] | undefined;
  for (const { endpoints } of slices) {
    for (const { ready, zoneHints } of endpoints) {
      if (!ready || (zoneHints !== undefined && zoneHints === lists)) continue; // equal lists are one object
      if (zoneHints === undefined || zoneHints.length === 0) return undefined;
      for (const zone of zoneHints) hinted.add(zone);
      lists = zoneHints;
    }
  }
  return hinted.size > 0 ? hinted : undefined;
}
