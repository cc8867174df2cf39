import type { EndpointSlice } from '../../../src/kubernetes/objects/endpoint-slice.ts';
import type { ServicePort } from '../../../src/kubernetes/objects/service.ts';
import { describe, expect, it } from '@jest/globals';
import { portEndpoints } from '../../../src/plan/port-endpoints.ts';
import { aSlice, anEndpoint } from '../../support/builders.ts';

const http: ServicePort = { name: 'http', protocol: 'TCP', port: 80, nodePort: 0 };
const one = anEndpoint('10.244.0.1');
const two = anEndpoint('10.244.0.2');

const found = (slices: readonly EndpointSlice[], port = http, family: 'IPv4' | 'IPv6' = 'IPv4') =>
  portEndpoints(slices, port, family, 'node-1');
const keys = (...parameters: Parameters<typeof found>) => [...found(...parameters).keys()];

describe('portEndpoints', () => {
  it('takes them from all slices, in the order given', () => {
    expect(keys([aSlice([two]), aSlice([one])])).toEqual(['10.244.0.2:8080', '10.244.0.1:8080']);
  });

  it.each<[string, ServicePort, string[]]>([
    ['name and protocol', http, ['10.244.0.1:8080']],
    ['no other name', { ...http, name: 'https' }, []],
    ['no other protocol', { ...http, protocol: 'UDP' }, []],
    ['no empty name for a name', { ...http, name: '' }, []],
  ])('matches ports by %s', (_name, port, expected) => {
    expect(keys([aSlice([one])], port)).toEqual(expected);
  });

  it('matches the unnamed port of a Service with the unnamed port of a slice', () => {
    const unnamed = aSlice([one], { ports: [{ name: '', protocol: 'TCP', port: 9 }] });
    expect(keys([unnamed], { ...http, name: '' })).toEqual(['10.244.0.1:9']);
  });

  it('takes each number of a port that slices name differently', () => {
    const other = aSlice([one], { ports: [{ name: 'http', protocol: 'TCP', port: 9090 }] });
    expect(keys([aSlice([one]), other])).toEqual(['10.244.0.1:8080', '10.244.0.1:9090']);
  });

  it('takes slices of the family only', () => {
    const six = aSlice([anEndpoint('fd00::1')]);
    expect(keys([aSlice([one]), six])).toEqual(['10.244.0.1:8080']);
    expect(keys([aSlice([one]), six], http, 'IPv6')).toEqual(['[fd00::1]:8080']);
  });

  it.each<[string, boolean, boolean, number]>([
    ['the later of two that do not terminate', false, false, 1],
    ['the one that does not terminate: the first', false, true, 0],
    ['the one that does not terminate: the second', true, false, 1],
    ['the first of two that terminate', true, true, 0],
  ])('has each address and port once: %s', (_name, first, second, expected) => {
    const copies = [first, second].map((terminating) => anEndpoint('10.244.0.1', { terminating }));
    const result = found(copies.map((copy) => aSlice([copy])));
    expect(result.size).toBe(1);
    expect(result.get('10.244.0.1:8080' as never)?.endpoint).toBe(copies[expected]);
  });

  it.each([
    ['node-1', true],
    ['node-2', false],
    ['', false],
  ])('on node %j is local to node-1: %s', (nodeName, local) => {
    const [endpoint] = found([aSlice([anEndpoint('10.244.0.1', { nodeName })])]).values();
    expect(endpoint?.local).toBe(local);
  });

  it('is local to no node without a name', () => {
    const [endpoint] = portEndpoints([aSlice([anEndpoint('10.244.0.1', { nodeName: '' })])], http, 'IPv4', '').values();
    expect(endpoint?.local).toBe(false);
  });
});
