import type { ConntrackDriver, FlowTarget, TrackedFlow } from '../../../src/kernel/drivers.ts';
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
const other = virtualServer('UDP', '10.96.0.11:53');
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
let targets: FlowTarget[];
let cleaned: string[];
let broken: boolean;
/** What happens while the kernel lists flows, and before it deletes some. */
let meanwhile: () => Promise<void> | void;
let beforeDeleting: () => void;

beforeEach(() => {
  table = new ServerTable();
  clock = new ManualClock();
  observer = new RecordingObserver();
  flows = [aFlow(), aFlow({ replySource: ip('10.244.0.2') })];
  listed = [];
  targets = [];
  cleaned = [];
  broken = false;
  meanwhile = () => {};
  beforeDeleting = () => {};
  const driver: ConntrackDriver = {
    listUdpFlows: async (family, wanted = []) => {
      listed.push(family);
      targets.push(...wanted);
      await meanwhile();
      if (broken) throw new Error('ETIMEDOUT');
      return flows;
    },
    deleteFlows: async (stale) => {
      beforeDeleting();
      flows = flows.filter((flow) => !stale.includes(flow));
      return stale.length;
    },
  };
  cleaner = new FlowCleaner({
    table,
    driver,
    clock,
    observer,
    onCleaned: (...each) => void cleaned.push(each.join(' ')),
    breathe: async () => {},
  });
  for (const server of [dns, other, web, six]) {
    table.want(server.key, planned(server));
    table.observe({ virtualServer: server, realServers: [one] });
  }
});

const noteRemoval = (server: VirtualServer, real = gone) =>
  cleaner.note({ kind: 'deleteRealServer', virtualServer: server, realServer: real });
/** A real server is removed in a round of its own. */
const removed = (server: VirtualServer) => {
  noteRemoval(server);
  cleaner.release();
};
const added = (server: VirtualServer, real = gone) => {
  table.applied({ kind: 'addRealServer', virtualServer: server, realServer: real });
  cleaner.note({ kind: 'addRealServer', virtualServer: server, realServer: real });
  cleaner.release();
};

describe('what is looked for', () => {
  it('nothing unasked', async () => {
    cleaner.release();
    await clock.advance(60_000);
    expect(listed).toEqual([]);
  });

  it('nothing before the round is over', async () => {
    noteRemoval(dns);
    await clock.advance(60_000);
    expect([listed, cleaner.pendingCount]).toEqual([[], 1]);
  });

  it('flows to a real server that is gone, once', async () => {
    removed(dns);
    await clock.advance(0);
    expect(flows.map(({ replySource }) => replySource)).toEqual(['10.244.0.1']);
    expect(observer.lines).toEqual(['applied flow 1']);
    expect(targets).toEqual([{ address: '10.96.0.10', port: 53, realServer: gone }]);
    expect(cleaned).toEqual(['IPv4 0 1']);
    cleaner.release();
    await clock.advance(60_000);
    expect([listed, cleaner.pendingCount]).toEqual([['IPv4'], 0]);
  });

  it('flows of whichever real server when the first is added, for they are older than it', async () => {
    table.observe({ virtualServer: dns, realServers: [{ ...gone, weight: 0 }] });
    flows.push(aFlow({ replySource: ip('10.96.0.10'), replySourcePort: 53 }));
    added(dns, one);
    await clock.advance(0);
    expect(targets).toEqual([{ address: '10.96.0.10', port: 53 }]);
    expect(flows.map(({ replySource }) => replySource)).toEqual(['10.244.0.1', '10.244.0.2']);
  });

  it('nothing when there was another real server in service before', async () => {
    added(dns);
    await clock.advance(0);
    expect(listed).toEqual([]);
  });

  it('nothing for TCP, nor when only a weight changed', async () => {
    noteRemoval(web);
    cleaner.note({ kind: 'setRealServer', virtualServer: dns, realServer: one });
    cleaner.note({ kind: 'setVirtualServer', virtualServer: dns });
    cleaner.release();
    await clock.advance(0);
    expect(listed).toEqual([]);
  });

  it('nothing for a virtual server that is gone, or has no real server any more', async () => {
    noteRemoval(dns);
    noteRemoval(other, one);
    table.applied({ kind: 'deleteVirtualServer', virtualServer: dns });
    table.applied({ kind: 'deleteRealServer', virtualServer: other, realServer: one });
    cleaner.release();
    await clock.advance(0);
    expect([listed, cleaner.pendingCount]).toEqual([[], 0]);
  });
});

describe('the pace', () => {
  it('one listing per family, whatever the number of virtual servers', async () => {
    for (const server of [dns, other, six]) removed(server);
    await clock.advance(0);
    expect(listed).toEqual(['IPv4', 'IPv6']);
    expect(targets).toHaveLength(3);
  });

  it('one more listing for all that is noted during one and in the rest after it', async () => {
    meanwhile = () => {
      meanwhile = () => {};
      removed(other);
    };
    removed(dns);
    await clock.advance(0);
    removed(dns);
    await clock.advance(499);
    expect(listed).toEqual(['IPv4']);
    await clock.advance(1);
    expect(listed).toEqual(['IPv4', 'IPv4']);
  });

  it.each([
    [200, 2_000],
    [20_000, 30_000],
  ])('after %i ms a rest of %i ms', async (tookMs, restMs) => {
    meanwhile = () => clock.advance(tookMs);
    removed(dns);
    await cleaner.drain();
    meanwhile = () => {};
    removed(dns);
    await clock.advance(restMs - 1);
    expect(listed).toHaveLength(1);
    await clock.advance(1);
    expect(listed).toHaveLength(2);
  });

  it('no rest where somebody waits for the end', async () => {
    removed(dns);
    await cleaner.drain();
    removed(dns);
    await cleaner.drain();
    await cleaner.drain();
    expect(listed).toEqual(['IPv4', 'IPv4']);
  });

  it('never two at a time', async () => {
    let underWay = 0;
    let most = 0;
    meanwhile = async () => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
    };
    removed(dns);
    const draining = [cleaner.drain(), cleaner.drain()];
    removed(other);
    await clock.advance(1_000);
    await Promise.all([...draining, cleaner.drain()]);
    expect([most, listed]).toEqual([1, ['IPv4', 'IPv4']]);
  });
});

describe('what is deleted', () => {
  it('no flow to a real server that drains: it is still there', async () => {
    table.observe({ virtualServer: dns, realServers: [one, { ...gone, weight: 0 }] });
    noteRemoval(dns, realServer('10.244.0.3:5353'));
    await cleaner.stop(1_000);
    expect([listed, flows.length]).toEqual([['IPv4'], 2]);
  });

  it('no flow to a real server that came back while the kernel listed', async () => {
    meanwhile = () => added(dns);
    removed(dns);
    await clock.advance(0);
    expect([listed, flows.length]).toEqual([['IPv4'], 2]);
  });

  it('no flow to a real server that came back while others were deleted', async () => {
    flows = Array.from({ length: 3_000 }, (_, port) =>
      aFlow({ originalSourcePort: port, replySource: ip('10.244.0.2') }),
    );
    let slices = 0;
    beforeDeleting = () => {
      if (++slices === 2) added(dns);
    };
    removed(dns);
    await cleaner.drain();
    expect(flows).toHaveLength(1_000);
    expect(observer.lines).toEqual(['applied flow 1000', 'applied flow 1000']);
  });

  it('no flow of a virtual server that was not noted', async () => {
    flows = [aFlow({ originalDestination: ip('10.96.0.11'), replySource: ip('10.244.0.2') })];
    removed(dns);
    await cleaner.drain();
    expect([listed, flows.length]).toEqual([['IPv4'], 1]);
  });
});

describe('a failure', () => {
  it('keeps the notes, does not hold up the other family, and is tried again with back-off', async () => {
    removed(dns);
    removed(six);
    broken = true;
    await clock.advance(0);
    expect(observer.heard('failed')).toEqual(['failed flow IPv4', 'failed flow IPv6']);
    expect([cleaner.attempts.failedCount, cleaner.pendingCount]).toEqual([2, 2]);
    removed(other);
    await cleaner.drain();
    expect(listed).toHaveLength(2);
    await clock.advance(500);
    expect(listed).toHaveLength(4);
    broken = false;
    await clock.advance(999);
    expect(flows).toHaveLength(2);
    await clock.advance(1);
    expect([flows.length, cleaner.attempts.failedCount, cleaner.pendingCount]).toEqual([1, 0, 0]);
    expect(observer.heard('recovered')).toEqual(['recovered flow IPv4', 'recovered flow IPv6']);
  });

  it('ends with the virtual server that it was about', async () => {
    broken = true;
    removed(dns);
    await clock.advance(0);
    table.applied({ kind: 'deleteVirtualServer', virtualServer: dns });
    await clock.advance(60_000);
    expect([listed, cleaner.attempts.failedCount, observer.heard('recovered')]).toEqual([['IPv4'], 0, []]);
  });
});

describe('the end', () => {
  it('looks for what is left, of a round that failed too, and then no more', async () => {
    removed(dns);
    await clock.advance(0);
    removed(dns);
    noteRemoval(six);
    expect(await cleaner.stop(1_000)).toBe(0);
    expect(listed).toEqual(['IPv4', 'IPv4', 'IPv6']);
    removed(dns);
    await clock.advance(60_000);
    expect(listed).toHaveLength(3);
  });

  it('does not wait longer than it may, and tells how much is left', async () => {
    let end = () => {};
    meanwhile = () => new Promise((resolve) => (end = resolve));
    removed(dns);
    await clock.advance(0);
    noteRemoval(six);
    const left = cleaner.stop(1_000);
    await clock.advance(1_000);
    expect(await left).toBe(2);
    broken = true;
    end();
    await clock.advance(0);
    expect(observer.lines).toEqual([]);
  });
});
