import type { Endpoint, EndpointSlice } from '../../../src/kubernetes/objects/endpoint-slice.ts';
import { describe, expect, it } from '@jest/globals';
import { packPlaces } from '../../../src/model/packed-places.ts';
import { endpointNotes } from '../../../src/plan/endpoint-notes.ts';
import { planService } from '../../../src/plan/plan-service.ts';
import { aService, aSlice, anEndpoint, nodeFacts, planConfig } from '../../support/builders.ts';

const inZoneA = { knownZones: new Set(['a']) };
const codes = (slices: readonly EndpointSlice[], node = inZoneA) => endpointNotes(slices, node).map(({ code }) => code);

/** Endpoints with these hints, each in the zone of the same place in `zones`. */
function hinted(hints: readonly (readonly string[])[], zones: readonly string[] = [], changes: Partial<Endpoint> = {}) {
  const endpoints = hints.map((zoneHints, n) => anEndpoint(`10.244.2.${n + 1}`, { zoneHints, ...changes }));
  return aSlice(endpoints, { places: packPlaces(zones.map((zone) => ({ pod: '', zone }))) });
}

describe('slices without ports', () => {
  const endpoints = [anEndpoint('10.244.2.1')];

  it.each<[string, EndpointSlice[], string[]]>([
    [
      'one that has endpoints, once',
      [aSlice(endpoints, { ports: [] }), aSlice(endpoints, { ports: [] })],
      ['sliceWithoutPorts'],
    ],
    ['one beside a slice with ports', [aSlice(endpoints), aSlice(endpoints, { ports: [] })], ['sliceWithoutPorts']],
    ['none of a Service without endpoints', [aSlice([], { ports: [] })], []],
  ])('are told: %s', (_name, slices, expected) => {
    expect(codes(slices)).toEqual(expected);
  });

  it('are told only of families in which the Service takes connections', () => {
    const notesOf = (slice: EndpointSlice) =>
      planService({ service: aService(), slices: [slice] }, nodeFacts(), planConfig()).notes.map(({ code }) => code);
    expect(notesOf(aSlice(endpoints, { ports: [] }))).toEqual(['sliceWithoutPorts']);
    expect(notesOf(aSlice([anEndpoint('fd00:244::1')], { ports: [] }))).toEqual([]);
  });
});

describe('very many endpoints', () => {
  const slices = (count: number) => {
    const endpoint = anEndpoint('10.244.2.1');
    return [aSlice(Array.from({ length: count - 1 }, () => endpoint)), aSlice([endpoint])];
  };

  it('are told from ten thousand on', () => {
    expect([codes(slices(10_000)), codes(slices(10_001))]).toEqual([[], ['manyEndpoints']]);
  });
});

describe('hints for zones that are not known', () => {
  it('are told with their names, in order, at most three', () => {
    expect(endpointNotes([hinted([['z', 'y'], ['w'], ['x']], ['a'])], inZoneA)).toEqual([
      {
        code: 'hintsForUnknownZones',
        message: 'endpoints are hinted for zones that are not known ("w", "x", "y"): all endpoints are used',
      },
    ]);
  });

  it.each<[string, EndpointSlice[]]>([
    ['there are none', [aSlice([anEndpoint('10.244.2.1')])]],
    ['no endpoint is there', []],
    ['they are for the zone of the node', [hinted([['a'], ['z']])]],
    ['they are for zones of endpoints, as the control plane makes them', [hinted([['b'], ['c']], ['b', 'c'])]],
    ['one of them is for the zone of an endpoint', [hinted([['z']]), hinted([['y'], ['c']], ['', 'c'])]],
    ['an endpoint has none', [hinted([['z'], []])]],
    ['endpoints with hints are not ready', [hinted([['z']], [], { ready: false })]],
  ])('are not told where %s', (_name, slices) => {
    expect(codes(slices)).toEqual([]);
  });

  it('are not told where no zone is known to compare with', () => {
    const nothing = { knownZones: new Set<string>() };
    expect(codes([hinted([['z']])], nothing)).toEqual([]);
    expect(codes([hinted([['z']], ['b'])], nothing)).toEqual(['hintsForUnknownZones']);
  });

  it('are told where another Node is in none of them, and no more when one is', () => {
    const slices = [hinted([['z']])];
    expect(codes(slices, { knownZones: new Set(['a', 'b']) })).toEqual(['hintsForUnknownZones']);
    expect(codes(slices, { knownZones: new Set(['a', 'z']) })).toEqual([]);
  });
});
