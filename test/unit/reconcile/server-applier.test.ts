import type { IpvsDriver, OperationFailure } from '../../../src/kernel/drivers.ts';
import type { IpvsOperation } from '../../../src/model/operation.ts';
import type { VirtualServer } from '../../../src/model/virtual-server.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { DriverError } from '../../../src/kernel/errors.ts';
import { ServerApplier } from '../../../src/reconcile/server-applier.ts';
import { ServerTable } from '../../../src/reconcile/server-table.ts';
import { describeOperation } from '../../support/describe-operation.ts';
import { planned, realServer, virtualServer } from '../../support/ipvs-builders.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingObserver } from '../../support/recording-observer.ts';

const web = virtualServer('TCP', '10.96.0.1:80');
const dns = virtualServer('UDP', '10.96.0.10:53');
const one = realServer('10.244.0.1:8080');
const two = realServer('10.244.0.2:8080');

let table: ServerTable;
let clock: ManualClock;
let observer: RecordingObserver;
let applier: ServerApplier;
let batches: string[][];
let accepted: string[];
let breaths: number;
let refuses: (operation: string) => boolean;
let errnoName: string;
let mayBeAdded: (key: string) => boolean;

beforeEach(() => {
  table = new ServerTable();
  clock = new ManualClock();
  observer = new RecordingObserver();
  batches = [];
  accepted = [];
  breaths = 0;
  refuses = () => false;
  errnoName = 'EIO';
  mayBeAdded = () => true;
  const driver = { apply } as Partial<IpvsDriver> as IpvsDriver; // the applier only applies
  const onApplied = (operation: IpvsOperation) => accepted.push(describeOperation(operation));
  applier = new ServerApplier({
    table,
    driver,
    clock,
    observer,
    mayBeAdded: (key) => mayBeAdded(key),
    onApplied,
    breathe: async () => void breaths++,
  });
});

async function apply(operations: readonly IpvsOperation[]): Promise<readonly OperationFailure[]> {
  batches.push(operations.map(describeOperation));
  return operations.flatMap((operation, index): OperationFailure[] => {
    const text = describeOperation(operation);
    return refuses(text) ? [{ index, error: new DriverError('ipvs', text, { errnoName }) }] : [];
  });
}

const want = (server: VirtualServer, ...servers: (typeof one)[]) => table.want(server.key, planned(server, servers));
const nobodyFirst = () => false;
const applyWanted = () => applier.applyWanted(nobodyFirst);

describe('ServerApplier', () => {
  it('sends everything that is wanted in one batch, and tells what was accepted', async () => {
    want(web, one);
    want(dns);
    await applyWanted();
    expect(batches).toEqual([
      [
        'addVirtualServer TCP/10.96.0.1:80',
        'addRealServer TCP/10.96.0.1:80 10.244.0.1:8080 weight=1',
        'addVirtualServer UDP/10.96.0.10:53',
      ],
    ]);
    expect(accepted).toEqual(batches[0]);
    expect(observer.lines).toEqual(['applied realServer 1', 'applied virtualServer 2']);
    expect(table.pendingCount).toBe(0);
  });

  it('sends those first that go first', async () => {
    want(web);
    want(dns);
    await applier.applyWanted((key) => key === dns.key);
    expect(batches.flat()).toEqual(['addVirtualServer UDP/10.96.0.10:53', 'addVirtualServer TCP/10.96.0.1:80']);
  });

  it('sends nothing when nothing is pending', async () => {
    await applyWanted();
    await applier.applyUnwanted();
    await applier.applyExtra([]);
    expect(batches).toEqual([]);
  });

  it('keeps what is wanted apart from what is not', async () => {
    table.replaceObserved([{ virtualServer: dns, realServers: [] }]);
    want(web);
    await applyWanted();
    expect(batches).toEqual([['addVirtualServer TCP/10.96.0.1:80']]);
    await applier.applyUnwanted();
    expect(batches[1]).toEqual(['deleteVirtualServer UDP/10.96.0.10:53']);
  });

  const many = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      realServer(`10.${128 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}:80`),
    );

  it('cuts much work into batches, none of them in the middle of a virtual server', async () => {
    const servers = Array.from({ length: 3 }, (_, index) => virtualServer('TCP', `10.96.1.${index}:80`));
    for (const server of servers) want(server, ...many(2_000));
    await applyWanted();
    expect(batches.map((batch) => batch.length)).toEqual([4_002, 2_001]);
    expect(table.pendingCount).toBe(0);
  });

  describe('with a virtual server of very many real servers', () => {
    const large = virtualServer('TCP', '10.96.1.1:80');
    const first = (key: string) => key === large.key;

    it('sends it last, in pieces, so that nobody waits for it, and breathes between them', async () => {
      want(large, ...many(5_000));
      want(web, one);
      await applyWanted();
      expect(batches.map((batch) => [batch.length, batch[0]])).toEqual([
        [2, `addVirtualServer ${web.key}`],
        [2_048, `addVirtualServer ${large.key}`],
        [2_048, expect.stringMatching(/^addRealServer /)],
        [905, expect.stringMatching(/^addRealServer /)],
      ]);
      expect(breaths).toBe(3);
      expect([table.pendingCount, observer.heard('failed')]).toEqual([0, []]);
    });

    it('sends it before others all the same where it goes first', async () => {
      want(web, one);
      want(large, ...many(3_000));
      await applier.applyWanted(first);
      expect(batches.at(-1)?.[0]).toBe(`addVirtualServer ${web.key}`);
    });

    it('does not go on where it cannot be added, and tries everything again later', async () => {
      want(large, ...many(5_000));
      refuses = () => true;
      await applyWanted();
      expect(batches).toHaveLength(1);
      expect(observer.heard('failed')).toEqual([`failed virtualServer ${large.key}`]);
      refuses = () => false;
      await clock.advance(500);
      await applyWanted();
      expect(batches.slice(1).map((batch) => batch.length)).toEqual([2_048, 2_048, 905]);
      expect(applier.attempts.failedCount).toBe(0);
    });

    it('goes on after a real server that is refused, and sends that one again', async () => {
      want(large, ...many(3_000));
      refuses = (text) => text.includes('10.128.0.7:');
      await applyWanted();
      expect(accepted).toHaveLength(3_000);
      refuses = () => false;
      await clock.advance(500);
      await applyWanted();
      expect(batches.at(-1)).toEqual([`addRealServer ${large.key} 10.128.0.7:80 weight=1`]);
    });

    it('quiesces it in pieces too', async () => {
      table.replaceObserved([{ virtualServer: large, realServers: many(3_000) }]);
      await applier.applyUnwanted();
      expect(batches.map((batch) => batch.length)).toEqual([2_048, 952]);
    });
  });

  it('lets the event loop go on while it looks at many of which nothing differs', async () => {
    const servers = Array.from({ length: 600 }, (_, index) =>
      virtualServer('TCP', `10.96.${index >> 8}.${index & 255}:80`),
    );
    table.replaceObserved(servers.map((server) => ({ virtualServer: server, realServers: [one] })));
    for (const server of servers) want(server, one);
    await applyWanted();
    expect(breaths).toBe(2);
    expect(batches).toEqual([]);
    expect(table.pendingCount).toBe(0);
  });

  it('holds up nothing else when one is refused, and never deletes for it', async () => {
    want(web, one, two);
    want(dns);
    refuses = (text) => text.includes('10.244.0.1');
    await applyWanted();
    expect(observer.heard('failed')).toEqual([`failed virtualServer ${web.key}`]);
    expect(accepted).toHaveLength(3);
    expect(observer.heard('applied')).toEqual(['applied realServer 1', 'applied virtualServer 2']);
    expect([...(table.observed(web.key)?.realServers.keys() ?? [])]).toEqual([two.key]);
    expect(table.pendingKeys()).toEqual([web.key]);
    await applier.applyUnwanted();
    expect(batches.flat().filter((text) => text.startsWith('delete'))).toEqual([]);
  });

  it('sends what was refused again when the back-off is over, and nothing that is there already', async () => {
    want(web, one, two);
    refuses = (text) => text.includes('10.244.0.1');
    await applyWanted();
    refuses = () => false;
    await applyWanted();
    expect(batches).toHaveLength(1);
    await clock.advance(500);
    await applyWanted();
    expect(batches[1]).toEqual(['addRealServer TCP/10.96.0.1:80 10.244.0.1:8080 weight=1']);
    expect(observer.heard('recovered')).toEqual([`recovered virtualServer ${web.key}`]);
    expect(applier.attempts.failedCount).toBe(0);
  });

  it('reports one failure for a virtual server, however many operations were refused', async () => {
    want(web, one, two);
    refuses = () => true;
    await applyWanted();
    expect(observer.heard('failed')).toHaveLength(1);
    expect(table.observed(web.key)).toBeUndefined();
  });

  it('is not woken for one that was refused and that nobody wants any more', async () => {
    want(web, one);
    refuses = () => true;
    await applyWanted();
    table.want(web.key, undefined);
    await clock.advance(500);
    await applyWanted();
    await applier.applyUnwanted();
    expect(batches).toHaveLength(1);
    expect(applier.attempts.nextDueMs()).toBeUndefined();
    expect(applier.attempts.failedCount).toBe(0);
  });

  it('makes a virtual server anew that the kernel says is gone', async () => {
    table.replaceObserved([{ virtualServer: web, realServers: [one] }]);
    want(web, one, two);
    errnoName = 'ESRCH';
    refuses = () => true;
    await applyWanted();
    refuses = () => false;
    await clock.advance(500);
    await applyWanted();
    expect(batches[1]).toEqual([
      'addVirtualServer TCP/10.96.0.1:80',
      'addRealServer TCP/10.96.0.1:80 10.244.0.1:8080 weight=1',
      'addRealServer TCP/10.96.0.1:80 10.244.0.2:8080 weight=1',
    ]);
  });

  it('adds a real server anew that the kernel says is gone', async () => {
    table.replaceObserved([{ virtualServer: web, realServers: [{ ...one, weight: 0 }, two] }]);
    want(web, one, two);
    errnoName = 'ENOENT';
    refuses = () => true;
    await applyWanted();
    await clock.advance(500);
    await applyWanted();
    expect(batches).toEqual([
      ['setRealServer TCP/10.96.0.1:80 10.244.0.1:8080 weight=1'],
      ['addRealServer TCP/10.96.0.1:80 10.244.0.1:8080 weight=1'],
    ]);
  });

  it('knows a virtual server still whose new scheduler the kernel does not have', async () => {
    table.replaceObserved([{ virtualServer: web, realServers: [one] }]);
    const scheduled = virtualServer('TCP', '10.96.0.1:80', { scheduler: 'mh' });
    want(scheduled, one);
    errnoName = 'ENOENT';
    refuses = () => true;
    await applyWanted();
    await clock.advance(500);
    await applyWanted();
    expect(batches[1]).toEqual(['setVirtualServer TCP/10.96.0.1:80']);
  });

  it('has nothing left to quiesce when the kernel says that it is gone', async () => {
    table.replaceObserved([{ virtualServer: web, realServers: [one] }]);
    errnoName = 'ESRCH';
    refuses = () => true;
    await applier.applyUnwanted();
    await clock.advance(500);
    await applier.applyUnwanted();
    expect(batches).toHaveLength(1);
    expect(table.observed(web.key)).toBeUndefined();
    expect(applier.attempts.failedCount).toBe(0);
  });

  it('leaves it to who asked to repeat a removal that was refused', async () => {
    table.replaceObserved([{ virtualServer: web, realServers: [{ ...one, weight: 0 }] }]);
    want(web);
    await applyWanted();
    refuses = () => true;
    await applier.applyExtra([{ kind: 'deleteRealServer', virtualServer: web, realServer: one }]);
    expect(observer.heard('failed')).toEqual([`failed virtualServer ${web.key}`]);
    expect(table.draining(web.key)).toHaveLength(1);
    await clock.advance(500);
    await applyWanted();
    await applier.applyUnwanted();
    expect(applier.attempts.nextDueMs()).toBeUndefined();
  });

  it('does not take a virtual server that waits for its next attempt for settled by a removal', async () => {
    table.replaceObserved([{ virtualServer: web, realServers: [{ ...one, weight: 0 }] }]);
    want(web, two);
    refuses = (text) => text.startsWith('addRealServer');
    await applyWanted();
    await applier.applyExtra([{ kind: 'deleteRealServer', virtualServer: web, realServer: one }]);
    expect(observer.heard('recovered')).toEqual([]);
    expect(table.pendingKeys()).toEqual([web.key]);
    refuses = () => false;
    await clock.advance(500);
    await applyWanted();
    expect(batches.at(-1)).toEqual(['addRealServer TCP/10.96.0.1:80 10.244.0.2:8080 weight=1']);
    expect(observer.heard('recovered')).toEqual([`recovered virtualServer ${web.key}`]);
  });

  it('does not add one whose address is not there, and adds it later', async () => {
    want(web, one);
    mayBeAdded = (key) => key !== web.key;
    await applyWanted();
    expect(batches).toEqual([]);
    expect(table.pendingKeys()).toEqual([web.key]);
    mayBeAdded = () => true;
    await applyWanted();
    expect(table.observed(web.key)).toBeDefined();
  });

  it('is not woken for one that was refused and then has to wait for its address', async () => {
    want(web, one);
    refuses = () => true;
    await applyWanted();
    mayBeAdded = () => false;
    await clock.advance(500);
    await applyWanted();
    await applier.applyUnwanted();
    expect(applier.attempts.nextDueMs()).toBeUndefined();
    refuses = () => false;
    mayBeAdded = () => true;
    await applyWanted();
    expect(table.pendingCount).toBe(0);
  });

  it('takes nothing for done when the outcome of a batch is unknown', async () => {
    want(web, one);
    const lost = new ServerApplier({
      table,
      driver: { apply: () => Promise.reject(new Error('ETIMEDOUT')) } as Partial<IpvsDriver> as IpvsDriver,
      clock,
      observer,
      mayBeAdded,
      onApplied: () => accepted.push('none'),
      breathe: async () => {},
    });
    await expect(lost.applyWanted(nobodyFirst)).rejects.toThrow('ETIMEDOUT');
    expect(accepted).toEqual([]);
    expect(table.observed(web.key)).toBeUndefined();
    expect(table.pendingKeys()).toEqual([web.key]);
  });
});
