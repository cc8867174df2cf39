import type { Endpoint } from '../../../src/kubernetes/objects/endpoint-slice.ts';
import type { PortEndpoint } from '../../../src/plan/usable-endpoints.ts';
import { describe, expect, it } from '@jest/globals';
import { realServerKey } from '../../../src/model/real-server.ts';
import { usableEndpoints } from '../../../src/plan/usable-endpoints.ts';
import { anEndpoint } from '../../support/builders.ts';

const topology = { nodeName: 'node-1', zone: 'zone-a' };
const unready = { ready: false, serving: false };
const leaving = { ready: false, serving: true, terminating: true };
const gone = { ready: false, serving: false, terminating: true };

/** The n-th endpoint; `local` on this node. */
function endpoint(number: number, changes: Partial<Endpoint> = {}, local = false): PortEndpoint {
  const candidate = anEndpoint(`10.244.0.${number}`, changes);
  return { key: realServerKey(candidate.address, 80), endpoint: candidate, port: 80, local };
}

const numbers = (endpoints: readonly PortEndpoint[]) =>
  endpoints.map(({ endpoint: { address } }) => Number(address.split('.')[3]));

const usable = (...endpoints: PortEndpoint[]) => {
  const { cluster, local } = usableEndpoints(endpoints, topology);
  return { cluster: numbers(cluster), local: numbers(local) };
};

describe('usableEndpoints', () => {
  it.each<[string, PortEndpoint[], number[], number[]]>([
    ['none of none', [], [], []],
    ['ready ones, in the order given', [endpoint(2), endpoint(1, {}, true)], [2, 1], [1]],
    ['no unready one', [endpoint(1), endpoint(2, unready, true)], [1], []],
    ['no terminating one beside a ready one', [endpoint(1), endpoint(2, leaving)], [1], []],
    ['terminating ones that serve when none is ready', [endpoint(1, leaving), endpoint(2, unready)], [1], []],
    ['none that terminates and does not serve', [endpoint(1, gone, true)], [], []],
    [
      'none that serves but is neither ready nor terminating',
      [endpoint(1, { ready: false, serving: true }, true)],
      [],
      [],
    ],
    [
      'each policy on its own: the local one serves on, others are ready',
      [endpoint(1, leaving, true), endpoint(2)],
      [2],
      [1],
    ],
    ['a ready local one before a terminating local one', [endpoint(1, leaving, true), endpoint(2, {}, true)], [2], [2]],
  ])('uses %s', (_name, endpoints, cluster, local) => {
    expect(usable(...endpoints)).toEqual({ cluster, local });
  });
});

describe('usableEndpoints with hints', () => {
  const forA = { zoneHints: ['zone-a'] };
  const forB = { zoneHints: ['zone-b'] };
  const here = { nodeHints: ['node-1'] };
  const there = { nodeHints: ['node-2'] };

  it.each<[string, PortEndpoint[], number[]]>([
    ['those for our zone', [endpoint(1, forA), endpoint(2, forB)], [1]],
    ['one for several zones', [endpoint(1, { zoneHints: ['zone-b', 'zone-a'] }), endpoint(2, forB)], [1]],
    ['all when one of them has no hint', [endpoint(1, forA), endpoint(2)], [1, 2]],
    ['all when one of them has an empty hint', [endpoint(1, forA), endpoint(2, { zoneHints: [] })], [1, 2]],
    ['all when none is for our zone', [endpoint(1, forB), endpoint(2, forB)], [1, 2]],
    [
      'those for our node before those for our zone',
      [endpoint(1, { ...there, ...forA }), endpoint(2, { ...here, ...forA })],
      [2],
    ],
    [
      'those for our zone when none is for our node',
      [endpoint(1, { ...there, ...forA }), endpoint(2, { ...there, ...forB })],
      [1],
    ],
    [
      'those for our zone when not all have hints for nodes',
      [endpoint(1, { ...here, ...forB }), endpoint(2, forA)],
      [2],
    ],
  ])('uses %s', (_name, endpoints, expected) => {
    expect(usable(...endpoints).cluster).toEqual(expected);
  });

  it('looks at the hints of ready ones only', () => {
    expect(usable(endpoint(1, forA), endpoint(2, forB), endpoint(3, unready)).cluster).toEqual([1]);
  });

  it('does not look at hints when all terminate', () => {
    expect(usable(endpoint(1, { ...leaving, ...forA }), endpoint(2, { ...leaving, ...forB })).cluster).toEqual([1, 2]);
  });

  it('does not look at hints for policy Local', () => {
    expect(usable(endpoint(1, forB, true), endpoint(2, forA)).local).toEqual([1]);
  });

  it('never takes an unknown zone for the one of a hint', () => {
    const endpoints = [endpoint(1, { zoneHints: [''] }), endpoint(2, forB)];
    expect(numbers(usableEndpoints(endpoints, { nodeName: 'node-1', zone: '' }).cluster)).toEqual([1, 2]);
  });
});
