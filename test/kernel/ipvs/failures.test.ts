import { describe, expect, it } from '@jest/globals';
import { ipvsFamilyName } from '../../../src/kernel/ipvs/attributes.ts';
import { createIpvsDriver } from '../../../src/kernel/ipvs/driver.ts';
import type { IpvsOperation } from '../../../src/model/operation.ts';
import { resolveGenericFamily } from '../../../src/netlink/generic-family.ts';
import { realServer, virtualServer } from '../../support/ipvs-builders.ts';
import { openIpvsWorld } from './ipvs-world.ts';

const world = openIpvsWorld();
const web = virtualServer('TCP', '10.96.0.1:80');
const missing = virtualServer('TCP', '10.96.0.99:80');
const backend = realServer('10.244.1.2:8080');
const addWeb: IpvsOperation = { kind: 'addVirtualServer', virtualServer: web };
const addBackend: IpvsOperation = { kind: 'addRealServer', virtualServer: web, realServer: backend };

describe('settled without a word', () => {
  it('adds of what is there become edits', async () => {
    await world.apply(addWeb, addBackend);
    await world.apply(
      { kind: 'addVirtualServer', virtualServer: { ...web, scheduler: 'wlc' } },
      { ...addBackend, realServer: { ...backend, weight: 9 } },
    );
    expect(await world.savedTable()).toEqual([
      '-A -t 10.96.0.1:80 -s wlc',
      '-a -t 10.96.0.1:80 -r 10.244.1.2:8080 -m -w 9',
    ]);
  });

  it('a later operation of the batch has the last word about what is there', async () => {
    await world.apply(addWeb, addBackend);
    await world.apply(
      { kind: 'addVirtualServer', virtualServer: { ...web, scheduler: 'wlc' } },
      { ...addBackend, realServer: { ...backend, weight: 9 } },
      { kind: 'deleteVirtualServer', virtualServer: web },
      { kind: 'addVirtualServer', virtualServer: { ...web, scheduler: 'sed' } },
    );
    expect(await world.savedTable()).toEqual(['-A -t 10.96.0.1:80 -s sed']);
  });

  it('deletions of what is not there', async () => {
    await world.apply(
      addWeb,
      { kind: 'deleteVirtualServer', virtualServer: missing },
      { kind: 'deleteRealServer', virtualServer: web, realServer: backend },
      { kind: 'deleteRealServer', virtualServer: missing, realServer: backend },
    );
    expect(await world.savedTable()).toEqual(['-A -t 10.96.0.1:80 -s rr']);
  });
});

describe('reported, with the cause', () => {
  const ipv6 = virtualServer('TCP', '[fd00::1]:80');
  const withBackend = (endpoint: string, settings = {}): IpvsOperation => ({
    kind: 'addRealServer',
    virtualServer: web,
    realServer: realServer(endpoint, settings),
  });

  it.each<[string, IpvsOperation, RegExp]>([
    [
      'a missing scheduler',
      { kind: 'addVirtualServer', virtualServer: { ...missing, scheduler: 'nonesuch' } },
      /ENOENT: .*modprobe ip_vs_nonesuch/,
    ],
    [
      'a missing scheduler in a change',
      { kind: 'setVirtualServer', virtualServer: { ...web, scheduler: 'nonesuch' } },
      /ENOENT: .*modprobe ip_vs_nonesuch/,
    ],
    [
      'a change of a missing virtual server',
      { kind: 'setVirtualServer', virtualServer: missing },
      /ESRCH: virtual server is not there/,
    ],
    [
      'a real server of a missing virtual server',
      { ...addBackend, virtualServer: missing },
      /ESRCH: virtual server is not there/,
    ],
    [
      'a change of a missing real server',
      { kind: 'setRealServer', virtualServer: web, realServer: backend },
      /ENOENT: real server is not there/,
    ],
    ['an unspecified address', withBackend('0.0.0.0:80'), /EINVAL: the address must be unicast/],
    ['a multicast address', withBackend('224.0.0.1:80'), /EINVAL: the address must be unicast/],
    ['another family without a tunnel', withBackend('[fd00::2]:80'), /EINVAL: .*of the family of the virtual server/],
    [
      'a link-local address',
      { kind: 'addRealServer', virtualServer: ipv6, realServer: realServer('[fe80::1]:80') },
      /EINVAL: .*link-local/,
    ],
    [
      'a GUE tunnel without a port',
      withBackend('10.244.1.2:80', { forwarding: 'tunnel', tunnel: { type: 'gue', port: 0, flags: 0 } }),
      /EINVAL: .*GUE/,
    ],
    [
      'thresholds the wrong way round',
      withBackend('10.244.1.2:80', { upperThreshold: 1, lowerThreshold: 2 }),
      /ERANGE: .*lower threshold/,
    ],
    ['a negative weight', withBackend('10.244.1.2:80', { weight: -1 }), /ERANGE: the weight is negative/],
  ])('%s', async (_, operation, message) => {
    await world.apply(addWeb, { kind: 'addVirtualServer', virtualServer: ipv6 });
    const before = await world.savedTable();
    const failures = await world.driver.apply([operation]);
    expect(failures.map(({ index, error }) => [index, error.driver])).toEqual([[0, 'ipvs']]);
    expect(failures[0]?.error.message).toMatch(message);
    expect(await world.savedTable()).toEqual(before);
  });

  it('one bad operation among 1,000 good ones, at its place', async () => {
    const operations = Array.from({ length: 1001 }, (_, index): IpvsOperation => {
      const server = virtualServer('TCP', `10.97.${index >> 8}.${index & 255}:80`);
      return { kind: 'addVirtualServer', virtualServer: index === 500 ? { ...server, scheduler: 'nonesuch' } : server };
    });
    const failures = await world.driver.apply(operations);
    expect(failures.map(({ index, error }) => [index, error.errnoName])).toEqual([[500, 'ENOENT']]);
    expect(await world.savedTable()).toHaveLength(1000);
  });

  it('more refusals than a small receive buffer holds', async () => {
    const operations = Array.from({ length: 3000 }, (): IpvsOperation => ({ ...addBackend, virtualServer: missing }));
    const failures = await world.driver.apply(operations);
    expect(failures.map(({ index }) => index)).toEqual(operations.map((_, index) => index));
  });
});

it('a family number that has become stale is looked up again', async () => {
  let lookUps = 0;
  const driver = createIpvsDriver({
    transport: world.transport,
    // As after a reload of the module: the first number is one that the kernel gave to nobody.
    resolveFamily: async () =>
      (await resolveGenericFamily(world.transport, ipvsFamilyName)) + (lookUps++ === 0 ? 500 : 0),
  });
  expect(await driver.apply([addWeb, addBackend])).toEqual([]);
  expect(await world.savedTable()).toHaveLength(2);
  expect(lookUps).toBe(2);
  lookUps = 0;
  const fresh = createIpvsDriver({
    transport: world.transport,
    resolveFamily: async () =>
      (await resolveGenericFamily(world.transport, ipvsFamilyName)) + (lookUps++ === 0 ? 500 : 0),
  });
  expect(await fresh.list()).toHaveLength(1);
});
