import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ipSetFor } from '../../../src/plan/ip-sets.ts';
import { planService } from '../../../src/plan/plan-service.ts';
import { planConfig } from '../../support/builders.ts';
import { factsOf, type Input, inputs, serviceOf, slicesOf } from './service-of-input.ts';
import {
  expectedBound,
  expectedEntries,
  expectedHealthPort,
  expectedLocalReady,
  expectedRefused,
  expectedServers,
} from './service-rules.ts';

function plan(input: Input) {
  return planService({ service: serviceOf(input), slices: slicesOf(input) }, factsOf(input), planConfig());
}

it('a plan has what the rules say, whatever the Service, its endpoints and the node', () => {
  const check = (input: Input) => {
    const { virtualServers, setEntries, outputFilters, ...planned } = plan(input);
    const servers = virtualServers.map(({ virtualServer: { key }, realServers }) => {
      return [key, realServers.map((server) => server.key).sort()] as const;
    });
    expect(new Map(servers)).toEqual(expectedServers(input));
    expect(setEntries.map(({ role, family, entry }) => `${ipSetFor(role, family).name} ${entry.text}`).sort()).toEqual(
      expectedEntries(input),
    );
    expect([...planned.boundAddresses].sort()).toEqual(expectedBound(input));
    expect(outputFilters.map(({ address }) => address).sort()).toEqual(expectedRefused(input));
    expect(planned.healthCheckNodePort).toBe(expectedHealthPort(input));
    expect(planned.localReadyEndpoints).toEqual({ IPv4: expectedLocalReady(input), IPv6: 0 });
  };
  fc.assert(fc.property(inputs, check), { numRuns: 1_000 });
});

it('every virtual server keeps clients as long as the Service says', () => {
  const check = (input: Input) => {
    for (const { virtualServer } of plan(input).virtualServers) {
      expect(virtualServer.persistenceTimeoutSeconds).toBe(input.affinitySeconds);
    }
  };
  fc.assert(fc.property(inputs, check));
});
