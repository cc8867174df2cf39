import { describe, expect, it } from '@jest/globals';
import { NoLocalEndpoints } from '../../../../src/app/serving/no-local-endpoints.ts';
import type { Service } from '../../../../src/kubernetes/objects/service.ts';
import { planService } from '../../../../src/plan/plan-service.ts';
import { aService, aSlice, anEndpoint, nodeFacts, planConfig } from '../../../support/builders.ts';

function planned(changes: Partial<Service>, nodeName = 'node-2') {
  const service = aService(changes);
  const slices = [aSlice([anEndpoint('10.244.2.5', { nodeName })], { service: service.key })];
  return { key: service.key, service, plan: planService({ service, slices }, nodeFacts(), planConfig()) };
}

function counts(counter: NoLocalEndpoints, families: ('IPv4' | 'IPv6')[] = ['IPv4']) {
  const shown: Record<string, number> = {};
  counter.report(families, (policy, family, services) => (shown[`${policy} ${family}`] = services));
  return shown;
}

const internal: Partial<Service> = { internalTrafficPolicy: 'Local' };

describe('NoLocalEndpoints', () => {
  it('counts Services, not their ports and addresses', () => {
    const counter = new NoLocalEndpoints();
    const ports = [80, 81].map((port) => ({ name: 'http', protocol: 'TCP' as const, port, nodePort: port + 30_000 }));
    counter.follow(planned({ type: 'NodePort', externalTrafficPolicy: 'Local', ports }));
    counter.follow(planned({ ...internal, name: 'db' }));
    expect(counts(counter)).toEqual({ 'internal IPv4': 1, 'external IPv4': 1 });
  });

  it('follows a Service that gets a local endpoint, and one that goes', () => {
    const counter = new NoLocalEndpoints();
    counter.follow(planned(internal));
    counter.follow(planned({ ...internal, name: 'db' }));
    counter.follow(planned(internal));
    expect(counts(counter)['internal IPv4']).toBe(2);
    counter.follow(planned(internal, 'node-1'));
    expect(counts(counter)['internal IPv4']).toBe(1);
    counter.follow({ ...planned({ ...internal, name: 'db' }), service: undefined, plan: undefined });
    expect(counts(counter)['internal IPv4']).toBe(0);
  });

  it('shows zero from the start, for the families that are served', () => {
    expect(counts(new NoLocalEndpoints(), ['IPv6'])).toEqual({ 'internal IPv6': 0, 'external IPv6': 0 });
  });
});
