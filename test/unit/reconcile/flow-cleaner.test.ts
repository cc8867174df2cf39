import type { ConntrackDriver, TrackedFlow } from '../../../src/kernel/drivers.ts';
import type { IpFamily } from '../../../src/model/ip.ts';
import type { VirtualServer } from '../../../src/model/virtual-server.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { FlowCleaner } from '../../../src/reconcile/flow-cleaner.ts';
import { ServerTable } from '../../../src/reconcile/server-table.ts';
import { aFlow, ip } from '../../support/builders.ts';
import { planned, realServer, virtualServer } from '../../support/ipvs-builders.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingObserver } from '../../support/recording-observer.ts';

const dns = virtualServer('UDP', '10.96.0.10:53');
const web = virtualServer('TCP', '10.96.0.1:80');
const six = virtualServer('UDP', '[fd00::a]:53');
const one = realServer('10.244.0.1:5353');
const gone = realServer('10.244.0.2:5353');

let table: ServerTable;
let clock: ManualClock;
let observer: RecordingObserver;
let cleaner: FlowCleaner;
let flows: TrackedFlow[];
let listed: IpFamily[];
let broken: boolean;

beforeEach(() => {
  table = new ServerTable();
  clock = new ManualClock();
  observer = new RecordingObserver();
  flows = [aFlow(), aFlow({ replySource: ip('10.244.0.2') })];
  listed = [];
  broken = false;
  const driver: ConntrackDriver = {
    listUdpFlows: async (family) => {
      listed.push(family);
      if (broken) throw new Error('ETIMEDOUT');
      return flows;
    },
    deleteFlows: async (stale) => {
      flows = flows.filter((flow) => !stale.includes(flow));
      return stale.length;
    },
  };
  cleaner = new FlowCleaner({ table, driver, clock, observer });
  for (const server of [dns, web, six]) {
    table.want(server.key, planned(server));
    table.replaceObserved([dns, web, six].map((each) => ({ virtualServer: each, realServers: [one] })));
  }
});

const removed = (server: VirtualServer) =>
  cleaner.note({ kind: 'deleteRealServer', virtualServer: server, realServer: gone });

describe('FlowCleaner', () => {
  it('does not read the connection table unasked', async () => {
    await cleaner.clean();
    expect(listed).toEqual([]);
  });

  it('removes flows to a real server that is gone, once', async () => {
    removed(dns);
    await cleaner.clean();
    expect(flows.map(({ replySource }) => replySource)).toEqual(['10.244.0.1']);
    expect(observer.lines).toEqual(['applied flow 1']);
    await cleaner.clean();
    expect(listed).toEqual(['IPv4']);
  });

  it('looks also when a real server was added: flows may be older than it', async () => {
    cleaner.note({ kind: 'addRealServer', virtualServer: dns, realServer: one });
    await cleaner.clean();
    expect(flows).toHaveLength(1);
  });

  it('keeps flows to a real server that drains: it is still there', async () => {
    table.replaceObserved([{ virtualServer: dns, realServers: [one, { ...gone, weight: 0 }] }]);
    cleaner.note({ kind: 'addRealServer', virtualServer: dns, realServer: one });
    await cleaner.clean();
    expect(flows).toHaveLength(2);
  });

  it('does not look for TCP, nor when only a weight changed', async () => {
    removed(web);
    cleaner.note({ kind: 'setRealServer', virtualServer: dns, realServer: one });
    cleaner.note({ kind: 'setVirtualServer', virtualServer: dns });
    await cleaner.clean();
    expect(listed).toEqual([]);
  });

  it('reads each family once, whatever the number of virtual servers', async () => {
    const other = virtualServer('UDP', '10.96.0.11:53');
    table.want(other.key, planned(other));
    table.applied({ kind: 'addVirtualServer', virtualServer: other });
    for (const server of [dns, other, six]) removed(server);
    await cleaner.clean();
    expect(listed).toEqual(['IPv4', 'IPv6']);
  });

  it('does not look for a virtual server that is gone', async () => {
    removed(dns);
    table.want(dns.key, undefined);
    table.applied({ kind: 'deleteVirtualServer', virtualServer: dns });
    await cleaner.clean();
    expect(listed).toEqual([]);
  });

  it('keeps the request when it fails, without holding up the other family, and tries again', async () => {
    removed(dns);
    removed(six);
    broken = true;
    await cleaner.clean();
    expect(observer.heard('failed')).toEqual(['failed flow IPv4', 'failed flow IPv6']);
    broken = false;
    await cleaner.clean();
    expect(flows).toHaveLength(2);
    await clock.advance(500);
    await cleaner.clean();
    expect(flows).toHaveLength(1);
    expect(cleaner.attempts.nextDueMs()).toBeUndefined();
  });

  it('is not woken for a failed request whose virtual server is gone', async () => {
    removed(dns);
    broken = true;
    await cleaner.clean();
    table.want(dns.key, undefined);
    table.applied({ kind: 'deleteVirtualServer', virtualServer: dns });
    await clock.advance(500);
    await cleaner.clean();
    expect(cleaner.attempts.nextDueMs()).toBeUndefined();
  });
});
