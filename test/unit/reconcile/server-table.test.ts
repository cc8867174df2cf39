import type { IpvsOperation } from '../../../src/model/operation.ts';
import type { RealServer } from '../../../src/model/real-server.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { ServerTable } from '../../../src/reconcile/server-table.ts';
import { describeOperation } from '../../support/describe-operation.ts';
import { planned, realServer, virtualServer } from '../../support/ipvs-builders.ts';

const web = virtualServer('TCP', '10.96.0.1:80');
const dns = virtualServer('UDP', '10.96.0.10:53');
const one = realServer('10.244.0.1:8080');
const two = realServer('10.244.0.2:8080');

let table: ServerTable;

beforeEach(() => {
  table = new ServerTable();
});

const operations = (key = web.key) => table.operations(key).map(describeOperation);

/** Applies what is pending for the key, as if the kernel accepted it all. */
function settle(key = web.key): void {
  for (const operation of table.operations(key)) table.applied(operation);
  table.operations(key);
}

describe('ServerTable', () => {
  it('has what was wanted pending until it was applied', () => {
    table.want(web.key, planned(web, [one]));
    expect(table.pendingKeys()).toEqual([web.key]);
    settle();
    expect(table.pendingKeys()).toEqual([]);
    expect(table.observed(web.key)?.realServers.get(one.key)).toEqual(one);
  });

  it('names pending keys in the order in which they came up', () => {
    table.want(dns.key, planned(dns));
    table.want(web.key, planned(web));
    expect(table.pendingKeys()).toEqual([dns.key, web.key]);
  });

  it('settles a key that has nothing to do', () => {
    table.want(web.key, planned(web));
    table.want(web.key, undefined);
    expect(operations()).toEqual([]);
    expect(table.pendingCount).toBe(0);
    expect(table.desiredCount).toBe(0);
  });

  it('keeps what failed pending: only what was applied counts as observed', () => {
    table.want(web.key, planned(web, [one, two]));
    const [add, first] = table.operations(web.key) as [IpvsOperation, IpvsOperation];
    table.applied(add);
    table.applied(first);
    expect(operations()).toEqual(['addRealServer TCP/10.96.0.1:80 10.244.0.2:8080 weight=1']);
    expect(table.pendingKeys()).toEqual([web.key]);
  });

  it('knows what was observed also where the plan stands for it', () => {
    table.want(web.key, planned(web, [one]));
    table.replaceObserved([{ virtualServer: web, realServers: [{ ...one }] }]);
    expect(operations()).toEqual([]);
    expect(table.observed(web.key)).toEqual({ virtualServer: web, realServers: new Map([[one.key, one]]) });
    table.applied({ kind: 'deleteRealServer', virtualServer: web, realServer: one });
    expect(table.observed(web.key)?.realServers.size).toBe(0);
    expect(operations()).toEqual(['addRealServer TCP/10.96.0.1:80 10.244.0.1:8080 weight=1']);
  });

  it('repairs what a listing does not show any more', () => {
    table.want(web.key, planned(web, [one]));
    settle();
    table.replaceObserved([]);
    expect(table.pendingKeys()).toEqual([web.key]);
    expect(operations()).toEqual([
      'addVirtualServer TCP/10.96.0.1:80',
      'addRealServer TCP/10.96.0.1:80 10.244.0.1:8080 weight=1',
    ]);
  });

  it('finds what a listing shows and nobody wants', () => {
    table.replaceObserved([{ virtualServer: dns, realServers: [] }]);
    expect(table.pendingKeys()).toEqual([dns.key]);
    expect(table.leaving.size).toBe(1);
    expect(operations(dns.key)).toEqual(['deleteVirtualServer UDP/10.96.0.10:53']);
  });

  it('notes settings without losing real servers', () => {
    table.want(web.key, planned(web, [one]));
    settle();
    table.want(web.key, planned(virtualServer('TCP', '10.96.0.1:80', { scheduler: 'sh' }), [one]));
    settle();
    expect(table.observed(web.key)?.virtualServer.scheduler).toBe('sh');
    expect(table.observed(web.key)?.realServers.size).toBe(1);
  });

  it.each<[string, readonly RealServer[] | undefined, string[]]>([
    ['wanted with both', [one, two], []],
    ['wanted with one', [one], ['10.244.0.2:8080']],
    ['wanted by nobody', undefined, ['10.244.0.1:8080', '10.244.0.2:8080']],
  ])('knows which real servers drain: %s', (_name, wanted, expected) => {
    table.want(web.key, planned(web, [one, two]));
    settle();
    table.want(web.key, wanted && planned(web, wanted));
    expect(table.draining(web.key)).toEqual([]);
    settle();
    expect(table.draining(web.key).map(({ key }) => key)).toEqual(expected);
  });

  it('forgets a drained real server, and then the virtual server', () => {
    table.want(web.key, planned(web, [one]));
    settle();
    table.want(web.key, undefined);
    settle();
    expect(table.leaving.size).toBe(1);
    table.applied({ kind: 'deleteRealServer', virtualServer: web, realServer: one });
    expect(table.draining(web.key)).toEqual([]);
    expect(operations()).toEqual(['deleteVirtualServer TCP/10.96.0.1:80']);
    settle();
    expect(table.observed(web.key)).toBeUndefined();
    expect(table.leaving.size).toBe(0);
  });

  it('does not call leaving what is wanted again', () => {
    table.want(web.key, planned(web, [one]));
    settle();
    table.want(web.key, undefined);
    expect(table.leaving.size).toBe(1);
    table.want(web.key, planned(web, [one]));
    expect(table.leaving.size).toBe(0);
  });
});
