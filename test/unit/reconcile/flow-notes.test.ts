import { beforeEach, describe, expect, it } from '@jest/globals';
import { FlowNotes } from '../../../src/reconcile/flow-notes.ts';
import { ServerTable } from '../../../src/reconcile/server-table.ts';
import { realServer, virtualServer } from '../../support/ipvs-builders.ts';

const dns = virtualServer('UDP', '10.96.0.10:53');
const other = virtualServer('UDP', '10.96.0.11:53');
const one = realServer('10.244.0.1:5353');
const gone = realServer('10.244.0.2:5353');

let table: ServerTable;
let notes: FlowNotes;
beforeEach(() => {
  notes = new FlowNotes();
  table = new ServerTable();
  table.observe({ virtualServer: dns, realServers: [one] });
});

describe('FlowNotes', () => {
  it('look for flows to the real servers that are gone', () => {
    notes.noteGone(dns.key, gone);
    notes.noteGone(dns.key, gone);
    expect(notes.targets(table)).toEqual([{ address: '10.96.0.10', port: 53, realServer: gone }]);
    expect([notes.size, notes.has(dns.key), notes.has(other.key), notes.hasAny(dns.key)]).toEqual([
      1,
      true,
      false,
      false,
    ]);
  });

  it('look for all flows of a virtual server, whichever was noted first', () => {
    notes.noteGone(dns.key, gone);
    notes.noteAny(dns.key);
    notes.noteGone(dns.key, gone);
    expect(notes.targets(table)).toEqual([{ address: '10.96.0.10', port: 53 }]);
    expect(notes.hasAny(dns.key)).toBe(true);
  });

  it('look for nothing where the real server has come back', () => {
    notes.noteGone(dns.key, one);
    expect(notes.targets(table)).toEqual([]);
  });

  it('look for nothing where the virtual server is gone or has no real server left', () => {
    notes.noteGone(other.key, gone);
    expect(notes.targets(table)).toEqual([]);
    table.observe({ virtualServer: other, realServers: [] });
    expect(notes.targets(table)).toEqual([]);
  });

  it('take over the notes of others', () => {
    const later = new FlowNotes();
    later.noteGone(dns.key, gone);
    later.noteAny(other.key);
    notes.noteGone(dns.key, realServer('10.244.0.3:5353'));
    notes.takeFrom(later);
    expect([later.size, notes.size, notes.hasAny(other.key)]).toEqual([0, 2, true]);
    expect(notes.targets(table).map((target) => target.realServer?.address)).toEqual(['10.244.0.3', '10.244.0.2']);
  });
});
