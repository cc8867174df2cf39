import type { ScannedRealServer } from '../../../src/kernel/drivers.ts';
import type { RealServer } from '../../../src/model/real-server.ts';
import type { VirtualServer } from '../../../src/model/virtual-server.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { ServerAudit } from '../../../src/reconcile/server-audit.ts';
import { ServerTable } from '../../../src/reconcile/server-table.ts';
import { realServer, virtualServer } from '../../support/ipvs-builders.ts';

const web = virtualServer('TCP', '10.96.0.1:80');
const dns = virtualServer('UDP', '10.96.0.10:53');
const other = virtualServer('TCP', '172.16.0.1:80');
const one = realServer('10.244.0.1:8080');
const two = realServer('10.244.0.2:8080');

let table: ServerTable;

beforeEach(() => {
  table = new ServerTable();
  table.replaceObserved([
    { virtualServer: web, realServers: [one, two] },
    { virtualServer: dns, realServers: [] },
  ]);
});

function scanned({ key, forwarding, weight }: RealServer): ScannedRealServer {
  return { key, forwarding, weight, activeConnections: 7, inactiveConnections: 7 };
}

/** What an audit finds when the kernel shows this. */
function audit(shown: readonly (readonly [VirtualServer, readonly RealServer[]])[], foreign: VirtualServer[] = []) {
  const found = new ServerAudit(table, new Set(foreign.map(({ key }) => key)), async () => {});
  for (const [server] of shown) found.virtualServer(server);
  for (const [{ key }, servers] of shown) found.realServers(key, servers.map(scanned));
  const { virtualServers, realServers } = found.result().counts;
  return [virtualServers, realServers];
}

describe('ServerAudit', () => {
  it.each<[string, readonly (readonly [VirtualServer, readonly RealServer[]])[], [number, number]]>([
    [
      'nothing where all is as we left it, in any order',
      [
        [dns, []],
        [web, [two, one]],
      ],
      [0, 0],
    ],
    ['a virtual server that is gone', [[web, [one, two]]], [1, 0]],
    ['everything gone', [], [2, 0]],
    [
      'a virtual server that somebody added',
      [
        [web, [one, two]],
        [dns, []],
        [other, [one]],
      ],
      [1, 0],
    ],
    [
      'a virtual server with another scheduler',
      [
        [virtualServer('TCP', '10.96.0.1:80', { scheduler: 'lc' }), [one, two]],
        [dns, []],
      ],
      [1, 0],
    ],
    [
      'a real server that is gone',
      [
        [web, [one]],
        [dns, []],
      ],
      [0, 1],
    ],
    [
      'a real server that somebody added',
      [
        [web, [one, two]],
        [dns, [one]],
      ],
      [0, 1],
    ],
    [
      'one that took the place of another',
      [
        [web, [one, realServer('10.244.0.3:8080')]],
        [dns, []],
      ],
      [0, 2],
    ],
    [
      'a real server with another weight',
      [
        [web, [{ ...one, weight: 0 }, two]],
        [dns, []],
      ],
      [0, 1],
    ],
    [
      'a real server that forwards otherwise',
      [
        [web, [{ ...one, forwarding: 'tunnel' }, two]],
        [dns, []],
      ],
      [0, 1],
    ],
  ])('finds %s', (_name, shown, expected) => {
    expect(audit(shown)).toEqual(expected);
  });

  it('does not mind virtual servers of others, whatever their real servers', () => {
    expect(
      audit(
        [
          [web, [one, two]],
          [dns, []],
          [other, [one]],
        ],
        [other],
      ),
    ).toEqual([0, 0]);
  });

  it('names what is to be read again, and what is gone', () => {
    const found = new ServerAudit(table, new Set(), async () => {});
    found.virtualServer(web);
    found.virtualServer(other);
    found.realServers(web.key, [scanned(one)]);
    const { changed, missing } = found.result();
    expect(changed.map(({ key }) => key)).toEqual([other.key, web.key]);
    expect(missing).toEqual([dns.key]);
  });

  it('leaves out what we write while the scan goes on, whether it was seen before or after', () => {
    const found = new ServerAudit(table, new Set(), async () => {});
    found.virtualServer(web);
    found.realServers(web.key, [scanned(one)]);
    found.written(web.key);
    found.written(dns.key);
    table.applied({ kind: 'addVirtualServer', virtualServer: other });
    found.written(other.key);
    found.realServers(other.key, [scanned(two)]);
    expect(found.result()).toEqual({ counts: { virtualServers: 0, realServers: 0 }, changed: [], missing: [] });
  });

  it('changes nothing: what it finds is read in full before anything is repaired', () => {
    audit([]);
    expect(table.observed(web.key)?.realServers.size).toBe(2);
  });
});

describe('what is known to agree', () => {
  const shown = (digest?: number) => {
    const found = new ServerAudit(table, new Set(), async () => {});
    found.realServers(web.key, [one, two].map(scanned), digest);
    return new ServerAudit(table, new Set(), async () => {});
  };

  it('need not be shown again: of the digest that agreed, and of virtual servers of others', () => {
    const next = shown(7);
    expect([next.knows(web.key, 7), next.knows(web.key, 8), next.knows(dns.key, 7)]).toEqual([true, false, false]);
    expect(next.knows(other.key, 9)).toBe(true);
    expect(shown(8).knows(web.key, 7)).toBe(false);
  });

  it('does not include what differed, or had no digest', () => {
    const found = new ServerAudit(table, new Set(), async () => {});
    found.realServers(web.key, [scanned(one)], 7);
    expect(found.knows(web.key, 7)).toBe(false);
    expect(shown().knows(web.key, 7)).toBe(false);
  });

  it.each<[string, () => void]>([
    ['a write of ours', () => table.applied({ kind: 'setRealServer', virtualServer: web, realServer: one })],
    ['a write to the virtual server', () => table.applied({ kind: 'setVirtualServer', virtualServer: web })],
    ['another listing', () => table.observe({ virtualServer: web, realServers: [one] })],
    ['its absence', () => table.observeMissing(web.key)],
  ])('is looked at again after %s', (_, change) => {
    shown(7);
    change();
    table.observe({ virtualServer: web, realServers: [one, two] });
    expect(table.agrees(web.key, 7)).toBe(false);
    shown(7);
    change();
    expect(table.agrees(web.key, 7)).toBe(false);
  });
});
