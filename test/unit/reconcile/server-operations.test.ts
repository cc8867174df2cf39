import type { RealServer } from '../../../src/model/real-server.ts';
import type { VirtualServer } from '../../../src/model/virtual-server.ts';
import type { PlannedVirtualServer } from '../../../src/plan/service-plan.ts';
import type { ObservedServers } from '../../../src/reconcile/server-operations.ts';
import { describe, expect, it } from '@jest/globals';
import { serverOperations, unwantedRealServers } from '../../../src/reconcile/server-operations.ts';
import { describeOperation } from '../../support/describe-operation.ts';
import { planned, realServer, virtualServer } from '../../support/ipvs-builders.ts';

const web = virtualServer('TCP', '10.96.0.1:80');
const one = realServer('10.244.0.1:8080');
const two = realServer('10.244.0.2:8080');
const draining = (server: RealServer): RealServer => ({ ...server, weight: 0 });

function observed(server: VirtualServer, realServers: readonly RealServer[] = []): ObservedServers {
  return { virtualServer: server, realServers: new Map(realServers.map((each) => [each.key, each])) };
}

const operations = (desired?: PlannedVirtualServer, present?: ObservedServers) =>
  serverOperations(desired, present).map(describeOperation);

const key = 'TCP/10.96.0.1:80';

describe('serverOperations', () => {
  it.each<[string, PlannedVirtualServer | undefined, ObservedServers | undefined, string[]]>([
    ['nothing for nothing', undefined, undefined, []],
    ['nothing where both agree', planned(web, [one, two]), observed(web, [two, one]), []],
    [
      'everything for a new one, itself first, in the order of the plan',
      planned(web, [two, one]),
      undefined,
      [
        `addVirtualServer ${key}`,
        `addRealServer ${key} 10.244.0.2:8080 weight=1`,
        `addRealServer ${key} 10.244.0.1:8080 weight=1`,
      ],
    ],
    [
      'one operation for an endpoint more',
      planned(web, [one, two]),
      observed(web, [one]),
      [`addRealServer ${key} 10.244.0.2:8080 weight=1`],
    ],
    [
      'the first endpoint of one that had none',
      planned(web, [one]),
      observed(web),
      [`addRealServer ${key} 10.244.0.1:8080 weight=1`],
    ],
    [
      'weight 0, no delete, for an endpoint less',
      planned(web, [one]),
      observed(web, [one, two]),
      [`setRealServer ${key} 10.244.0.2:8080 weight=0`],
    ],
    ['nothing for one that drains already', planned(web, [one]), observed(web, [one, draining(two)]), []],
    [
      'one change for one that returns',
      planned(web, [one, two]),
      observed(web, [one, draining(two)]),
      [`setRealServer ${key} 10.244.0.2:8080 weight=1`],
    ],
    [
      'new real servers before those that go: there is always one to take connections',
      planned(web, [two]),
      observed(web, [one]),
      [`addRealServer ${key} 10.244.0.2:8080 weight=1`, `setRealServer ${key} 10.244.0.1:8080 weight=0`],
    ],
    [
      'settings in place, without touching real servers',
      planned(virtualServer('TCP', '10.96.0.1:80', { scheduler: 'lc' }), [one]),
      observed(web, [one]),
      [`setVirtualServer ${key}`],
    ],
    [
      'a real server that somebody changed',
      planned(web, [one]),
      observed(web, [{ ...one, forwarding: 'directRouting' }]),
      [`setRealServer ${key} 10.244.0.1:8080 weight=1`],
    ],
    [
      'weight 0 for all of one that nobody wants, and no delete',
      undefined,
      observed(web, [one, draining(two)]),
      [`setRealServer ${key} 10.244.0.1:8080 weight=0`],
    ],
    ['no delete while real servers drain', undefined, observed(web, [draining(one)]), []],
    ['the delete once none is left', undefined, observed(web), [`deleteVirtualServer ${key}`]],
  ])('gives %s', (_name, desired, present, expected) => {
    expect(operations(desired, present)).toEqual(expected);
  });

  it('changes nothing but the weight when it quiesces', () => {
    const special = realServer('10.244.0.1:8080', { forwarding: 'tunnel', upperThreshold: 9, lowerThreshold: 3 });
    const [operation] = serverOperations(planned(web), observed(web, [special]));
    expect(operation).toMatchObject({ realServer: { ...special, weight: 0 } });
  });

  it('acts on the virtual server that is there when it quiesces one that nobody wants', () => {
    const foreignSettings = virtualServer('TCP', '10.96.0.1:80', { scheduler: 'wlc' });
    expect(serverOperations(undefined, observed(foreignSettings, [one]))[0]?.virtualServer).toBe(foreignSettings);
  });
});

describe('unwantedRealServers', () => {
  it('are all of a virtual server that nobody wants', () => {
    expect(unwantedRealServers(undefined, observed(web, [one, two]))).toEqual([one, two]);
  });

  it('are those that the plan does not name', () => {
    expect(unwantedRealServers(planned(web, [one]), observed(web, [one, two]))).toEqual([two]);
  });
});
