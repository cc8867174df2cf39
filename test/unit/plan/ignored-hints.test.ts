import type { Endpoint } from '../../../src/kubernetes/objects/endpoint-slice.ts';
import { describe, expect, it } from '@jest/globals';
import { realServerKey } from '../../../src/model/real-server.ts';
import { ignoredHints } from '../../../src/plan/ignored-hints.ts';
import { usableEndpoints } from '../../../src/plan/usable-endpoints.ts';
import { anEndpoint } from '../../support/builders.ts';

const here = { nodeName: 'node-1', zone: 'a' };

const portEndpointsOf = (each: readonly Partial<Endpoint>[]) =>
  each.map((changes, index) => {
    const endpoint = anEndpoint(`10.244.0.${index + 1}`, changes);
    return { key: realServerKey(endpoint.address, 80), endpoint, port: 80, local: false };
  });

const told = (each: readonly Partial<Endpoint>[], topology = here) =>
  ignoredHints(portEndpointsOf(each), topology).map(({ verbosity, kind, reason }) => `${verbosity} ${kind}: ${reason}`);

const forA = { zoneHints: ['a'] };
const forB = { zoneHints: ['b'] };

describe('ignoredHints', () => {
  it.each<[string, Partial<Endpoint>[], string[]]>([
    ['nothing of no endpoints', [], []],
    ['nothing without hints', [{}, {}], []],
    ['nothing where zone hints count', [forA, forB], []],
    ['nothing where node hints count', [{ nodeHints: ['node-1'] }, { nodeHints: ['node-2'] }], []],
    ['nothing of hints of endpoints that are not ready', [{ ...forB, ready: false }, {}], []],
    [
      'of a zone that no endpoint is hinted for',
      [forB, forB],
      ['2 zone: no endpoint is hinted for the zone of this node'],
    ],
    ['of an endpoint without a zone hint', [forA, {}], ['7 zone: an endpoint has no such hint']],
    [
      'of a node that no endpoint is hinted for, where zone hints count',
      [{ ...forA, nodeHints: ['node-2'] }],
      ['2 node: no endpoint is hinted for this node'],
    ],
    [
      'of both kinds',
      [{ ...forB, nodeHints: ['node-2'] }, { ...forB }],
      ['7 node: an endpoint has no such hint', '2 zone: no endpoint is hinted for the zone of this node'],
    ],
  ])('tells %s', (_name, endpoints, expected) => {
    expect(told(endpoints)).toEqual(expected);
  });

  it('tells that the node has no zone', () => {
    expect(told([forA], { ...here, zone: '' })).toEqual(['2 zone: this node has no zone']);
  });

  it('tells of zone hints only where all endpoints are used', () => {
    for (const first of [{}, forA, forB, { nodeHints: ['node-1'] }, { ...forB, nodeHints: ['node-2'] }]) {
      for (const second of [{}, forA, forB, { ...forA, nodeHints: ['node-1'] }]) {
        const endpoints = portEndpointsOf([first, second]);
        const isTold = ignoredHints(endpoints, here).some(({ kind }) => kind === 'zone');
        const used = usableEndpoints(endpoints, here).cluster.length;
        expect({ first, second, isTold, used }).toEqual({ first, second, isTold, used: isTold ? 2 : used });
      }
    }
  });
});
