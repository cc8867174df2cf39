import { describe, expect, it } from '@jest/globals';
import { settle } from '../../../../src/kernel/ipvs/settle.ts';
import type { IpvsOperation } from '../../../../src/model/operation.ts';
import { errno } from '../../../../src/netlink/errors.ts';
import { realServer, virtualServer } from '../../../support/ipvs-builders.ts';

const web = virtualServer('TCP', '10.96.0.1:80');
const dns = virtualServer('UDP', '10.96.0.10:53');
const backend = realServer('10.244.1.2:8080');
const other = realServer('10.244.1.3:8080');
const addWeb: IpvsOperation = { kind: 'addVirtualServer', virtualServer: web };
const setWeb: IpvsOperation = { kind: 'setVirtualServer', virtualServer: web };
const deleteWeb: IpvsOperation = { kind: 'deleteVirtualServer', virtualServer: web };
const addBackend: IpvsOperation = { kind: 'addRealServer', virtualServer: web, realServer: backend };
const deleteBackend: IpvsOperation = { kind: 'deleteRealServer', virtualServer: web, realServer: backend };

describe('deletions of what is not there are done', () => {
  it.each([
    ['virtual server', deleteWeb, errno.ESRCH],
    ['real server', deleteBackend, errno.ENOENT],
    ['real server of a missing virtual server', deleteBackend, errno.ESRCH],
  ])('%s', (_, operation, number) => {
    expect(settle([operation], refusals([0, number]))).toEqual({ repairs: [], failures: [] });
  });
});

describe('adds of what is there become sets', () => {
  it('in order, at their places', () => {
    const operations = [addWeb, { ...addWeb, virtualServer: dns }, addBackend];
    expect(settle(operations, refusals([0, errno.EEXIST], [2, errno.EEXIST]))).toEqual({
      repairs: [
        { index: 0, operation: setWeb },
        { index: 2, operation: { ...addBackend, kind: 'setRealServer' } },
      ],
      failures: [],
    });
  });

  it.each([
    ['deletes it', [addWeb, deleteWeb]],
    ['sets it', [addWeb, setWeb]],
    ['deletes the real server', [addBackend, deleteBackend]],
    ['deletes the virtual server of the real server', [addBackend, deleteWeb]],
  ] as const)('unless a later operation %s', (_, operations) => {
    expect(settle(operations, refusals([0, errno.EEXIST])).repairs).toEqual([]);
  });

  it.each([
    ['an earlier one', [deleteWeb, addWeb], 1],
    ['one on another object', [addBackend, { ...addBackend, realServer: other }, addWeb, setWeb], 0],
  ] as const)('not regarding %s', (_, operations, index) => {
    expect(settle(operations, refusals([index, errno.EEXIST])).repairs).toHaveLength(1);
  });
});

describe('the rest are failures', () => {
  it.each([
    ['add virtual server', addWeb, errno.ENOENT],
    ['set virtual server', setWeb, errno.ESRCH],
    ['set virtual server that exists', setWeb, errno.EEXIST],
    ['add real server', addBackend, errno.ESRCH],
    ['delete without permission', deleteWeb, errno.EPERM],
  ])('%s', (_, operation, number) => {
    const refused = refusals([0, number]);
    expect(settle([operation], refused)).toEqual({ repairs: [], failures: refused });
  });
});

function refusals(...pairs: (readonly [index: number, errno: number])[]) {
  return pairs.map(([index, number]) => ({ index, errno: number, reply: new Uint8Array(0) }));
}
